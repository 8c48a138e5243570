// SPDX-License-Identifier: Apache-2.0
//
// DiagnosticModel: a diagnostic package ready to serve: no weights, no device; an operation on the
// elements of tensors as they come.
//
//   auto model = DiagnosticModel::Load(*package);
//   absl::Status status = (*model)->Compute(1, inputs, out);    // output 1, from all inputs
//
// Tensors are row-major and little-endian without padding; BYTES elements have a uint32 length in
// front: the raw contents of the Open Inference Protocol. Immutable and thread-safe.
#ifndef MODEL_STORE_MODEL_DIAGNOSTIC_MODEL_H_
#define MODEL_STORE_MODEL_DIAGNOSTIC_MODEL_H_

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "model_store/package/package.h"

namespace sta {

class DiagnosticModel {
 public:
  // FAILED_PRECONDITION: the package is of another kind.
  static absl::StatusOr<std::shared_ptr<const DiagnosticModel>> Load(const Package& package);

  const DiagnosticConfig& config() const { return config_; }
  const Manifest& manifest() const { return manifest_; }
  absl::Duration delay() const { return absl::Microseconds(config_.delay_us); }

  // Sets `raw` to output `output`. `inputs` are whole elements, one tensor for each of
  // config().inputs, of the shapes that these allow; those of add_sub have equally many elements.
  // Integers wrap around. INVALID_ARGUMENT: an element of add_sub on BYTES is no decimal int64.
  absl::Status Compute(size_t output, std::span<const std::string_view> inputs,
                       std::string& raw) const;

 private:
  DiagnosticModel(const DiagnosticConfig& config, const Manifest& manifest)
      : config_(config), manifest_(manifest) {}

  const DiagnosticConfig config_;
  const Manifest manifest_;
};

}  // namespace sta

#endif  // MODEL_STORE_MODEL_DIAGNOSTIC_MODEL_H_
