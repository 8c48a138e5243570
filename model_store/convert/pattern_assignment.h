// SPDX-License-Identifier: Apache-2.0
//
// Which pattern each weight matrix gets: a list of rules such as
//
//   2:8,*.layer.0.*=4:8,*.query.*=dense
//
// separated by commas. A rule without a glob is for every matrix; globs (`*`: any characters, `?`:
// one) match the whole name of a matrix, "encoder.layer.0.attention.self.query.weight". Of several
// rules that match, the last one counts. A pattern is N:M, "dense", or "keep": the sparsest N:M
// that the zeros of the matrix fit already. Pure functions; thread-safe.
#ifndef MODEL_STORE_CONVERT_PATTERN_ASSIGNMENT_H_
#define MODEL_STORE_CONVERT_PATTERN_ASSIGNMENT_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model_store/codec/pattern.h"

namespace sta {

// No pattern: keep the zeros that are there.
using PatternChoice = std::optional<Pattern>;

class PatternAssignment {
 public:
  // INVALID_ARGUMENT names the rule that is malformed.
  static absl::StatusOr<PatternAssignment> Parse(std::string_view text);

  // Checks that every matrix has a rule and every rule with a glob has a matrix. INVALID_ARGUMENT
  // names the one that has none.
  absl::Status CheckAgainst(const std::vector<std::string>& matrices) const;

  // Whether a rule says "keep".
  bool Keeps() const;

  // The choice for a matrix that CheckAgainst has seen.
  PatternChoice For(std::string_view matrix) const;

 private:
  struct Rule {
    std::string glob;
    PatternChoice choice;
  };
  std::vector<Rule> rules_;
};

// `*` matches any characters, `?` one; linear in text times glob.
bool MatchesGlob(std::string_view glob, std::string_view text);

}  // namespace sta

#endif  // MODEL_STORE_CONVERT_PATTERN_ASSIGNMENT_H_
