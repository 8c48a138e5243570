// SPDX-License-Identifier: Apache-2.0
//
// Device: anything that runs a Program: the CPU emulator, the scalar reference, a card. All devices
// return the same bits, so a batch may run on any of them, and again on another after a failure.
//
//   auto loaded = device.Load(program);                        // once a model
//   Status s = device.Run(**loaded, {rows, offsets}, output, deadline);
//
// A device that takes a batch while another one computes has caps().max_in_flight > 1; its user
// starts one before it finishes another, so that transfers overlap with computing:
//
//   auto first = device.Start(**loaded, batch1, output1, deadline);
//   auto second = device.Start(**loaded, batch2, output2, deadline);
//   Status s = (*first)->Finish();                             // in the order of their start
//
// Obligations of an implementation:
//  1. Load, Run, Start, Finish and Recover block; they are called from one thread at a time per
//     device (thread-compatible; Load apart where caps().loads_beside_runs). caps(), health(),
//     telemetry() and EstimateRun() may be called from any thread at any time; of these caps(),
//     health() and EstimateRun() do not wait for anything: callers hold locks.
//  2. Run, and Start with its Finish, neither keep nor read their arguments after they returned,
//     whatever the outcome.
//  3. On an error the content of `output` is undefined and the caller discards it.
//  4. Results are bit-equal to accel/reference.
//  5. No exception leaves a method.
// Promises of the caller: a LoadedProgram is used only with the device that made it and destroyed
// before it; arguments are checked by ValidateBatch or are known to be good.
#ifndef ACCEL_DEVICE_H_
#define ACCEL_DEVICE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "accel/program/program.h"

namespace sta {

// Sequences packed end to end, never padded. Sequence i is rows offsets[i] .. offsets[i + 1]; the
// first offset is 0, the last the number of rows, and every sequence has at least one row.
struct PackedSequences {
  std::span<const int16_t> rows;  // [tokens][hidden_size]
  std::span<const int32_t> sequence_offsets;

  int64_t token_count() const { return sequence_offsets.empty() ? 0 : sequence_offsets.back(); }
};

// INVALID_ARGUMENT where offsets or sizes break the rules above, a sequence is longer than 65,536
// tokens (the bound of the accumulators of attention) or `output` has another size than
// the rows.
absl::Status ValidateBatch(const Program& program, const PackedSequences& batch,
                           std::span<const int16_t> output);

struct DeviceCaps {
  std::string name;        // "emulator", "xrt:0": unique in a process
  std::string kind;        // "emulator", "reference", "xrt"
  std::string detail;      // what a person wants to know: ISA, threads, card
  int64_t max_tokens = 0;  // largest batch that Run takes
  int max_in_flight = 1;   // batches that may be started and not finished
  // Load may be called from any thread at any time, beside a Run too: a batch waits for no load.
  bool loads_beside_runs = false;
};

enum class DeviceHealth { kHealthy, kFailed };

// What a device measures of itself.
struct DeviceTelemetry {
  std::optional<double> temperature_celsius;
};

// A Program laid out for one device. Immutable; owns what the device needs to run it.
class LoadedProgram {
 public:
  virtual ~LoadedProgram() = default;
  LoadedProgram(const LoadedProgram&) = delete;
  LoadedProgram& operator=(const LoadedProgram&) = delete;

  // Memory that it takes on the device, beside the Program itself; 0 where that is what runs.
  virtual int64_t memory_bytes() const { return 0; }

 protected:
  LoadedProgram() = default;
};

// A batch that was started and not finished. Destroyed before its device and its LoadedProgram;
// where Finish was not called, the destructor gives the batch up and waits until the device has
// let go of it.
class PendingRun {
 public:
  virtual ~PendingRun() = default;
  PendingRun(const PendingRun&) = delete;
  PendingRun& operator=(const PendingRun&) = delete;

  // Blocks until `output` of Start is written or the batch has failed: statuses of Device::Run.
  // Called at most once, and in the order of the starts.
  virtual absl::Status Finish() = 0;

 protected:
  PendingRun() = default;
};

class Device {
 public:
  virtual ~Device() = default;
  Device() = default;
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;

  virtual const DeviceCaps& caps() const = 0;
  virtual DeviceHealth health() const = 0;

  // RESOURCE_EXHAUSTED: the device's memory is full; UNAVAILABLE: the device is gone.
  virtual absl::StatusOr<std::unique_ptr<LoadedProgram>> Load(
      std::shared_ptr<const Program> program) = 0;

  // DEADLINE_EXCEEDED: the deadline passed before the batch was done (a device may notice late);
  // UNAVAILABLE, INTERNAL, DATA_LOSS: the device failed and the batch may be run elsewhere;
  // INVALID_ARGUMENT: a batch over max_tokens. No others: a user may take them for INTERNAL.
  virtual absl::Status Run(const LoadedProgram& program, const PackedSequences& batch,
                           std::span<int16_t> output, absl::Time deadline) = 0;

  // The first half of a Run; at most caps().max_in_flight may be pending. The arguments stay valid
  // until the PendingRun is finished or destroyed. By default all the work is done in Finish.
  // Statuses of Run.
  virtual absl::StatusOr<std::unique_ptr<PendingRun>> Start(const LoadedProgram& program,
                                                            const PackedSequences& batch,
                                                            std::span<int16_t> output,
                                                            absl::Time deadline);

  // After a failure: brings the device back to where it takes batches, by reopening it if need be.
  // LoadedPrograms stay valid. Nothing is pending. UNAVAILABLE: it is still gone.
  virtual absl::Status Recover() { return absl::OkStatus(); }

  virtual DeviceTelemetry telemetry() const { return {}; }

  // How long Run would take on an idle device; a guess that orders devices and drops hopeless work.
  virtual absl::Duration EstimateRun(const LoadedProgram& program,
                                     std::span<const int32_t> sequence_offsets) const = 0;
};

}  // namespace sta

#endif  // ACCEL_DEVICE_H_
