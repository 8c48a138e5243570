// SPDX-License-Identifier: Apache-2.0
//
// TraceContext: which trace a request belongs to, as the W3C recommendation "Trace Context" has
// callers say it in the header `traceparent`:
//
//   00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01
//   version, trace id, the caller's span, flags (bit 0: the caller records this trace)
//
//   if (std::optional<TraceContext> trace = ParseTraceparent(value)) log(trace->trace_id);
//
// Pure functions but NewTraceId.
#ifndef SERVER_OBSERVABILITY_TRACE_CONTEXT_H_
#define SERVER_OBSERVABILITY_TRACE_CONTEXT_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace sta {

struct TraceContext {
  std::string trace_id;        // 32 hexadecimal digits in lower case, not all zero
  std::string parent_span_id;  // 16; empty where the trace is ours
  bool is_recorded = false;    // by the caller

  friend bool operator==(const TraceContext&, const TraceContext&) = default;
};

// Nothing for what the recommendation calls invalid, to be treated as if it were not there: other
// digits or lengths, capitals, ids of zeros, version ff. Of a version that is not known yet only
// the part that it shares with version 00 is read.
std::optional<TraceContext> ParseTraceparent(std::string_view value);

// 64 random bits; safe from any thread.
using RandomBits = std::function<uint64_t()>;
uint64_t ThreadRandomBits();

// For a request that came without.
std::string NewTraceId(const RandomBits& random = ThreadRandomBits);

}  // namespace sta

#endif  // SERVER_OBSERVABILITY_TRACE_CONTEXT_H_
