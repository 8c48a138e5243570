// SPDX-License-Identifier: Apache-2.0
//
// LaterReply: the end of a unary call that is answered elsewhere than where it arrived.
//
//   const LaterReply reply(context, metrics, "DeleteVersion", request->name());
//   manager.DeleteVersion(..., [reply](const absl::Status& status) { reply.End(status); });
//   return reply.reactor();
//
// Request and response are there until End, which is called exactly once, from any thread.
#ifndef SERVER_SERVICES_LATER_REPLY_H_
#define SERVER_SERVICES_LATER_REPLY_H_

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include <string>
#include <string_view>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "server/observability/metrics.h"
#include "server/services/status_mapping.h"
#include "server/services/worker_pool.h"

namespace sta {

class LaterReply {
 public:
  // `rpc` is a constant; `model` may be a client's string (metrics.h keeps it out).
  LaterReply(grpc::CallbackServerContext* context, Metrics& metrics, std::string_view rpc,
             std::string_view model = "")
      : reactor_(context->DefaultReactor()),
        metrics_(&metrics),
        rpc_(rpc),
        model_(model.substr(0, kMostOfAName)),
        start_(absl::Now()) {}

  grpc::ServerUnaryReactor* reactor() const { return reactor_; }

  void End(const absl::Status& status) const {
    metrics_->CountRequest(model_, 0, rpc_, status.code(), absl::Now() - start_);
    reactor_->Finish(ToGrpcStatus(status));
  }

 private:
  static constexpr size_t kMostOfAName = 129;  // longer ones are no model's

  grpc::ServerUnaryReactor* reactor_;
  Metrics* metrics_;
  std::string_view rpc_;
  std::string model_;
  absl::Time start_;
};

// Ends `reply` with what `work` returns on a thread of `pool`; RESOURCE_EXHAUSTED where that is
// full.
inline grpc::ServerUnaryReactor* ReplyFrom(WorkerPool& pool, const LaterReply& reply,
                                           absl::AnyInvocable<absl::Status()> work) {
  grpc::ServerUnaryReactor* reactor = reply.reactor();
  if (!pool.TrySubmit([reply, work = std::move(work)]() mutable { reply.End(work()); })) {
    reply.End(absl::ResourceExhaustedError(
        "too many calls to the model store are under way; try again later"));
  }
  return reactor;
}

}  // namespace sta

#endif  // SERVER_SERVICES_LATER_REPLY_H_
