// SPDX-License-Identifier: Apache-2.0
//
// What is behind a Client: its channel's stubs and the calls that are under way. Private to
// client/: the sources that implement Client share it. Thread-safe.
#ifndef CLIENT_CLIENT_IMPL_H_
#define CLIENT_CLIENT_IMPL_H_

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_set.h"
#include "absl/synchronization/mutex.h"
#include "client/client.h"
#include "client/wire.h"
#include "grpc/health/v1/health.grpc.pb.h"
#include "inference/open_inference_grpc.grpc.pb.h"
#include "sta/v1/devices.grpc.pb.h"
#include "sta/v1/model_store.grpc.pb.h"

namespace sta::client {

class Client::Impl {
 public:
  Impl(ClientOptions options, const std::shared_ptr<grpc::Channel>& channel)
      : options_(std::move(options)),
        inference_(inference::GRPCInferenceService::NewStub(channel)),
        store_(v1::ModelStore::NewStub(channel)),
        devices_(v1::Devices::NewStub(channel)),
        health_(grpc::health::v1::Health::NewStub(channel)) {}

  ~Impl() {
    CancelPending();
    absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(
        +[](int64_t* unfinished) { return *unfinished == 0; }, &unfinished_));
  }

  inference::GRPCInferenceService::Stub& inference() { return *inference_; }
  v1::ModelStore::Stub& store() { return *store_; }
  v1::Devices::Stub& devices() { return *devices_; }
  grpc::health::v1::Health::Stub& health() { return *health_; }

  // Every call begins with this one, or with Prepare.
  void ShowToken(grpc::ClientContext* context) const {
    if (options_.token.empty()) return;
    context->AddMetadata("authorization", "Bearer " + options_.token);
  }

  // A blocking unary call: `method` is a member function of `stub`.
  template <typename Response, typename Stub, typename Method, typename Request>
  absl::StatusOr<Response> Call(Stub& stub, Method method, const Request& request) {
    grpc::ClientContext context;
    Prepare(&context);
    Response response;
    const grpc::Status status = (stub.*method)(&context, request, &response);
    if (!status.ok()) return StatusFromGrpc(status);
    return response;
  }

  // Reads a server's stream without a deadline until `next` returns false: OK.
  template <typename Response>
  absl::Status Read(const std::function<
                        std::unique_ptr<grpc::ClientReader<Response>>(grpc::ClientContext&)>& open,
                    const std::function<bool(const Response&)>& next) {
    grpc::ClientContext context;
    ShowToken(&context);
    const std::unique_ptr<grpc::ClientReader<Response>> reader = open(context);
    Response response;
    while (reader->Read(&response)) {
      if (next(response)) continue;
      context.TryCancel();
      reader->Finish();
      return absl::OkStatus();
    }
    return StatusFromGrpc(reader->Finish());
  }

  void InferAsync(inference::ModelInferRequest request, InferCallback done) {
    auto* call = new AsyncCall{{}, std::move(request), {}, std::move(done)};
    Prepare(&call->context);
    {
      absl::MutexLock lock(&mutex_);
      pending_.insert(&call->context);
      ++unfinished_;
    }
    inference_->async()->ModelInfer(
        &call->context, &call->request, &call->response,
        [this, call](const grpc::Status& status) { Finish(call, status); });
  }

  void CancelPending() {
    absl::MutexLock lock(&mutex_);
    for (grpc::ClientContext* context : pending_) context->TryCancel();
  }

 private:
  struct AsyncCall {
    grpc::ClientContext context;
    inference::ModelInferRequest request;
    inference::ModelInferResponse response;
    InferCallback done;
  };

  void Finish(AsyncCall* raw_call, const grpc::Status& status) {
    std::unique_ptr<AsyncCall> call(raw_call);
    if (status.ok()) {
      call->done(FromProto(call->response));
    } else {
      call->done(StatusFromGrpc(status));
    }
    {
      absl::MutexLock lock(&mutex_);
      pending_.erase(&call->context);
    }
    call.reset();
    absl::MutexLock lock(&mutex_);
    --unfinished_;
  }

  void Prepare(grpc::ClientContext* context) const {
    ShowToken(context);
    if (options_.timeout == absl::InfiniteDuration()) return;
    context->set_deadline(std::chrono::system_clock::now() +
                          absl::ToChronoNanoseconds(options_.timeout));
  }

  const ClientOptions options_;
  const std::unique_ptr<inference::GRPCInferenceService::Stub> inference_;
  const std::unique_ptr<v1::ModelStore::Stub> store_;
  const std::unique_ptr<v1::Devices::Stub> devices_;
  const std::unique_ptr<grpc::health::v1::Health::Stub> health_;
  absl::Mutex mutex_;
  // Those that may be cancelled, and how many have not been destroyed yet.
  absl::flat_hash_set<grpc::ClientContext*> pending_ ABSL_GUARDED_BY(mutex_);
  int64_t unfinished_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace sta::client

#endif  // CLIENT_CLIENT_IMPL_H_
