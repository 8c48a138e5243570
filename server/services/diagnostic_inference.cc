// SPDX-License-Identifier: Apache-2.0
//
// Inference's way through a diagnostic model.
#include <cstdint>
#include <utility>

#include "absl/time/clock.h"
#include "server/services/diagnostic_response.h"
#include "server/services/inference.h"
#include "server/services/shared_tensors.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

int64_t BatchOf(const DiagnosticRequest& request, const DiagnosticConfig& config) {
  return config.max_batch_size > 0 ? request.shapes.front().front() : 1;
}

}  // namespace

void Inference::StartDiagnostic(const inference::ModelInferRequest& message) {
  absl::StatusOr<DiagnosticRequest> decoded =
      DecodeDiagnosticRequest(message, served_->diagnostic->config());
  if (!decoded.ok()) return End(decoded.status());
  diagnostic_ = *std::move(decoded);
  const absl::Time submitted = absl::Now();
  times_.input = submitted - start_;
  backend_.metrics.ForModel(served_->name)
      .phases.tokenize.Observe(absl::ToDoubleSeconds(times_.input));
  backend_.diagnostics.Submit({.model = served_,
                               .deadline = deadline_,
                               .cancelled = cancelled_,
                               .done = [this, submitted](const absl::Status& status) {
                                 End(status.ok() ? WriteDiagnosticResponse(submitted) : status);
                               }});
}

absl::Status Inference::WriteDiagnosticResponse(absl::Time submitted) {
  const absl::Time serialize_start = absl::Now();
  response_->set_model_name(served_->name);
  response_->set_model_version(StrCat(served_->version));
  response_->set_id(request_->id());
  absl::Status status = EncodeDiagnosticOutputs(diagnostic_, *served_->diagnostic, *response_);
  if (status.ok()) status = StoreSharedOutputs(*request_, backend_.shared_memory, *response_);
  if (!status.ok()) return status;
  const absl::Time end = absl::Now();
  times_.compute = serialize_start - submitted;
  times_.output = end - serialize_start;
  times_.rows = BatchOf(diagnostic_, served_->diagnostic->config());
  const PhaseMetrics& phases = backend_.metrics.ForModel(served_->name).phases;
  phases.compute.Observe(absl::ToDoubleSeconds(times_.compute));
  phases.serialize.Observe(absl::ToDoubleSeconds(times_.output));
  // Each answer is an execution of its own.
  backend_.metrics.statistics().CountBatch(served_->name, served_->version, times_.rows,
                                           times_.compute);
  if (parameters_.wants_timing) WriteTiming();
  return absl::OkStatus();
}

}  // namespace sta
