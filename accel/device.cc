// SPDX-License-Identifier: Apache-2.0
#include "accel/device.h"

#include <cstddef>
#include <cstdint>
#include <memory>

#include "absl/strings/str_cat.h"
#include "accel/arithmetic/attention.h"

namespace sta {
namespace {

// A Run that is put off until it is waited for.
class DeferredRun final : public PendingRun {
 public:
  DeferredRun(Device& device, const LoadedProgram& program, const PackedSequences& batch,
              std::span<int16_t> output, absl::Time deadline)
      : device_(device), program_(program), batch_(batch), output_(output), deadline_(deadline) {}

  absl::Status Finish() override { return device_.Run(program_, batch_, output_, deadline_); }

 private:
  Device& device_;
  const LoadedProgram& program_;
  const PackedSequences batch_;
  const std::span<int16_t> output_;
  const absl::Time deadline_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<PendingRun>> Device::Start(const LoadedProgram& program,
                                                          const PackedSequences& batch,
                                                          std::span<int16_t> output,
                                                          absl::Time deadline) {
  return std::make_unique<DeferredRun>(*this, program, batch, output, deadline);
}

absl::Status ValidateBatch(const Program& program, const PackedSequences& batch,
                           std::span<const int16_t> output) {
  const std::span<const int32_t> offsets = batch.sequence_offsets;
  if (offsets.size() < 2) {
    return absl::InvalidArgumentError(
        absl::StrCat("sequence offsets have ", offsets.size(), " entries, at least 2 are needed"));
  }
  if (offsets[0] != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("sequence_offsets[0] is ", offsets[0], ", expected is 0"));
  }
  for (size_t i = 1; i < offsets.size(); ++i) {
    const int64_t tokens = int64_t{offsets[i]} - offsets[i - 1];
    if (tokens < 1 || tokens > arithmetic::kMaxSequenceTokens) {
      return absl::InvalidArgumentError(absl::StrCat("sequence ", i - 1, " has ", tokens,
                                                     " tokens, allowed is 1..",
                                                     arithmetic::kMaxSequenceTokens));
    }
  }
  // At most 2^31 tokens of at most 4096 channels: no overflow.
  const auto expected = static_cast<uint64_t>(batch.token_count() * program.hidden_size);
  if (batch.rows.size() != expected) {
    return absl::InvalidArgumentError(absl::StrCat("rows hold ", batch.rows.size(), " values, ",
                                                   batch.token_count(), " tokens of ",
                                                   program.hidden_size, " need ", expected));
  }
  if (output.size() != expected) {
    return absl::InvalidArgumentError(
        absl::StrCat("output holds ", output.size(), " values, expected are ", expected));
  }
  return absl::OkStatus();
}

}  // namespace sta
