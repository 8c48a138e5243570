// SPDX-License-Identifier: Apache-2.0
#include "server/services/inference.h"

#include <algorithm>
#include <utility>

#include "absl/time/clock.h"
#include "server/services/infer_outputs.h"
#include "server/services/infer_request_decoder.h"
#include "server/services/infer_response_encoder.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

// Text up to this size is tokenized on gRPC's own thread (about 0.5 ms of work); a hand-over to a
// worker would cost more than it saves.
constexpr size_t kShortTextBytes = 16 * 1024;

size_t TextBytes(const InferRequest& request) {
  size_t bytes = 0;
  for (const TextRow& row : request.texts) {
    bytes += row.text.size() + (row.pair.has_value() ? row.pair->size() : 0);
  }
  return bytes;
}

double Seconds(absl::Duration duration) { return absl::ToDoubleSeconds(duration); }

}  // namespace

Inference::Inference(InferenceBackend backend, const InferenceLimits& limits, Origin origin)
    : backend_(backend),
      limits_(limits),
      origin_(std::move(origin)),
      start_(absl::Now()),
      cancelled_(std::make_shared<std::atomic<bool>>(false)),
      deadline_(origin_.deadline) {}

void Inference::Start(const inference::ModelInferRequest& request,
                      inference::ModelInferResponse& response, Done done) {
  request_ = &request;
  response_ = &response;
  done_ = std::move(done);
  const absl::StatusOr<InferParameters> parameters = DecodeParameters(request.parameters());
  if (!parameters.ok()) return End(parameters.status());
  parameters_ = *parameters;
  deadline_ = std::min(deadline_, start_ + parameters_.timeout);
  absl::StatusOr<std::shared_ptr<const ServedModel>> served =
      backend_.registry.Find(request.model_name(), request.model_version());
  if (!served.ok()) return End(served.status());
  served_ = *std::move(served);
  absl::StatusOr<InferRequest> decoded = DecodeInferRequest(
      request, served_->model->config(), {.max_rows = limits_.max_rows_per_request});
  if (!decoded.ok()) return End(decoded.status());
  decoded_ = *std::move(decoded);
  if (TextBytes(decoded_) <= kShortTextBytes) return TokenizeAndSubmit();
  if (backend_.workers.TrySubmit([this] { TokenizeAndSubmit(); })) return;
  backend_.metrics.CountRejected(served_->name, "workers_full");
  End(absl::ResourceExhaustedError("too many long texts are being tokenized; try again later"));
}

absl::StatusOr<std::vector<TokenSequence>> Inference::TakeSequences() {
  if (decoded_.texts.empty()) return std::move(decoded_.tokens);
  std::vector<TokenSequence> sequences;
  sequences.reserve(decoded_.texts.size());
  for (size_t row = 0; row < decoded_.texts.size(); ++row) {
    if (cancelled_->load()) return absl::CancelledError("the client has gone");
    absl::StatusOr<TokenSequence> tokens =
        served_->model->Tokenize(decoded_.texts[row].text, decoded_.texts[row].pair);
    if (!tokens.ok()) {
      return absl::Status(tokens.status().code(),
                          AbslView(StrCat("text[", row, "]: ", tokens.status().message())));
    }
    sequences.push_back(*std::move(tokens));
  }
  return sequences;
}

void Inference::TokenizeAndSubmit() {
  absl::StatusOr<std::vector<TokenSequence>> sequences = TakeSequences();
  if (!sequences.ok()) return End(sequences.status());
  backend_.metrics.ForModel(served_->name).phases.tokenize.Observe(Seconds(absl::Now() - start_));
  backend_.batcher.Submit(
      {.model = served_,
       .sequences = *std::move(sequences),
       .deadline = deadline_,
       .client = origin_.client,
       .priority = parameters_.priority,
       .cancelled = cancelled_,
       .done = [this](absl::StatusOr<JobResult> result) { Complete(std::move(result)); }});
}

void Inference::Complete(absl::StatusOr<JobResult> result) {
  if (!result.ok() && served_->model->damaged()) {
    backend_.registry.ReportDamage(*served_, StdView(result.status().message()));
  }
  End(result.ok() ? WriteResponse(*result) : result.status());
}

absl::Status Inference::WriteResponse(const JobResult& result) {
  const PhaseMetrics& phases = backend_.metrics.ForModel(served_->name).phases;
  phases.queue.Observe(Seconds(result.queue_time));
  phases.compute.Observe(Seconds(result.compute_time));

  const absl::Time head_start = absl::Now();
  const size_t rows = result.sequence_offsets.size() - 1;
  std::vector<int64_t> lengths;
  lengths.reserve(rows);
  for (size_t row = 0; row < rows; ++row) {
    lengths.push_back(result.sequence_offsets[row + 1] - result.sequence_offsets[row]);
  }
  absl::StatusOr<InferOutputs> outputs =
      InferOutputs::Create(served_->model, decoded_.outputs, lengths, limits_.max_reply_bytes);
  if (!outputs.ok()) return outputs.status();
  for (size_t row = 0; row < rows; ++row) {
    outputs->SetRow(static_cast<int64_t>(row),
                    result.SequenceRows(row, served_->model->config().hidden_size));
  }
  const absl::Time serialize_start = absl::Now();
  response_->set_model_name(served_->name);
  response_->set_model_version(StrCat(served_->version));
  response_->set_id(request_->id());
  EncodeOutputs(outputs->tensors(), *response_);
  phases.head.Observe(Seconds(serialize_start - head_start));
  phases.serialize.Observe(Seconds(absl::Now() - serialize_start));
  return absl::OkStatus();
}

void Inference::End(const absl::Status& status) {
  backend_.metrics.CountRequest(request_->model_name(), served_ != nullptr ? served_->version : 0,
                                origin_.rpc, status.code(), absl::Now() - start_);
  // On the stack: it may destroy this.
  Done done = std::move(done_);
  done(status);
}

}  // namespace sta
