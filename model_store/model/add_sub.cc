// SPDX-License-Identifier: Apache-2.0
#include "model_store/model/add_sub.h"

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <system_error>

#include "strings/str_cat.h"

namespace sta {
namespace {

// Signed integers as unsigned ones: the same bits, and overflow is defined.
template <typename T>
void Elementwise(bool subtract, std::string_view a, std::string_view b, std::string& raw) {
  raw.resize(a.size());
  for (size_t at = 0; at + sizeof(T) <= a.size(); at += sizeof(T)) {
    T x;
    T y;
    std::memcpy(&x, a.data() + at, sizeof(T));
    std::memcpy(&y, b.data() + at, sizeof(T));
    const T result = static_cast<T>(subtract ? x - y : x + y);
    std::memcpy(raw.data() + at, &result, sizeof(T));
  }
}

// Takes the next element off `rest`, whose lengths were checked.
std::string_view TakeElement(std::string_view& rest) {
  uint32_t length = 0;
  std::memcpy(&length, rest.data(), sizeof length);
  const std::string_view element = rest.substr(sizeof length, length);
  rest.remove_prefix(sizeof length + length);
  return element;
}

absl::StatusOr<int64_t> ParseDecimal(std::string_view text, size_t index) {
  int64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error == std::errc() && stop == end) return value;
  return absl::InvalidArgumentError(
      StrCat("element ", index, " is no decimal integer of 64 bits, which add_sub needs"));
}

absl::Status OfDecimals(bool subtract, std::string_view a, std::string_view b, std::string& raw) {
  raw.clear();
  for (size_t i = 0; !a.empty(); ++i) {
    const absl::StatusOr<int64_t> x = ParseDecimal(TakeElement(a), i);
    if (!x.ok()) return x.status();
    const absl::StatusOr<int64_t> y = ParseDecimal(TakeElement(b), i);
    if (!y.ok()) return y.status();
    const auto left = static_cast<uint64_t>(*x);
    const auto right = static_cast<uint64_t>(*y);
    const std::string text = StrCat(static_cast<int64_t>(subtract ? left - right : left + right));
    const auto length = static_cast<uint32_t>(text.size());
    raw.append(reinterpret_cast<const char*>(&length), sizeof length);
    raw.append(text);
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status AddOrSubtract(Datatype datatype, bool subtract, std::string_view a, std::string_view b,
                           std::string& raw) {
  switch (datatype) {
    case Datatype::kBytes:
      return OfDecimals(subtract, a, b, raw);
    case Datatype::kFp32:
      Elementwise<float>(subtract, a, b, raw);
      return absl::OkStatus();
    case Datatype::kFp64:
      Elementwise<double>(subtract, a, b, raw);
      return absl::OkStatus();
    default:
      break;
  }
  switch (ElementBytes(datatype)) {
    case 1:
      Elementwise<uint8_t>(subtract, a, b, raw);
      break;
    case 2:
      Elementwise<uint16_t>(subtract, a, b, raw);
      break;
    case 4:
      Elementwise<uint32_t>(subtract, a, b, raw);
      break;
    default:
      Elementwise<uint64_t>(subtract, a, b, raw);
  }
  return absl::OkStatus();
}

}  // namespace sta
