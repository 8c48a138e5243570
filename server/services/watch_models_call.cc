// SPDX-License-Identifier: Apache-2.0
#include "server/services/watch_models_call.h"

#include <optional>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "server/services/proto_time.h"
#include "server/services/status_mapping.h"
#include "server/services/store_messages.h"

namespace sta {
namespace {

// Events that are taken from the feed at a time.
constexpr size_t kMostEvents = 64;

v1::WatchModelsResponse MakeResponse(const ModelEvent& event) {
  v1::WatchModelsResponse response;
  *response.mutable_model() = MakeModelVersion(event.status);
  if (event.is_deleted) {
    response.mutable_model()->set_state(v1::MODEL_STATE_DELETED);
    SetTime(event.time, *response.mutable_model()->mutable_since());
  }
  response.set_resume_token(event.resume_token);
  SetTime(event.time, *response.mutable_time());
  return response;
}

}  // namespace

// What a watch writes, and when: every event in its order, one write at a time. A reader that is
// too slow for the feed's memory ends with ABORTED.
//
//   watching --(closed_ and all is written, or the feed says no)--> finished
//   watching --(client gone, or a write failed)--> finished
//
// The feed may hold it for longer than its call lives, which is not touched once it is finished.
class WatchModelsCall::Writer final : public ModelFeed::Watcher {
 public:
  Writer(const ModelFeed& feed, WatchModelsCall& call) : feed_(feed), call_(call) {}

  void Begin(absl::StatusOr<ModelFeed::Cursor> cursor) {
    const absl::MutexLock lock(&mutex_);
    if (!cursor.ok()) return FinishOnce(cursor.status());
    cursor_ = *std::move(cursor);
    Continue();
  }

  void Changed() override {
    const absl::MutexLock lock(&mutex_);
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
  // gRPC runs reactions on its own threads, never inside StartWrite or Finish, so the lock may be
  // held.
  void Continue() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (writing_ || finished_ || !cursor_.has_value()) return;
    if (next_ == events_.size()) {
      absl::StatusOr<std::vector<ModelEvent>> events = feed_.Read(*cursor_, kMostEvents);
      if (!events.ok()) return FinishOnce(events.status());
      events_ = *std::move(events);
      next_ = 0;
    }
    if (next_ < events_.size()) {
      writing_ = true;
      response_ = MakeResponse(events_[next_++]);
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

  const ModelFeed& feed_;
  WatchModelsCall& call_;

  absl::Mutex mutex_;  // before the feed's
  std::optional<ModelFeed::Cursor> cursor_ ABSL_GUARDED_BY(mutex_);
  std::vector<ModelEvent> events_ ABSL_GUARDED_BY(mutex_);  // read and, before next_, written
  size_t next_ ABSL_GUARDED_BY(mutex_) = 0;
  v1::WatchModelsResponse response_ ABSL_GUARDED_BY(mutex_);
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
};

WatchModelsCall::WatchModelsCall(ModelFeed& feed, const v1::WatchModelsRequest& request)
    : feed_(feed) {
  Writer& writer = writer_.Set(std::make_shared<Writer>(feed, *this));
  feed_.AddWatcher(writer_.GetShared());  // before anything is read, so that nothing is missed
  writer.Begin(feed_.Open(request.name(), request.resume_token()));
}

void WatchModelsCall::OnWriteDone(bool ok) {
  ok ? writer_.Get().Written() : writer_.Get().ClientGone();
}

void WatchModelsCall::OnCancel() { writer_.Get().ClientGone(); }

void WatchModelsCall::OnDone() {
  feed_.RemoveWatcher(writer_.GetShared());
  writer_.Get().AwaitFinished();
  delete this;
}

}  // namespace sta
