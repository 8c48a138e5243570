// SPDX-License-Identifier: Apache-2.0
#include "server/batching/retry_after.h"

#include <algorithm>
#include <cstdint>
#include <string>

#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

constexpr absl::string_view kPayload = "sta.retry_after_ms";

}  // namespace

void SetRetryAfter(absl::Duration wait, absl::Status& status) {
  const absl::Duration bounded = std::clamp(wait, absl::Milliseconds(1), kLongestRetryAfter);
  const int64_t ms = absl::ToInt64Milliseconds(absl::Ceil(bounded, absl::Milliseconds(1)));
  status.SetPayload(kPayload, absl::Cord(StrCat(ms)));
}

std::optional<absl::Duration> RetryAfterOf(const absl::Status& status) {
  const absl::optional<absl::Cord> payload = status.GetPayload(kPayload);
  int64_t ms = 0;
  if (!payload.has_value() || !absl::SimpleAtoi(std::string(*payload), &ms)) return std::nullopt;
  return absl::Milliseconds(ms);
}

}  // namespace sta
