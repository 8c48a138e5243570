// SPDX-License-Identifier: Apache-2.0
#include "server/services/health_service.h"

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "server/services/status_mapping.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;

HealthCheckResponse::ServingStatus ToProto(Health health) {
  switch (health) {
    case Health::kServing:
      return HealthCheckResponse::SERVING;
    case Health::kNotServing:
      return HealthCheckResponse::NOT_SERVING;
    case Health::kUnknownName:
      break;
  }
  return HealthCheckResponse::SERVICE_UNKNOWN;
}

// What a Watch writes, and when. At any time at most one write is in flight; when it is done, the
// newest health is written if it differs from the last one written, so a slow reader misses
// flickers but never the last state.
//
//   watching --(closed_: NOT_SERVING written)--> finished
//   watching --(client gone, or a write failed)--> finished
//
// The board may hold it for longer than its call lives, which is not touched once it is finished.
class HealthWriter final : public HealthBoard::Watcher {
 public:
  using Call = grpc::ServerWriteReactor<HealthCheckResponse>;

  HealthWriter(HealthBoard& board, std::string name, Call& call)
      : board_(board), name_(std::move(name)), call_(call) {}

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
    FinishOnce(grpc::Status(grpc::StatusCode::CANCELLED, "the client has gone"));
  }

  // Returns when nobody is inside of a method of the call.
  void AwaitFinished() { const absl::MutexLock lock(&mutex_); }

  const std::string& name() const { return name_; }

 private:
  // Writes what is new, or finishes when all is written and the board is closed. gRPC runs
  // reactions on its own threads, never inside StartWrite or Finish, so the lock may be held.
  void Continue() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (writing_ || finished_) return;
    const Health health = board_.Get(name_);
    if (written_ != health) {
      written_ = health;
      writing_ = true;
      response_.set_status(ToProto(health));
      call_.StartWrite(&response_);
    } else if (closed_) {
      FinishOnce(ToGrpcStatus(absl::UnavailableError("the server is shutting down")));
    }
  }

  void FinishOnce(const grpc::Status& status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (finished_) return;
    finished_ = true;
    call_.Finish(status);
  }

  HealthBoard& board_;
  const std::string name_;
  Call& call_;

  absl::Mutex mutex_;  // before the board's
  HealthCheckResponse response_ ABSL_GUARDED_BY(mutex_);
  std::optional<Health> written_ ABSL_GUARDED_BY(mutex_);
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
};

// One Watch, as gRPC sees it. Deletes itself in OnDone.
class HealthWatchCall final : public grpc::ServerWriteReactor<HealthCheckResponse> {
 public:
  HealthWatchCall(HealthBoard& board, std::string name)
      : board_(board), writer_(std::make_shared<HealthWriter>(board, std::move(name), *this)) {
    board_.AddWatcher(writer_->name(), writer_);
    writer_->Changed();
    is_made_.store(true, std::memory_order_release);
  }

  void OnWriteDone(bool ok) override { ok ? writer()->Written() : writer()->ClientGone(); }
  void OnCancel() override { writer()->ClientGone(); }

  void OnDone() override {
    const std::shared_ptr<HealthWriter>& done = writer();
    board_.RemoveWatcher(done->name(), done);
    done->AwaitFinished();
    delete this;
  }

 private:
  // Reactions come from other threads than the one that made this. gRPC orders them behind that,
  // which ThreadSanitizer does not see: it sees this.
  const std::shared_ptr<HealthWriter>& writer() const {
    static_cast<void>(is_made_.load(std::memory_order_acquire));
    return writer_;
  }

  HealthBoard& board_;
  const std::shared_ptr<HealthWriter> writer_;
  std::atomic<bool> is_made_ = false;
};

}  // namespace

grpc::ServerUnaryReactor* HealthService::Check(grpc::CallbackServerContext* context,
                                               const HealthCheckRequest* request,
                                               HealthCheckResponse* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  const Health health = board_.Get(request->service());
  if (health == Health::kUnknownName) {
    reactor->Finish(ToGrpcStatus(absl::NotFoundError(
        StrCat("unknown service '", request->service(),
               "'; known: '', 'inference.GRPCInferenceService' and the names of models"))));
  } else {
    response->set_status(ToProto(health));
    reactor->Finish(grpc::Status::OK);
  }
  return reactor;
}

grpc::ServerWriteReactor<HealthCheckResponse>* HealthService::Watch(
    grpc::CallbackServerContext* context, const HealthCheckRequest* request) {
  return new HealthWatchCall(board_, request->service());
}

}  // namespace sta
