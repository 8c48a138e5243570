// SPDX-License-Identifier: Apache-2.0
//
// UTF-8: find the first invalid byte, then decode without further checks.
//
//   if (auto offset = FindInvalidUtf8(text)) return InvalidAt(*offset);
//   for (size_t at = 0; at < text.size();) { char32_t c = DecodeUtf8(text, &at); ... }
//
// Pure functions; thread-safe.
#ifndef MODEL_STORE_TOKENIZER_UTF8_H_
#define MODEL_STORE_TOKENIZER_UTF8_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace sta {

// Byte offset of the first sequence that is not well-formed UTF-8 (overlong forms, surrogates and
// values above U+10FFFF are not); nullopt where all of `text` is well formed.
std::optional<size_t> FindInvalidUtf8(std::string_view text);

// Length in bytes (1..4) of the character that starts with `lead`, in well-formed text.
inline size_t Utf8Length(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead < 0xE0) return 2;
  return lead < 0xF0 ? 3 : 4;
}

inline bool IsUtf8Continuation(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0) == 0x80;
}

// The character at byte `*at` of well-formed `text`; moves `*at` behind it.
inline char32_t DecodeUtf8(std::string_view text, size_t* at) {
  const auto byte = [&](size_t i) -> char32_t { return static_cast<unsigned char>(text[*at + i]); };
  const char32_t lead = byte(0);
  const size_t length = Utf8Length(static_cast<unsigned char>(lead));
  char32_t c = lead;
  if (length == 2) {
    c = (lead & 0x1F) << 6 | (byte(1) & 0x3F);
  } else if (length == 3) {
    c = (lead & 0x0F) << 12 | (byte(1) & 0x3F) << 6 | (byte(2) & 0x3F);
  } else if (length == 4) {
    c = (lead & 0x07) << 18 | (byte(1) & 0x3F) << 12 | (byte(2) & 0x3F) << 6 | (byte(3) & 0x3F);
  }
  *at += length;
  return c;
}

// At most `max_bytes` of `text`, cut between characters: for messages that quote untrusted files.
inline std::string_view CutUtf8(std::string_view text, size_t max_bytes = 64) {
  if (text.size() <= max_bytes) return text;
  while (max_bytes > 0 && IsUtf8Continuation(text[max_bytes])) --max_bytes;
  return text.substr(0, max_bytes);
}

// Writes `c` (a valid code point) to `out` and returns its length, 1..4.
inline size_t EncodeUtf8(char32_t c, char out[4]) {
  if (c < 0x80) {
    out[0] = static_cast<char>(c);
    return 1;
  }
  if (c < 0x800) {
    out[0] = static_cast<char>(0xC0 | c >> 6);
    out[1] = static_cast<char>(0x80 | (c & 0x3F));
    return 2;
  }
  if (c < 0x10000) {
    out[0] = static_cast<char>(0xE0 | c >> 12);
    out[1] = static_cast<char>(0x80 | (c >> 6 & 0x3F));
    out[2] = static_cast<char>(0x80 | (c & 0x3F));
    return 3;
  }
  out[0] = static_cast<char>(0xF0 | c >> 18);
  out[1] = static_cast<char>(0x80 | (c >> 12 & 0x3F));
  out[2] = static_cast<char>(0x80 | (c >> 6 & 0x3F));
  out[3] = static_cast<char>(0x80 | (c & 0x3F));
  return 4;
}

}  // namespace sta

#endif  // MODEL_STORE_TOKENIZER_UTF8_H_
