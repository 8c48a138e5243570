// SPDX-License-Identifier: Apache-2.0
#include "server/services/request_trace.h"

#include <iterator>

namespace sta {

std::optional<TraceContext> RequestTrace(const grpc::ServerContextBase& context) {
  const auto [first, last] = context.client_metadata().equal_range("traceparent");
  // Of several nobody knows which is meant.
  if (first == last || std::next(first) != last) return std::nullopt;
  return ParseTraceparent({first->second.data(), first->second.size()});
}

void AddTraceTrailer(const std::string& trace_id, grpc::CallbackServerContext& context) {
  if (!trace_id.empty()) context.AddTrailingMetadata("sta-trace-id", trace_id);
}

}  // namespace sta
