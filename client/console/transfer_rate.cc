// SPDX-License-Identifier: Apache-2.0
#include "client/console/transfer_rate.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "client/console/table.h"
#include "strings/str_cat.h"

namespace sta::client {
namespace {

constexpr double kWindowSeconds = 5;
constexpr absl::Duration kShortestStep = absl::Milliseconds(100);

struct Unit {
  double bytes;
  const char* name;
};

Unit UnitOf(double bytes) {
  constexpr std::array<Unit, 4> kUnits = {{{1e9, "GB"}, {1e6, "MB"}, {1e3, "kB"}, {1, "B"}}};
  return *std::find_if(kUnits.begin(), kUnits.end() - 1,
                       [&](const Unit& unit) { return bytes >= unit.bytes; });
}

std::string InUnit(double bytes, const Unit& unit) {
  return FormatFixed(bytes / unit.bytes, unit.bytes > 1 ? 1 : 0);
}

}  // namespace

void TransferRate::Update(absl::Time now, int64_t moved_bytes) {
  if (!begun_ || moved_bytes < last_bytes_) {
    begun_ = true;
    last_ = now;
    last_bytes_ = moved_bytes;
    return;
  }
  if (now - last_ < kShortestStep) return;
  const double seconds = absl::ToDoubleSeconds(now - last_);
  const double rate = static_cast<double>(moved_bytes - last_bytes_) / seconds;
  const double weight = bytes_per_second_ == 0 ? 1.0 : 1.0 - std::exp(-seconds / kWindowSeconds);
  bytes_per_second_ += weight * (rate - bytes_per_second_);
  last_ = now;
  last_bytes_ = moved_bytes;
}

std::string TransferRate::Describe(int64_t moved_bytes, int64_t total_bytes) const {
  const Unit unit = UnitOf(static_cast<double>(total_bytes));
  std::string text =
      StrCat(InUnit(static_cast<double>(moved_bytes), unit), " of ", BytesText(total_bytes));
  if (bytes_per_second_ <= 0) return text;
  StrAppend(&text, ", ", BytesText(std::llround(bytes_per_second_)), "/s");
  const double left = static_cast<double>(std::max<int64_t>(total_bytes - moved_bytes, 0));
  const auto seconds = static_cast<int64_t>(std::ceil(left / bytes_per_second_));
  StrAppend(&text, ", ", absl::FormatDuration(absl::Seconds(seconds)), " left");
  return text;
}

std::string BytesText(int64_t bytes) {
  const Unit unit = UnitOf(static_cast<double>(bytes));
  return StrCat(InUnit(static_cast<double>(bytes), unit), " ", unit.name);
}

}  // namespace sta::client
