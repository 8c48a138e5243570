// SPDX-License-Identifier: Apache-2.0
#include "server/services/stream_infer_call.h"

#include <deque>
#include <optional>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "server/batching/retry_after.h"
#include "server/services/infer_call.h"
#include "server/services/request_trace.h"
#include "server/services/status_mapping.h"

namespace sta {
namespace {

bool WantsFinalResponse(const inference::ModelInferRequest& request) {
  const auto found = request.parameters().find("triton_enable_empty_final_response");
  return found != request.parameters().end() && found->second.bool_param();
}

// What goes with the answer whether it is one or an error.
void CompleteResponse(const absl::Status& status, const inference::ModelInferRequest& request,
                      inference::ModelStreamInferResponse& response) {
  if (!status.ok()) {
    // Some of the answer may have been written before it failed.
    response.Clear();
    response.set_error_message(ToGrpcStatus(status).error_message());
    response.mutable_infer_response()->set_id(request.id());
    const std::optional<absl::Duration> wait = RetryAfterOf(status);
    if (wait.has_value()) {
      auto& parameters = *response.mutable_infer_response()->mutable_parameters();
      parameters["retry-after-ms"].set_int64_param(absl::ToInt64Milliseconds(*wait));
    }
  }
  if (!WantsFinalResponse(request)) return;
  auto& parameters = *response.mutable_infer_response()->mutable_parameters();
  parameters["triton_final_response"].set_bool_param(true);
}

}  // namespace

// What the stream reads and writes, and when: one read and one write at a time.
//
//   open --(the client has sent all, or Stop)--> ending --(all is answered)--> finished
//   open, ending --(client gone)--> gone: nothing is written --(all has come back)--> finished
//
// Answers come from threads of the batcher, which may hold it for longer than its call lives; the
// call is not touched once it is finished.
class StreamInferCall::Driver final : public OpenStreams::Stream,
                                      public std::enable_shared_from_this<Driver> {
 public:
  Driver(const Shared& shared, StreamInferCall& call, grpc::CallbackServerContext& context,
         std::string client)
      : shared_(shared),
        call_(call),
        deadline_(DeadlineOf(context)),
        client_(std::move(client)),
        trace_(RequestTrace(context)) {
    if (trace_.has_value()) AddTraceTrailer(trace_->trace_id, context);
  }

  void Begin() {
    shared_.streams.Add(shared_from_this());
    const absl::MutexLock lock(&mutex_);
    Continue();
  }

  void HasRead() {
    Message* message = nullptr;
    {
      const absl::MutexLock lock(&mutex_);
      is_reading_ = false;
      if (is_ending_) return Continue();  // too late: whoever sent it is told by the status
      incoming_->bytes = static_cast<int64_t>(incoming_->request.ByteSizeLong());
      bytes_ += incoming_->bytes;
      incoming_->inference =
          std::make_unique<Inference>(shared_.backend, shared_.limits,
                                      Inference::Origin{.rpc = "ModelStreamInfer",
                                                        .deadline = deadline_,
                                                        .client = client_,
                                                        .trace = trace_});
      message = incoming_.get();
      messages_.push_back(std::move(incoming_));
    }
    // It may be answered before Start returns, and be gone then.
    message->inference->Start(message->request, *message->response.mutable_infer_response(),
                              [self = shared_from_this(), message](const absl::Status& status) {
                                self->Answered(*message, status);
                              });
    const absl::MutexLock lock(&mutex_);
    Continue();
  }

  void HasReadAll() {
    const absl::MutexLock lock(&mutex_);
    is_reading_ = false;
    is_ending_ = true;
    Continue();
  }

  void HasWritten() {
    const absl::MutexLock lock(&mutex_);
    is_writing_ = false;
    PopFront();
    Continue();
  }

  void Stop(const absl::Status& why) override {
    const absl::MutexLock lock(&mutex_);
    End(why);
    Continue();
  }

  void ClientGone() {
    const absl::MutexLock lock(&mutex_);
    End(absl::CancelledError("the client has gone"));
    is_gone_ = true;
    for (const std::unique_ptr<Message>& message : messages_) {
      if (message->inference != nullptr) message->inference->Cancel();
    }
    Continue();
  }

  void WriteFailed() {
    {
      const absl::MutexLock lock(&mutex_);
      is_writing_ = false;
    }
    ClientGone();
  }

  // Nobody needs it any more; returns when nobody is inside of a method of the call.
  void Leave() {
    shared_.streams.Remove(shared_from_this());
    const absl::MutexLock lock(&mutex_);
  }

 private:
  // One request of the stream, from when it is read until its answer is written.
  struct Message {
    inference::ModelInferRequest request;
    inference::ModelStreamInferResponse response;
    std::unique_ptr<Inference> inference;  // until it is answered
    int64_t bytes = 0;
    bool is_answered = false;
  };

  void Answered(Message& message, const absl::Status& status) {
    CompleteResponse(status, message.request, message.response);
    const auto response_bytes = static_cast<int64_t>(message.response.ByteSizeLong());
    // Goes with its lease of the model after the lock.
    std::unique_ptr<Inference> inference;
    const absl::MutexLock lock(&mutex_);
    inference = std::move(message.inference);
    message.bytes += response_bytes;
    bytes_ += response_bytes;
    message.is_answered = true;
    Continue();
  }

  void End(const absl::Status& status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    is_ending_ = true;
    status_.Update(status);
  }

  void PopFront() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    bytes_ -= messages_.front()->bytes;
    messages_.pop_front();
  }

