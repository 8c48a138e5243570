// SPDX-License-Identifier: Apache-2.0
#include "accel/reference/reference_device.h"

#include <cstddef>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "accel/reference/interpreter.h"

namespace sta {
namespace {

constexpr int64_t kMaxTokens = 65536;
// Scalar multiplications take about this long; good enough to keep work away from this device.
constexpr double kNanosecondsPerProduct = 1.0;

class ReferenceProgram final : public LoadedProgram {
 public:
  explicit ReferenceProgram(std::shared_ptr<const Program> program)
      : program_(std::move(program)) {}

  const Program& program() const { return *program_; }

 private:
  const std::shared_ptr<const Program> program_;
};

const Program& ProgramOf(const LoadedProgram& loaded) {
  return static_cast<const ReferenceProgram&>(loaded).program();
}

}  // namespace

ReferenceDevice::ReferenceDevice()
    : caps_{.name = "reference",
            .kind = "reference",
            .detail = "scalar interpreter",
            .max_tokens = kMaxTokens} {}

absl::StatusOr<std::unique_ptr<LoadedProgram>> ReferenceDevice::Load(
    std::shared_ptr<const Program> program) {
  return std::make_unique<ReferenceProgram>(std::move(program));
}

absl::Status ReferenceDevice::Run(const LoadedProgram& program, const PackedSequences& batch,
                                  std::span<int16_t> output, absl::Time deadline) {
  if (batch.token_count() > kMaxTokens) {
    return absl::InvalidArgumentError(
        absl::StrCat("batch has ", batch.token_count(), " tokens, the device takes ", kMaxTokens));
  }
  return Interpret(ProgramOf(program), batch, output, [deadline](size_t, const ActivationBuffer&) {
    return absl::Now() < deadline ? absl::OkStatus()
                                  : absl::DeadlineExceededError("the batch ran out of time");
  });
}

absl::Duration ReferenceDevice::EstimateRun(const LoadedProgram& program,
                                            std::span<const int32_t> sequence_offsets) const {
  if (sequence_offsets.empty()) return absl::ZeroDuration();
  double products_per_token = 0.0;
  for (const LinearParameters& linear : ProgramOf(program).linears) {
    products_per_token += static_cast<double>(linear.weights.values.size());
  }
  return absl::Nanoseconds(kNanosecondsPerProduct * products_per_token * sequence_offsets.back());
}

}  // namespace sta
