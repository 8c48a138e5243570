// SPDX-License-Identifier: Apache-2.0
#include "model_store/tokenizer/utf8.h"

#include <cstring>

namespace sta {
namespace {

// Length of the well-formed sequence that `rest` starts with, or 0 (Unicode table 3-7).
size_t WellFormedLength(std::string_view rest) {
  const auto lead = static_cast<unsigned char>(rest[0]);
  if (lead < 0x80) return 1;
  if (lead < 0xC2 || lead > 0xF4) return 0;
  const size_t length = Utf8Length(lead);
  if (rest.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if (!IsUtf8Continuation(rest[i])) return 0;
  }
  const auto second = static_cast<unsigned char>(rest[1]);
  if (lead == 0xE0 && second < 0xA0) return 0;  // overlong
  if (lead == 0xED && second > 0x9F) return 0;  // surrogate
  if (lead == 0xF0 && second < 0x90) return 0;  // overlong
  if (lead == 0xF4 && second > 0x8F) return 0;  // above U+10FFFF
  return length;
}

}  // namespace

std::optional<size_t> FindInvalidUtf8(std::string_view text) {
  constexpr uint64_t kHighBits = 0x8080808080808080;
  size_t at = 0;
  while (at < text.size()) {
    uint64_t word = 0;
    while (text.size() - at >= sizeof(word)) {
      std::memcpy(&word, text.data() + at, sizeof(word));
      if ((word & kHighBits) != 0) break;
      at += sizeof(word);
    }
    if (at == text.size()) break;
    const size_t length = WellFormedLength(text.substr(at));
    if (length == 0) return at;
    at += length;
  }
  return std::nullopt;
}

}  // namespace sta