  bool HasRoom() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return std::ssize(messages_) < shared_.stream_limits.max_requests &&
           bytes_ < shared_.stream_limits.max_bytes;
  }

  // Does all that there is to do now. gRPC runs reactions on its own threads, never inside
  // StartRead, StartWrite or Finish, so the lock may be held.
  void Continue() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (is_finished_ || is_writing_) return Read();
    while (is_gone_ && !messages_.empty() && messages_.front()->is_answered) PopFront();
    if (!messages_.empty() && messages_.front()->is_answered) {
      is_writing_ = true;
      call_.StartWrite(&messages_.front()->response);
    } else if (messages_.empty() && is_ending_) {
      is_finished_ = true;
      return call_.Finish(ToGrpcStatus(status_));
    }
    Read();
  }

  void Read() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (is_reading_ || is_ending_ || !HasRoom()) return;
    is_reading_ = true;
    incoming_ = std::make_unique<Message>();
    call_.StartRead(&incoming_->request);
  }

  const Shared& shared_;
  StreamInferCall& call_;
  const absl::Time deadline_;
  const std::string client_;
  const std::optional<TraceContext> trace_;

  absl::Mutex mutex_;
  std::unique_ptr<Message> incoming_;  // being read; guarded by mutex_, its request apart
  std::deque<std::unique_ptr<Message>> messages_ ABSL_GUARDED_BY(mutex_);
  int64_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;  // of messages_
  bool is_reading_ ABSL_GUARDED_BY(mutex_) = false;
  bool is_writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool is_ending_ ABSL_GUARDED_BY(mutex_) = false;  // no more is read
  bool is_gone_ ABSL_GUARDED_BY(mutex_) = false;
  bool is_finished_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Status status_ ABSL_GUARDED_BY(mutex_);  // that the stream will end with
};

StreamInferCall::StreamInferCall(const Shared& shared, grpc::CallbackServerContext& context,
                                 std::string client) {
  driver_.Set(std::make_shared<Driver>(shared, *this, context, std::move(client))).Begin();
}

void StreamInferCall::OnReadDone(bool ok) {
  ok ? driver_.Get().HasRead() : driver_.Get().HasReadAll();
}

void StreamInferCall::OnWriteDone(bool ok) {
  ok ? driver_.Get().HasWritten() : driver_.Get().WriteFailed();
}

void StreamInferCall::OnCancel() { driver_.Get().ClientGone(); }

void StreamInferCall::OnDone() {
  driver_.Get().Leave();
  delete this;
}

}  // namespace sta
