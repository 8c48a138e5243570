// SPDX-License-Identifier: Apache-2.0
#include "server/observability/access_log.h"

#include <string_view>
#include <utility>

#include "server/observability/logging.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

// Of each text that a client or a device wrote.
constexpr size_t kMaxClientBytes = 128;
constexpr size_t kMaxReasonBytes = 512;

// Bugs and damage; neither what a client did nor what a full or draining server refuses.
bool IsServersFailure(absl::StatusCode code) {
  return code == absl::StatusCode::kInternal || code == absl::StatusCode::kDataLoss ||
         code == absl::StatusCode::kUnknown;
}

std::string Shortened(std::string_view text, size_t max_bytes) {
  return std::string(text.substr(0, max_bytes));
}

int64_t Microseconds(absl::Duration duration) { return absl::ToInt64Microseconds(duration); }

}  // namespace

void LogAccess(const AccessRecord& record) {
  const bool failed = IsServersFailure(record.status.code());
  const auto log = failed ? LogWarning : LogInfo;
  const std::string reason =
      failed ? Shortened(StdView(record.status.message()), kMaxReasonBytes) : std::string();
  log("request", {{"rpc", record.rpc},
                  {"model", Shortened(record.model, kMaxClientBytes)},
                  {"version", record.version},
                  {"code", absl::StatusCodeToString(record.status.code())},
                  {"reason", reason},
                  {"client", Shortened(record.client, kMaxClientBytes)},
                  {"request_id", Shortened(record.request_id, kMaxClientBytes)},
                  {"trace_id", record.trace.trace_id},
                  {"parent_span_id", record.trace.parent_span_id},
                  {"rows", record.times.rows},
                  {"tokens", record.tokens},
                  {"input_us", Microseconds(record.times.input)},
                  {"queue_us", Microseconds(record.times.queue)},
                  {"compute_us", Microseconds(record.times.compute)},
                  {"output_us", Microseconds(record.times.output)},
                  {"total_us", Microseconds(record.times.total)},
                  {"left_out", record.left_out}});
}

AccessLog::AccessLog(Options options, Clock& clock, Sink sink)
    : options_(std::move(options)), clock_(clock), sink_(std::move(sink)) {}

bool AccessLog::Wants(absl::StatusCode code) {
  if (options_.fraction > 0 && IsPicked()) return true;
  return IsServersFailure(code) && MayReportFailure();
}

void AccessLog::Write(AccessRecord record) {
  {
    const absl::MutexLock lock(&mutex_);
    record.left_out = std::exchange(left_out_, 0);
  }
  sink_(record);
}

bool AccessLog::IsPicked() const {
  constexpr double kOne = uint64_t{1} << 53;  // as many bits as a double holds
  return static_cast<double>(options_.random() >> 11) / kOne < options_.fraction;
}

bool AccessLog::MayReportFailure() {
  const absl::Time now = clock_.Now();
  const absl::MutexLock lock(&mutex_);
  if (now < second_ || now >= second_ + absl::Seconds(1)) {  // clocks are set back, too
    second_ = now;
    failures_ = 0;
  }
  if (failures_ < options_.max_failures_per_second) {
    ++failures_;
    return true;
  }
  ++left_out_;
  return false;
}

}  // namespace sta
