// SPDX-License-Identifier: Apache-2.0
#include "server/services/inference.h"

#include <algorithm>
#include <utility>

#include "absl/time/clock.h"
#include "server/batching/retry_after.h"
#include "server/services/infer_outputs.h"
#include "server/services/infer_request_decoder.h"
#include "server/services/infer_response_encoder.h"
#include "server/services/request_size.h"
#include "server/services/shared_tensors.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

// Text up to this size is tokenized on gRPC's own thread (about 0.5 ms of work); a hand-over to a
// worker would cost more than it saves.
constexpr int64_t kShortTextBytes = 16 * 1024;

// A few long texts' worth.
constexpr absl::Duration kRetryAfterTokenizing = absl::Milliseconds(50);

double Seconds(absl::Duration duration) { return absl::ToDoubleSeconds(duration); }

}  // namespace

Inference::Inference(InferenceBackend backend, const InferenceLimits& limits, Origin origin)
    : backend_(backend),
      limits_(limits),
      origin_(std::move(origin)),
      start_(absl::Now()),
      cancelled_(std::make_shared<std::atomic<bool>>(false)),
      trace_(origin_.trace.value_or(TraceContext())),
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
  absl::StatusOr<std::optional<inference::ModelInferRequest>> whole =
      FetchSharedInputs(request, backend_.shared_memory, limits_.max_shared_bytes);
  if (!whole.ok()) return End(whole.status());
  whole_request_ = *std::move(whole);
  const inference::ModelInferRequest& message =
      whole_request_.has_value() ? *whole_request_ : request;
  if (served_->diagnostic != nullptr) return StartDiagnostic(message);
  absl::StatusOr<InferRequest> decoded = DecodeInferRequest(
      message, served_->model->config(), {.max_rows = limits_.max_rows_per_request});
  if (!decoded.ok()) return End(decoded.status());
  decoded_ = *std::move(decoded);
  if (absl::Status early = CheckEarly(); !early.ok()) return End(early);
  const TextSize size = SizeOf(served_->model->config(), decoded_.texts);
  if (size.bytes <= kShortTextBytes) return TokenizeAndSubmit();
  if (backend_.workers.TrySubmit([this] { TokenizeAndSubmit(); })) return;
  backend_.metrics.CountRejected(served_->name, RejectReason::kWorkersFull);
  absl::Status full =
      absl::ResourceExhaustedError("too many long texts are being tokenized; try again later");
  SetRetryAfter(kRetryAfterTokenizing, full);
  End(full);
}

absl::Status Inference::Reserve(int64_t bytes) {
  absl::Status status = backend_.memory.Grow(memory_, bytes);
  if (!status.ok()) backend_.metrics.CountRejected(served_->name, RejectReason::kMemoryFull);
  return status;
}

absl::Status Inference::CheckEarly() {
  const inference::ModelInferRequest& whole = whole_request_ ? *whole_request_ : *request_;
  if (absl::Status status = Reserve(RequestBytes(whole)); !status.ok()) return status;
  if (decoded_.texts.empty()) return absl::OkStatus();  // Submit knows at once
  const TextSize size = SizeOf(served_->model->config(), decoded_.texts);
  return backend_.batcher.CheckEarly({.model = served_,
                                      .client = origin_.client,
                                      .priority = parameters_.priority,
                                      .deadline = deadline_,
                                      .least_tokens = size.least_tokens,
                                      .about_tokens = size.about_tokens});
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
  times_.rows = std::ssize(*sequences);
  for (const TokenSequence& sequence : *sequences) tokens_ += std::ssize(sequence.ids);
  const int64_t bytes = AnswerBytes(served_->model->config(), decoded_.outputs, *sequences);
  if (absl::Status status = Reserve(bytes); !status.ok()) return End(status);
  times_.input = absl::Now() - start_;
  backend_.metrics.ForModel(served_->name).phases.tokenize.Observe(Seconds(times_.input));
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
  times_.queue = result.queue_time;
  times_.compute = result.compute_time;
  phases.queue.Observe(Seconds(times_.queue));
  phases.compute.Observe(Seconds(times_.compute));

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
  absl::Status status = EncodeOutputs(outputs->tensors(),
                                      {.forms = decoded_.forms,
                                       .labels = served_->model->config().labels,
                                       .max_bytes = limits_.max_reply_bytes},
                                      *response_);
  if (status.ok()) status = StoreSharedOutputs(*request_, backend_.shared_memory, *response_);
  if (!status.ok()) return status;
  const absl::Time end = absl::Now();
  phases.head.Observe(Seconds(serialize_start - head_start));
  phases.serialize.Observe(Seconds(end - serialize_start));
  times_.output = end - head_start;
  if (parameters_.wants_timing) WriteTiming();
  return absl::OkStatus();
}

void Inference::WriteTiming() {
  auto& parameters = *response_->mutable_parameters();
  const auto write = [&](const char* name, absl::Duration time) {
    parameters[name].set_int64_param(absl::ToInt64Microseconds(time));
  };
  write("sta_input_us", times_.input);
  write("sta_queue_us", times_.queue);
  write("sta_compute_us", times_.compute);
  write("sta_output_us", times_.output);
  write("sta_total_us", absl::Now() - start_);
}

void Inference::End(const absl::Status& status) {
  const absl::Duration total = absl::Now() - start_;
  backend_.metrics.CountRequest(request_->model_name(), served_ != nullptr ? served_->version : 0,
                                origin_.rpc, status.code(), total);
  times_.arrived = start_;
  times_.total = total;
  if (served_ != nullptr) {
    ModelStatistics& statistics = backend_.metrics.statistics();
    if (status.ok()) {
      statistics.CountAnswer(served_->name, served_->version, times_);
    } else {
      statistics.CountFailure(served_->name, served_->version, start_, total);
    }
  }
  if (backend_.access_log.Wants(status.code())) WriteLine(status);
  // On the stack: it may destroy this.
  Done done = std::move(done_);
  done(status);
}

void Inference::WriteLine(const absl::Status& status) {
  if (trace_.trace_id.empty()) trace_.trace_id = NewTraceId();
  AccessRecord record = {.rpc = std::string(origin_.rpc),
                         .model = request_->model_name(),
                         .status = status,
                         .client = origin_.client,
                         .request_id = request_->id(),
                         .trace = trace_,
                         .tokens = tokens_,
                         .times = times_};
  if (const ServedModel* served = served_.get(); served != nullptr) {
    record.model = served->name;
    record.version = served->version;
  }
  backend_.access_log.Write(std::move(record));
}

}  // namespace sta
