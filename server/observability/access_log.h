// SPDX-License-Identifier: Apache-2.0
//
// AccessLog: one line a request, for a share of the requests that chance picks; and one for each
// that the server itself failed, whatever the share, but not more than a few a second.
//
//   AccessLog log({.fraction = 0.01}, clock, LogAccess);
//   if (log.Wants(status.code())) log.Write({.rpc = "ModelInfer", .status = status, ...});
//
// Wants is to be asked once a request, and is cheap: where the share is 0, a few comparisons; a
// lock for the server's failures only. Thread-safe.
#ifndef SERVER_OBSERVABILITY_ACCESS_LOG_H_
#define SERVER_OBSERVABILITY_ACCESS_LOG_H_

#include <cstdint>
#include <functional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "accel/device_pool/clock.h"
#include "server/observability/model_statistics.h"
#include "server/observability/trace_context.h"

namespace sta {

// One request that is over. Nothing of its inputs and outputs.
struct AccessRecord {
  std::string rpc;
  std::string model;    // as the client wrote it where there is none of that name
  int64_t version = 0;  // 0: none was found
  absl::Status status;
  std::string client;
  std::string request_id;  // the client's
  TraceContext trace;
  int64_t tokens = 0;  // 0 where it failed before they were known; so are the rows
  AnswerTimes times;   // zero where it did not come so far
  // Failures of the server that got no line since the last one that did.
  int64_t left_out = 0;
};

// A line in the log. Texts that a client chose are cut to 128 bytes; the status' message is there
// where the server failed, and not where it may repeat what the client sent.
void LogAccess(const AccessRecord& record);

class AccessLog {
 public:
  struct Options {
    double fraction = 0;  // 0 .. 1, of all requests
    int max_failures_per_second = 5;
    RandomBits random = ThreadRandomBits;
  };
  using Sink = std::function<void(const AccessRecord&)>;

  // `clock` outlives it; `sink` is called from any thread.
  AccessLog(Options options, Clock& clock, Sink sink);

  // Whether the request that ends with `code` gets a line.
  bool Wants(absl::StatusCode code);
  // Completes the record by left_out.
  void Write(AccessRecord record);

 private:
  bool IsPicked() const;
  bool MayReportFailure();

  const Options options_;
  Clock& clock_;
  const Sink sink_;

  absl::Mutex mutex_;
  absl::Time second_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();  // when it began
  int failures_ ABSL_GUARDED_BY(mutex_) = 0;                          // of it
  int64_t left_out_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace sta

#endif  // SERVER_OBSERVABILITY_ACCESS_LOG_H_
