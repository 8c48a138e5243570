// SPDX-License-Identifier: Apache-2.0
#include "model_store/codec/pattern.h"

#include <charconv>
#include <cstddef>
#include <system_error>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace sta {
namespace {

// The whole of `text` as a decimal number without sign or leading zeros, else 0.
int ParseNumber(std::string_view text) {
  int value = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || rest != end || text.front() == '0') return 0;
  return value;
}

}  // namespace

absl::StatusOr<Pattern> Pattern::Parse(std::string_view text) {
  if (text == "dense") return Dense();
  const size_t colon = text.find(':');
  if (colon != std::string_view::npos && text.size() <= 5) {
    const Pattern pattern = {ParseNumber(text.substr(0, colon)),
                             ParseNumber(text.substr(colon + 1))};
    if (pattern.IsLegal() && !pattern.IsDense()) return pattern;
  }
  return absl::InvalidArgumentError(
      absl::StrCat("pattern \"", std::string(text.substr(0, 32)),
                   "\" is not \"dense\" or \"N:M\" with 1 <= N <= M and M one of 4, 8, 16, 32"));
}

std::string Pattern::ToString() const { return IsDense() ? "dense" : absl::StrCat(n, ":", m); }

}  // namespace sta
