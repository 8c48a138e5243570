// SPDX-License-Identifier: Apache-2.0
#include "server/services/health_service.h"

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

// One Watch. At any time at most one write is in flight; when it is done, the newest health is
// written if it differs from the last one written, so a slow reader misses flickers but never the
// last state.
//
//   watching --(closed_: NOT_SERVING written)--> finished
//   watching --(client gone, or a write failed)--> finished
//
// `self_` keeps it alive until OnDone; the board holds another reference.
class WatchCall final : public grpc::ServerWriteReactor<HealthCheckResponse>,
                        public HealthBoard::Watcher {
 public:
  WatchCall(HealthBoard& board, std::string name) : board_(board), name_(std::move(name)) {}

  static WatchCall* Start(HealthBoard& board, std::string name) {
    auto call = std::make_shared<WatchCall>(board, std::move(name));
    call->self_ = call;
    board.AddWatcher(call->name_, call);
    call->Changed();
    return call.get();
  }

  void Changed() override {
    absl::MutexLock lock(&mutex_);
    Continue();
  }

  void Closed() override {
    absl::MutexLock lock(&mutex_);
    closed_ = true;
    Continue();
  }

  void OnWriteDone(bool ok) override {
    absl::MutexLock lock(&mutex_);
    writing_ = false;
    if (!ok) {
      FinishOnce(grpc::Status(grpc::StatusCode::CANCELLED, "the client has gone"));
      return;
    }
    Continue();
  }

  void OnCancel() override {
    absl::MutexLock lock(&mutex_);
    FinishOnce(grpc::Status(grpc::StatusCode::CANCELLED, "the client has gone"));
  }

  void OnDone() override {
    const std::shared_ptr<WatchCall> keep = std::move(self_);
    board_.RemoveWatcher(name_, keep);
  }

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
      StartWrite(&response_);
    } else if (closed_) {
      FinishOnce(ToGrpcStatus(absl::UnavailableError("the server is shutting down")));
    }
  }

  void FinishOnce(const grpc::Status& status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (finished_) return;
    finished_ = true;
    Finish(status);
  }

  HealthBoard& board_;
  const std::string name_;
  std::shared_ptr<WatchCall> self_;

  absl::Mutex mutex_;  // before the board's
  HealthCheckResponse response_ ABSL_GUARDED_BY(mutex_);
  std::optional<Health> written_ ABSL_GUARDED_BY(mutex_);
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
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
  return WatchCall::Start(board_, request->service());
}

}  // namespace sta
