// SPDX-License-Identifier: Apache-2.0
//
// ReferenceDevice: the scalar interpreter as a Device. Tests compare every other device with it; it
// is about a thousand times slower than the emulator and serves nobody.
//
//   ReferenceDevice device;
//   auto loaded = device.Load(program);
//   absl::Status status = device.Run(**loaded, batch, output, absl::InfiniteFuture());
//
// Thread-safe: it has no state after construction. Run checks the deadline between instructions.
#ifndef ACCEL_REFERENCE_REFERENCE_DEVICE_H_
#define ACCEL_REFERENCE_REFERENCE_DEVICE_H_

#include <cstdint>
#include <memory>
#include <span>

#include "accel/device.h"

namespace sta {

class ReferenceDevice final : public Device {
 public:
  ReferenceDevice();

  const DeviceCaps& caps() const override { return caps_; }
  DeviceHealth health() const override { return DeviceHealth::kHealthy; }

  absl::StatusOr<std::unique_ptr<LoadedProgram>> Load(
      std::shared_ptr<const Program> program) override;
  absl::Status Run(const LoadedProgram& program, const PackedSequences& batch,
                   std::span<int16_t> output, absl::Time deadline) override;
  absl::Duration EstimateRun(const LoadedProgram& program,
                             std::span<const int32_t> sequence_offsets) const override;

 private:
  const DeviceCaps caps_;
};

}  // namespace sta

#endif  // ACCEL_REFERENCE_REFERENCE_DEVICE_H_
