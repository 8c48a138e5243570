// SPDX-License-Identifier: Apache-2.0
#include "server/models/model_status.h"

namespace sta {

std::string_view ModelStateName(ModelState state) {
  switch (state) {
    case ModelState::kUnloaded:
      return "UNLOADED";
    case ModelState::kVerifying:
      return "VERIFYING";
    case ModelState::kLoading:
      return "LOADING";
    case ModelState::kWarming:
      return "WARMING";
    case ModelState::kReady:
      return "READY";
    case ModelState::kDraining:
      return "DRAINING";
    case ModelState::kFailed:
      break;
  }
  return "FAILED";
}

ModelSummary Summarize(const ServedModel& served) {
  if (served.diagnostic != nullptr) {
    return {.task = std::string(OperationName(served.diagnostic->config().operation)),
            .patterns = {}};
  }
  const ModelConfig& config = served.model->config();
  const Manifest& manifest = served.model->manifest();
  ModelSummary summary = {.task = std::string(TaskName(config.task)),
                          .patterns = {},
                          .max_sequence_tokens = config.max_sequence_tokens,
                          .hidden_size = config.hidden_size,
                          .arithmetic_version = manifest.arithmetic_version};
  for (const MatrixEntry& matrix : manifest.matrices) ++summary.patterns[matrix.pattern.ToString()];
  return summary;
}

}  // namespace sta
