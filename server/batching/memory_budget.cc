// SPDX-License-Identifier: Apache-2.0
#include "server/batching/memory_budget.h"

#include "server/batching/retry_after.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

// How soon memory is free again is not known: as long as it takes to answer a good many requests.
constexpr absl::Duration kRetryAfter = absl::Milliseconds(100);

}  // namespace

absl::Status MemoryBudget::Grow(Share& share, int64_t bytes) {
  const int64_t used = used_bytes_.fetch_add(bytes);
  if (used + bytes > max_bytes_) {
    used_bytes_ -= bytes;
    absl::Status status = absl::ResourceExhaustedError(
        StrCat("the request takes ", bytes, " bytes of memory and ", used, " of at most ",
               max_bytes_, " are in use; send less at once or try again later"));
    if (bytes <= max_bytes_) SetRetryAfter(kRetryAfter, status);
    return status;
  }
  share.budget_ = this;
  share.bytes_ += bytes;
  return absl::OkStatus();
}

}  // namespace sta
