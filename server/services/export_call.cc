// SPDX-License-Identifier: Apache-2.0
#include "server/services/export_call.h"

#include <set>
#include <string>
#include <utility>

#include "absl/time/clock.h"
#include "server/services/export_reader.h"
#include "server/services/status_mapping.h"
#include "strings/str_cat.h"

namespace sta {

// Reads and writes by turns. Others may hold it for longer than its call lives, which is not
// touched once it is finished.
//
//   reading (a task of the pool) --chunk--> writing (gRPC) --done--> reading ... --> finished
//
// Whatever ends the stream early waits for the end of that turn. A reader that takes nothing would
// hold a write, and with it the end of the call, for ever: it is cancelled.
class ExportCall::Driver final : public StreamTimer::Stream,
                                 public OpenStreams::Stream,
                                 public std::enable_shared_from_this<Driver> {
 public:
  Driver(StoreEngine& engine, ExportCall& call, const v1::ExportRequest& request)
      : engine_(engine), call_(call), request_(request) {}

  void Begin(const std::string& client) {
    absl::StatusOr<StreamAdmission::Ticket> ticket = engine_.exports.Enter(client);
    engine_.streams.Add(shared_from_this());
    const absl::MutexLock lock(&mutex_);
    if (!ticket.ok()) return Finish(ticket.status());
    ticket_ = *std::move(ticket);
    ReadNext();
  }

  void Written() {
    const absl::MutexLock lock(&mutex_);
    deadline_ = absl::InfiniteFuture();
    ReadNext();
  }

  // The client has gone, or takes nothing: a write that is under way comes to nothing.
  void Cancelled() {
    const absl::MutexLock lock(&mutex_);
    if (why_.ok()) why_ = absl::CancelledError("the client has gone");
    if (!reading_) Finish(why_);
  }

  void TimeIsOver() override {
    const absl::MutexLock lock(&mutex_);
    if (engine_.parts.clock.Now() < deadline_ || finished_) return;
    why_ = absl::DeadlineExceededError(
        StrCat("nothing was read for ", absl::FormatDuration(engine_.options.export_patience)));
    call_.context_.TryCancel();
  }

  void Stop(const absl::Status& why) override {
    const absl::MutexLock lock(&mutex_);
    if (why_.ok()) why_ = why;
  }

  // Nobody needs it any more; returns when nobody is inside of a method of the call.
  void Leave() {
    engine_.timer.Clear(shared_from_this());
    engine_.streams.Remove(shared_from_this());
    const absl::MutexLock lock(&mutex_);
  }

 private:
  void ReadNext() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (finished_) return;
    if (!why_.ok()) return Finish(why_);
    reading_ = true;
    engine_.chunks.Submit([self = shared_from_this()] { self->Read(); });
  }

  // On a thread of the pool; nothing else uses the reader and the response meanwhile.
  void Read() {
    const absl::StatusOr<bool> has_chunk = FillResponse();
    const absl::MutexLock lock(&mutex_);
    reading_ = false;
    if (!why_.ok()) return Finish(why_);
    if (!has_chunk.ok() || !*has_chunk) return Finish(has_chunk.status());
    deadline_ = engine_.parts.clock.Now() + engine_.options.export_patience;
    engine_.timer.Set(shared_from_this(), deadline_);
    call_.StartWrite(&call_.response_);
  }

  absl::StatusOr<bool> FillResponse() {
    call_.response_.clear_model();
    if (reader_ == nullptr) {
      const absl::StatusOr<VersionInfo> version =
          engine_.Resolve(request_.name(), request_.version(), request_.alias());
      if (!version.ok()) return version.status();
      absl::StatusOr<std::unique_ptr<ExportReader>> reader = ExportReader::Open(
          engine_.parts.files, *version,
          std::set<std::string>(request_.known_sha256().begin(), request_.known_sha256().end()));
      if (!reader.ok()) return reader.status();
      reader_ = *std::move(reader);
      *call_.response_.mutable_model() = engine_.Describe(*version);
    }
    return reader_->Next(call_.response_);
  }

  // gRPC runs reactions on its own threads, never inside StartWrite or Finish, so the lock may be
  // held.
  void Finish(const absl::Status& status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (finished_) return;
    finished_ = true;
    reader_.reset();
    ticket_.reset();
    engine_.parts.metrics.CountRequest(request_.name(), 0, "Export", status.code(),
                                       absl::Now() - start_);
    call_.Finish(ToGrpcStatus(status));
  }

  StoreEngine& engine_;
  ExportCall& call_;
  const v1::ExportRequest& request_;  // gRPC's, as long as the call
  const absl::Time start_ = absl::Now();
  std::unique_ptr<ExportReader> reader_;

  absl::Mutex mutex_;
  StreamAdmission::Ticket ticket_ ABSL_GUARDED_BY(mutex_);
  absl::Status why_ ABSL_GUARDED_BY(mutex_);  // not OK: why the stream ends early
  bool reading_ ABSL_GUARDED_BY(mutex_) = false;
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Time deadline_ ABSL_GUARDED_BY(mutex_) = absl::InfiniteFuture();  // of the write
};

ExportCall::ExportCall(StoreEngine& engine, grpc::CallbackServerContext& context,
                       const v1::ExportRequest& request)
    : context_(context) {
  driver_.Set(std::make_shared<Driver>(engine, *this, request))
      .Begin(engine.parts.access.NameOf(context));
}

void ExportCall::OnWriteDone(bool ok) { ok ? driver_.Get().Written() : driver_.Get().Cancelled(); }

void ExportCall::OnCancel() { driver_.Get().Cancelled(); }

void ExportCall::OnDone() {
  driver_.Get().Leave();
  delete this;
}

}  // namespace sta
