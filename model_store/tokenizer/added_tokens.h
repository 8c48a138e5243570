// SPDX-License-Identifier: Apache-2.0
//
// AddedTokenMatcher: finds added tokens ("[SEP]", "[MASK]", a user's own) in text, as they are
// matched before words are split.
//
//   AddedTokenMatcher matcher({{.content = "[MASK]", .id = 103}});
//   auto match = matcher.Next("a [MASK] b", {.from = 0, .limit = 10, .taken = 0});
//
// At each place the longest token wins and matches do not overlap. Steps: (bytes searched) x (bytes
// of the longest token) at the most, one step a byte where no token begins.
// Immutable; thread-safe.
#ifndef MODEL_STORE_TOKENIZER_ADDED_TOKENS_H_
#define MODEL_STORE_TOKENIZER_ADDED_TOKENS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model_store/tokenizer/byte_trie.h"

namespace sta {

// An entry of tokenizer.json's added_tokens.
struct AddedToken {
  std::string content;
  int32_t id = 0;
  bool single_word = false;  // no word character may touch it
  bool lstrip = false;       // takes the white space before it
  bool rstrip = false;       // takes the white space behind it
  bool normalized = false;   // matched in normalized text instead of raw text
  bool special = true;
};

class AddedTokenMatcher {
 public:
  struct Range {
    size_t from = 0;   // the first byte where a token may begin
    size_t limit = 0;  // the first byte where it may no longer begin
    size_t taken = 0;  // bytes before this one belong to an earlier match
  };
  struct Match {
    size_t begin = 0;  // with the stripped white space
    size_t end = 0;
    size_t resume = 0;  // where to search on
    int32_t id = 0;
  };

  // Tokens are looked for by their `content`; of equal contents the first one counts.
  explicit AddedTokenMatcher(std::vector<AddedToken> tokens);

  // The first match in well-formed UTF-8 text that begins in `range`.
  std::optional<Match> Next(std::string_view text, const Range& range) const;

  bool empty() const { return trie_.empty(); }

 private:
  std::vector<AddedToken> tokens_;
  ByteTrie trie_;  // values are places in tokens_
};

}  // namespace sta

#endif  // MODEL_STORE_TOKENIZER_ADDED_TOKENS_H_
