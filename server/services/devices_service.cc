// SPDX-License-Identifier: Apache-2.0
#include "server/services/devices_service.h"

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "server/services/device_list_message.h"
#include "server/services/status_mapping.h"
#include "server/services/unary_reply.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

constexpr size_t kMaxReasonBytes = 256;
constexpr absl::Duration kShortestInterval = absl::Milliseconds(100);
constexpr absl::Duration kLongestInterval = absl::Hours(1);

// Infinite where none is asked for.
absl::StatusOr<absl::Duration> IntervalOf(const v1::WatchDevicesRequest& request) {
  if (!request.has_interval()) return absl::InfiniteDuration();
  const absl::Duration interval =
      absl::Seconds(request.interval().seconds()) + absl::Nanoseconds(request.interval().nanos());
  if (interval < kShortestInterval || interval > kLongestInterval) {
    return absl::InvalidArgumentError(StrCat("interval: ", absl::FormatDuration(interval),
                                             " is not in ", absl::FormatDuration(kShortestInterval),
                                             " .. ", absl::FormatDuration(kLongestInterval)));
  }
  return interval;
}

// A Watch that ends where it begins.
class RefusedWatch final : public grpc::ServerWriteReactor<v1::ListDevicesResponse> {
 public:
  explicit RefusedWatch(const absl::Status& status) { Finish(ToGrpcStatus(status)); }
  void OnDone() override { delete this; }
};

}  // namespace

// What a Watch writes, and when. At any time at most one write is in flight; when it is done, the
// newest list is written if there is a reason to, so a slow reader misses lists in between but
// never the last one.
//
//   watching --(closed_ and all is written)--> finished
//   watching --(client gone, or a write failed)--> finished
//
// The feed may hold it for longer than its call lives, which is not touched once it is finished.
class DevicesService::WatchWriter final : public DeviceFeed::Watcher {
 public:
  using Call = grpc::ServerWriteReactor<v1::ListDevicesResponse>;

  WatchWriter(DevicesService& service, Call& call) : service_(service), call_(call) {}

  void Changed() override {
    const absl::MutexLock lock(&mutex_);
    Continue();
  }

  void Due() override {
    const absl::MutexLock lock(&mutex_);
    due_ = true;
    Continue();
  }

  void Closed() override {
    const absl::MutexLock lock(&mutex_);
    closed_ = true;
    Continue();
  }

  void Written() {
    const absl::MutexLock lock(&mutex_);
    writing_ = false;
    Continue();
  }

  void ClientGone() {
    const absl::MutexLock lock(&mutex_);
    FinishOnce(absl::CancelledError("the client has gone"));
  }

  // Returns when nobody is inside of a method of the call.
  void AwaitFinished() { const absl::MutexLock lock(&mutex_); }

 private:
  // Writes what is new, or finishes when all is written and the feed is closed. gRPC runs reactions
  // on its own threads, never inside StartWrite or Finish, so the lock may be held.
  void Continue() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (writing_ || finished_) return;
    std::vector<DeviceStatus> devices = service_.pool_.Devices();
    if (due_ || !written_.has_value() || !SameButCounters(*written_, devices)) {
      due_ = false;
      writing_ = true;
      response_ = MakeDeviceList(devices, service_.counting_since_, service_.clock_.Now());
      written_ = std::move(devices);
      call_.StartWrite(&response_);
    } else if (closed_) {
      FinishOnce(absl::UnavailableError("the server is shutting down"));
    }
  }

  void FinishOnce(const absl::Status& status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (finished_) return;
    finished_ = true;
    call_.Finish(ToGrpcStatus(status));
  }

  DevicesService& service_;
  Call& call_;

  absl::Mutex mutex_;  // before the pool's
  v1::ListDevicesResponse response_ ABSL_GUARDED_BY(mutex_);
  std::optional<std::vector<DeviceStatus>> written_ ABSL_GUARDED_BY(mutex_);
  bool due_ ABSL_GUARDED_BY(mutex_) = false;
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
};

// One Watch, as gRPC sees it. Deletes itself in OnDone.
class DevicesService::WatchCall final : public grpc::ServerWriteReactor<v1::ListDevicesResponse> {
 public:
  WatchCall(DevicesService& service, absl::Duration interval)
      : feed_(service.feed_), writer_(std::make_shared<WatchWriter>(service, *this)) {
    feed_.Add(writer_, interval);
    writer_->Changed();
    is_made_.store(true, std::memory_order_release);
  }

  void OnWriteDone(bool ok) override { ok ? writer()->Written() : writer()->ClientGone(); }
  void OnCancel() override { writer()->ClientGone(); }

  void OnDone() override {
    const std::shared_ptr<WatchWriter>& done = writer();
    feed_.Remove(done);
    done->AwaitFinished();
    delete this;
  }

 private:
  // Reactions come from other threads than the one that made this. gRPC orders them behind that,
  // which ThreadSanitizer does not see: it sees this.
  const std::shared_ptr<WatchWriter>& writer() const {
    static_cast<void>(is_made_.load(std::memory_order_acquire));
    return writer_;
  }

  DeviceFeed& feed_;
  const std::shared_ptr<WatchWriter> writer_;
  std::atomic<bool> is_made_ = false;
};

grpc::ServerUnaryReactor* DevicesService::ListDevices(grpc::CallbackServerContext* context,
                                                      const v1::ListDevicesRequest* /*request*/,
                                                      v1::ListDevicesResponse* response) {
  if (auto* refused = access_.Refuse(context, RuleOf("ListDevices"))) return refused;
  const absl::Time start = absl::Now();
  *response = MakeDeviceList(pool_.Devices(), counting_since_, clock_.Now());
  return Reply(context, metrics_, "ListDevices", start, absl::OkStatus());
}

grpc::ServerWriteReactor<v1::ListDevicesResponse>* DevicesService::WatchDevices(
    grpc::CallbackServerContext* context, const v1::WatchDevicesRequest* request) {
  if (auto* refused = access_.Refuse<grpc::ServerWriteReactor<v1::ListDevicesResponse>>(
          context, RuleOf("WatchDevices")))
    return refused;
  const absl::StatusOr<absl::Duration> interval = IntervalOf(*request);
  if (!interval.ok()) return new RefusedWatch(interval.status());
  return new WatchCall(*this, *interval);
}

grpc::ServerUnaryReactor* DevicesService::QuarantineDevice(
    grpc::CallbackServerContext* context, const v1::QuarantineDeviceRequest* request,
    v1::QuarantineDeviceResponse* /*response*/) {
  if (auto* refused = access_.Refuse(context, RuleOf("QuarantineDevice"))) return refused;
  const absl::Time start = absl::Now();
  absl::Status status;
  if (request->reason().size() > kMaxReasonBytes) {
    status = absl::InvalidArgumentError(StrCat("reason: ", request->reason().size(),
                                               " bytes are over the limit of ", kMaxReasonBytes));
  } else {
    const std::string reason = request->reason().empty() ? "by an operator" : request->reason();
    status = pool_.Quarantine(request->name(), reason, request->force());
  }
  return Reply(context, metrics_, "QuarantineDevice", start, status);
}

grpc::ServerUnaryReactor* DevicesService::ReleaseDevice(grpc::CallbackServerContext* context,
                                                        const v1::ReleaseDeviceRequest* request,
                                                        v1::ReleaseDeviceResponse* /*response*/) {
  if (auto* refused = access_.Refuse(context, RuleOf("ReleaseDevice"))) return refused;
  const absl::Time start = absl::Now();
  return Reply(context, metrics_, "ReleaseDevice", start, pool_.Release(request->name()));
}

}  // namespace sta
