// SPDX-License-Identifier: Apache-2.0
#include "model_store/model/diagnostic_model.h"

#include "model_store/model/add_sub.h"

namespace sta {

absl::StatusOr<std::shared_ptr<const DiagnosticModel>> DiagnosticModel::Load(
    const Package& package) {
  if (package.kind() != PackageKind::kDiagnostic) {
    return absl::FailedPreconditionError("the package is no diagnostic model");
  }
  return std::shared_ptr<const DiagnosticModel>(
      new DiagnosticModel(package.diagnostic(), package.manifest()));
}

absl::Status DiagnosticModel::Compute(size_t output, std::span<const std::string_view> inputs,
                                      std::string& raw) const {
  if (config_.operation == DiagnosticOperation::kIdentity) {
    raw.assign(inputs[output]);
    return absl::OkStatus();
  }
  return AddOrSubtract(config_.inputs.front().datatype, output == 1, inputs[0], inputs[1], raw);
}

}  // namespace sta
