// SPDX-License-Identifier: Apache-2.0
#include "server/http/http_infer.h"

#include <utility>

namespace sta {
namespace {

// Larger answers are written by a worker: the threads of the batcher have others waiting. About
// 1 ms of work.
constexpr size_t kShortAnswerBytes = 64 * 1024;

}  // namespace

void HttpInfer::Start(Setting setting, std::shared_ptr<HttpCall> call,
                      inference::ModelInferRequest message, Encode encode) {
  const std::shared_ptr<HttpInfer> self(
      new HttpInfer(std::move(setting), std::move(call), std::move(message), std::move(encode)));
  self->call_->OnGone([weak = self->weak_from_this()] {
    if (const std::shared_ptr<HttpInfer> infer = weak.lock()) infer->inference_.Cancel();
  });
  // The inference holds what it is a part of until it calls this.
  self->inference_.Start(self->request_, self->response_,
                         [self](const absl::Status& status) { self->End(status); });
}

HttpInfer::HttpInfer(Setting setting, std::shared_ptr<HttpCall> call,
                     inference::ModelInferRequest message, Encode encode)
    : backend_(setting.backend),
      call_(std::move(call)),
      request_(std::move(message)),
      encode_(std::move(encode)),
      inference_(backend_, setting.limits, std::move(setting.origin)) {}

void HttpInfer::End(const absl::Status& status) {
  if (status.ok() && response_.ByteSizeLong() > kShortAnswerBytes) {
    // As many as were let in.
    backend_.workers.Submit([self = shared_from_this()] { self->Reply(absl::OkStatus()); });
    return;
  }
  Reply(status);
}

void HttpInfer::Reply(const absl::Status& status) {
  HttpResponse response =
      encode_({.status = status, .response = response_, .tokens = inference_.tokens()});
  if (!inference_.trace_id().empty()) {
    response.headers.emplace_back("sta-trace-id", inference_.trace_id());
  }
  call_->Reply(std::move(response));
}

}  // namespace sta
