// SPDX-License-Identifier: Apache-2.0
//
// When to try again, as part of a Status: a refusal carries it from where it is made to the reply,
// which makes trailers of it.
//
//   SetRetryAfter(absl::Milliseconds(20), status);
//   if (const auto wait = RetryAfterOf(status)) ...
//
// A Status that is made anew of another's code and message loses it. Pure functions.
#ifndef SERVER_BATCHING_RETRY_AFTER_H_
#define SERVER_BATCHING_RETRY_AFTER_H_

#include <optional>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace sta {

inline constexpr absl::Duration kLongestRetryAfter = absl::Minutes(1);

// Rounded up to milliseconds, and at most kLongestRetryAfter. `status` is not OK.
void SetRetryAfter(absl::Duration wait, absl::Status& status);
// Nothing where it says nothing about that.
std::optional<absl::Duration> RetryAfterOf(const absl::Status& status);

}  // namespace sta

#endif  // SERVER_BATCHING_RETRY_AFTER_H_
