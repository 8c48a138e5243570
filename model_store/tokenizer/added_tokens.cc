// SPDX-License-Identifier: Apache-2.0
#include "model_store/tokenizer/added_tokens.h"

#include <utility>

#include "model_store/tokenizer/unicode_data.h"
#include "model_store/tokenizer/utf8.h"

namespace sta {
namespace {

// Start of the character that ends just before `end` (> 0).
size_t PreviousCharacter(std::string_view text, size_t end) {
  size_t at = end - 1;
  while (at > 0 && IsUtf8Continuation(text[at])) --at;
  return at;
}

bool WordCharacterEndsAt(std::string_view text, size_t end) {
  if (end == 0) return false;
  size_t at = PreviousCharacter(text, end);
  return IsWordCharacter(DecodeUtf8(text, &at));
}

bool WordCharacterStartsAt(std::string_view text, size_t at) {
  return at < text.size() && IsWordCharacter(DecodeUtf8(text, &at));
}

// Moves back over white space, not before `lowest`.
size_t StripLeft(std::string_view text, size_t begin, size_t lowest) {
  while (begin > lowest) {
    size_t at = PreviousCharacter(text, begin);
    const size_t start = at;
    if (!IsUnicodeWhitespace(DecodeUtf8(text, &at))) break;
    begin = start;
  }
  return begin;
}

size_t StripRight(std::string_view text, size_t end) {
  while (end < text.size()) {
    size_t at = end;
    if (!IsUnicodeWhitespace(DecodeUtf8(text, &at))) break;
    end = at;
  }
  return end;
}

std::vector<ByteTrie::Key> KeysOf(const std::vector<AddedToken>& tokens) {
  std::vector<ByteTrie::Key> keys;
  keys.reserve(tokens.size());
  for (size_t i = 0; i < tokens.size(); ++i) {
    keys.push_back({tokens[i].content, static_cast<int32_t>(i)});
  }
  return keys;
}

}  // namespace

AddedTokenMatcher::AddedTokenMatcher(std::vector<AddedToken> tokens)
    : tokens_(std::move(tokens)), trie_(KeysOf(tokens_)) {}

std::optional<AddedTokenMatcher::Match> AddedTokenMatcher::Next(std::string_view text,
                                                                const Range& range) const {
  if (empty()) return std::nullopt;
  for (size_t at = range.from; at < range.limit;) {
    if (!trie_.MayStartWith(text[at])) {
      ++at;
      continue;
    }
    const ByteTrie::Match found = trie_.LongestPrefix(text.substr(at));
    if (found.length == 0) {
      ++at;
      continue;
    }
    const AddedToken& token = tokens_[static_cast<size_t>(found.value)];
    const size_t end = at + found.length;
    if (token.single_word && (WordCharacterEndsAt(text, at) || WordCharacterStartsAt(text, end))) {
      at = end;  // a discarded match still uses up its bytes
      continue;
    }
    return Match{.begin = token.lstrip ? StripLeft(text, at, range.taken) : at,
                 .end = token.rstrip ? StripRight(text, end) : end,
                 .resume = end,
                 .id = token.id};
  }
  return std::nullopt;
}

}  // namespace sta
