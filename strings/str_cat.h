// SPDX-License-Identifier: Apache-2.0
//
// Debian's Abseil has a string_view of its own: std::string_view does not convert to it, nor back.
// We use std::string_view everywhere and cross over here.
//
//   absl::InvalidArgumentError(StrCat("unknown name '", name, "'"));    // name: std::string_view
//   StrCat("loading ", name, ": ", status.message());
//   absl::SimpleAtoi(AbslView(text), &number);
//
// Pure functions, header only; link absl::strings.
#ifndef STRINGS_STR_CAT_H_
#define STRINGS_STR_CAT_H_

#include <string>
#include <string_view>
#include <type_traits>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace sta {

inline absl::string_view AbslView(std::string_view text) { return {text.data(), text.size()}; }
inline std::string_view StdView(absl::string_view text) { return {text.data(), text.size()}; }

namespace str_cat_internal {

template <typename T>
decltype(auto) ToPiece(const T& value) {
  if constexpr (std::is_same_v<T, std::string_view>) {
    return AbslView(value);
  } else {
    return (value);
  }
}

}  // namespace str_cat_internal

// absl::StrCat and absl::StrAppend that take std::string_view too.
template <typename... Pieces>
[[nodiscard]] std::string StrCat(const Pieces&... pieces) {
  return absl::StrCat(str_cat_internal::ToPiece(pieces)...);
}

template <typename... Pieces>
void StrAppend(std::string* out, const Pieces&... pieces) {
  absl::StrAppend(out, str_cat_internal::ToPiece(pieces)...);
}

}  // namespace sta

#endif  // STRINGS_STR_CAT_H_
