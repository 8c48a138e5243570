// SPDX-License-Identifier: Apache-2.0
#include "server/services/retry_trailers.h"

#include <optional>
#include <string>

#include "server/batching/retry_after.h"
#include "strings/str_cat.h"

namespace sta {

void AddRetryTrailers(const absl::Status& status, grpc::CallbackServerContext& context) {
  const std::optional<absl::Duration> wait = RetryAfterOf(status);
  if (!wait.has_value()) return;
  const std::string ms = StrCat(absl::ToInt64Milliseconds(*wait));
  context.AddTrailingMetadata("grpc-retry-pushback-ms", ms);
  context.AddTrailingMetadata("retry-after-ms", ms);
}

}  // namespace sta
