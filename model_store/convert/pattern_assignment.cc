// SPDX-License-Identifier: Apache-2.0
#include "model_store/convert/pattern_assignment.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_split.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

constexpr std::string_view kEverything = "*";

absl::StatusOr<PatternChoice> ParseChoice(std::string_view text) {
  if (text == "keep") return PatternChoice();
  absl::StatusOr<Pattern> pattern = Pattern::Parse(text);
  if (!pattern.ok()) {
    return absl::InvalidArgumentError(StrCat(pattern.status().message(), " (or 'keep')"));
  }
  return PatternChoice(*pattern);
}

}  // namespace

// The classic two-pointer match: on a mismatch the last star takes one more character.
bool MatchesGlob(std::string_view glob, std::string_view text) {
  size_t g = 0;
  size_t t = 0;
  size_t star = std::string_view::npos;
  size_t star_text = 0;
  while (t < text.size()) {
    if (g < glob.size() && (glob[g] == '?' || (glob[g] == text[t] && glob[g] != '*'))) {
      ++g;
      ++t;
    } else if (g < glob.size() && glob[g] == '*') {
      star = g++;
      star_text = t;
    } else if (star != std::string_view::npos) {
      g = star + 1;
      t = ++star_text;
    } else {
      return false;
    }
  }
  return glob.find_first_not_of('*', g) == std::string_view::npos;
}

absl::StatusOr<PatternAssignment> PatternAssignment::Parse(std::string_view text) {
  PatternAssignment assignment;
  for (const absl::string_view piece : absl::StrSplit(AbslView(text), ',')) {
    const std::string_view rule = StdView(piece);
    const size_t equals = rule.rfind('=');
    const bool has_glob = equals != std::string_view::npos;
    const std::string_view glob = has_glob ? rule.substr(0, equals) : kEverything;
    absl::StatusOr<PatternChoice> choice = ParseChoice(has_glob ? rule.substr(equals + 1) : rule);
    if (!choice.ok()) {
      return absl::InvalidArgumentError(
          StrCat("pattern rule '", rule, "': ", choice.status().message()));
    }
    if (glob.empty()) {
      return absl::InvalidArgumentError(StrCat("pattern rule '", rule, "' has an empty glob"));
    }
    assignment.rules_.push_back({.glob = std::string(glob), .choice = *choice});
  }
  return assignment;
}

absl::Status PatternAssignment::CheckAgainst(const std::vector<std::string>& matrices) const {
  for (const Rule& rule : rules_) {
    const bool matches = std::ranges::any_of(
        matrices, [&](const std::string& name) { return MatchesGlob(rule.glob, name); });
    if (!matches) {
      return absl::InvalidArgumentError(StrCat("glob '", rule.glob,
                                               "' matches no matrix; one of the matrices is '",
                                               matrices.empty() ? "" : matrices.front(), "'"));
    }
  }
  for (const std::string& name : matrices) {
    const bool has_rule =
        std::ranges::any_of(rules_, [&](const Rule& rule) { return MatchesGlob(rule.glob, name); });
    if (!has_rule) {
      return absl::InvalidArgumentError(
          StrCat("matrix '", name,
                 "' has no pattern; begin the list with one for all, such as "
                 "'dense'"));
    }
  }
  return absl::OkStatus();
}

bool PatternAssignment::Keeps() const {
  return std::ranges::any_of(rules_, [](const Rule& rule) { return !rule.choice.has_value(); });
}

PatternChoice PatternAssignment::For(std::string_view matrix) const {
  PatternChoice choice = Pattern::Dense();
  for (const Rule& rule : rules_) {
    if (MatchesGlob(rule.glob, matrix)) choice = rule.choice;
  }
  return choice;
}

}  // namespace sta
