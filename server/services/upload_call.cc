// SPDX-License-Identifier: Apache-2.0
#include "server/services/upload_call.h"

#include <string>
#include <utility>

#include "absl/time/clock.h"
#include "server/observability/logging.h"
#include "server/services/status_mapping.h"
#include "server/services/store_messages.h"

namespace sta {
namespace {

using Step = UploadSession::Step;

absl::Status ClientGone() { return absl::CancelledError("the client has gone"); }

absl::StatusOr<UploadProgress> ProgressOf(const absl::StatusOr<UploadStatus>& status) {
  if (!status.ok()) return status.status();
  return UploadProgress{.received_bytes = status->received_bytes, .size_bytes = status->size_bytes};
}

ChunkView ChunkOf(const v1::UploadRequest& request) {
  return {.file = request.file(),
          .offset = request.offset(),
          .data = std::as_bytes(std::span(request.data())),
          .crc32c = request.crc32c()};
}

}  // namespace

// Carries out what the session asks for. Others may hold it for longer than its call lives, which
// is not touched once it is finished.
class UploadCall::Driver final : public StreamTimer::Stream,
                                 public UploadLanes::Owner,
                                 public OpenStreams::Stream,
                                 public std::enable_shared_from_this<Driver> {
 public:
  Driver(StoreEngine& engine, UploadCall& call)
      : engine_(engine), call_(call), session_(engine.options.upload_limits) {}

  void Begin(const std::string& client) {
    absl::StatusOr<StreamAdmission::Ticket> ticket = engine_.uploads.Enter(client);
    if (!ticket.ok()) Stop(ticket.status());
    engine_.streams.Add(shared_from_this());
    const absl::MutexLock lock(&mutex_);
    if (ticket.ok()) ticket_ = *std::move(ticket);
    Do(session_.Begin(engine_.parts.clock.Now()));
  }

  void HasRead() {
    const absl::MutexLock lock(&mutex_);
    Do(session_.OnMessage(call_.request_, engine_.parts.clock.Now()));
  }

  void HasReadAll() {
    const absl::MutexLock lock(&mutex_);
    Do(session_.OnEndOfStream());
  }

  void TimeIsOver() override {
    const absl::MutexLock lock(&mutex_);
    Do(session_.OnTime(engine_.parts.clock.Now()));
  }

  void TakenOver() override {
    Stop(absl::AbortedError("another stream has taken this upload over"));
  }

  void Stop(const absl::Status& why) override {
    const absl::MutexLock lock(&mutex_);
    Do(session_.Stop(why));
  }

  // Nobody needs it any more; returns when nobody is inside of a method of the call.
  void Leave() {
    engine_.timer.Clear(shared_from_this());
    engine_.streams.Remove(shared_from_this());
    const absl::MutexLock lock(&mutex_);
  }

 private:
  // gRPC runs reactions on its own threads, never inside StartRead or Finish, so the lock may be
  // held.
  void Do(const UploadSession::Action& action) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    switch (action.step) {
      case Step::kNothing:
        return;
      case Step::kRead:
        engine_.timer.Set(shared_from_this(), action.deadline);
        return call_.StartRead(&call_.request_);
      case Step::kOpen:
        lane_ = engine_.lanes.Of(session_.upload_id());
        return Post(engine_.chunks, &Driver::Open);
      case Step::kAppend:
        return Post(engine_.chunks, &Driver::Append);
      case Step::kCommit:
        return Post(engine_.commits, &Driver::Commit);
      case Step::kSync:
        return Post(engine_.chunks, &Driver::Sync);
      case Step::kFinish:
        engine_.parts.metrics.CountRequest("", 0, "Upload", action.status.code(),
                                           absl::Now() - start_);
        ticket_.reset();
        return call_.Finish(ToGrpcStatus(action.status));
    }
  }

  void Post(WorkerPool& pool, void (Driver::*work)()) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    lane_->Post(pool, [self = shared_from_this(), work] { (self.get()->*work)(); });
  }

  // The tasks of the lane. Nothing else changes the session's upload, the lane or the request while
  // one of them is under way.
  void Open() {
    lane_->TakeOver(shared_from_this());
    const auto progress = ProgressOf(engine_.parts.store.GetUpload(session_.upload_id()));
    const absl::MutexLock lock(&mutex_);
    Do(session_.OnOpened(progress, engine_.parts.clock.Now()));
  }

  void Append() {
    // Taken over: the session knows why.
    absl::StatusOr<UploadProgress> progress = absl::AbortedError("taken over");
    if (lane_->IsOwnedBy(this)) {
      progress = ProgressOf(
          engine_.parts.store.AppendToUpload(session_.upload_id(), ChunkOf(call_.request_)));
    }
    if (progress.ok()) engine_.parts.store_metrics.CountBytes(call_.request_.data().size());
    const absl::MutexLock lock(&mutex_);
    Do(session_.OnAppended(progress, engine_.parts.clock.Now()));
  }

  void Commit() {
    absl::StatusOr<VersionInfo> version = absl::AbortedError("taken over");
    if (lane_->IsOwnedBy(this)) version = engine_.parts.store.FinishUpload(session_.upload_id());
    Tell(version);
    const absl::MutexLock lock(&mutex_);
    Do(session_.OnCommitted(version.status()));
  }

  void Sync() {
    // Who has taken it over will sync.
    const absl::Status status = lane_->IsOwnedBy(this)
                                    ? engine_.parts.store.SyncUpload(session_.upload_id())
                                    : absl::OkStatus();
    const absl::MutexLock lock(&mutex_);
    Do(session_.OnSynced(status));
  }

  void Tell(const absl::StatusOr<VersionInfo>& version) {
    if (!version.ok()) {
      engine_.parts.store_metrics.CountUpload(UploadResult::kFailed);
      LogWarning("upload failed", {{"upload", session_.upload_id()},
                                   {"reason", std::string(version.status().message())}});
      return;
    }
    engine_.parts.store_metrics.CountUpload(UploadResult::kStored);
    LogInfo("version stored", {{"model", version->name},
                               {"version", version->version},
                               {"bytes", version->size_bytes},
                               {"digest", version->digest}});
    engine_.parts.manager.StoreChanged();
    *call_.response_.mutable_model() = engine_.Describe(*version);
  }

  StoreEngine& engine_;
  UploadCall& call_;
  const absl::Time start_ = absl::Now();

  absl::Mutex mutex_;
  UploadSession session_;  // guarded by mutex_, its upload_id() apart
  StreamAdmission::Ticket ticket_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<UploadLanes::Lane> lane_;
};

UploadCall::UploadCall(StoreEngine& engine, grpc::CallbackServerContext& context,
                       v1::UploadResponse& response)
    : context_(context), response_(response) {
  driver_.Set(std::make_shared<Driver>(engine, *this)).Begin(engine.parts.access.NameOf(context));
}

void UploadCall::OnReadDone(bool ok) {
  if (ok) return driver_.Get().HasRead();
  if (context_.IsCancelled()) return driver_.Get().Stop(ClientGone());
  driver_.Get().HasReadAll();
}

void UploadCall::OnCancel() { driver_.Get().Stop(ClientGone()); }

void UploadCall::OnDone() {
  driver_.Get().Leave();
  delete this;
}

}  // namespace sta
