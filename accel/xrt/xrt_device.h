// SPDX-License-Identifier: Apache-2.0
//
// XrtDevice: a card through XRT as a Device. Two batches may be in flight: while one is computed,
// the next is uploaded and the last one downloaded and checked. Every run's transfers and what the
// card read of its memory are checked against checksums; what the kernel computes is not.
//
//   absl::StatusOr<std::unique_ptr<Device>> device =
//       XrtDevice::Open({.index = 0, .xclbin_path = "sta.xclbin"});
//
// Run and Finish fail with, beside what Device says: UNAVAILABLE: the card is gone, its memory is
// full, or a run hung; INTERNAL: the kernel stopped with an error; DATA_LOSS: a checksum differs.
// health() is kFailed from then until Recover, which begins with an empty card, and opens it again
// where that may be needed.
//
// Thread-safety as Device says; no thread of its own.
#ifndef ACCEL_XRT_XRT_DEVICE_H_
#define ACCEL_XRT_XRT_DEVICE_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "accel/device.h"
#include "accel/program/card/card_config.h"
#include "accel/xrt/batch_slot.h"
#include "accel/xrt/stream_cache.h"
#include "accel/xrt/xrt_plugin.h"
#include "accel/xrt/xrt_program.h"

namespace sta {

class XrtDevice final : public Device {
 public:
  // Statuses of XrtPlugin::OpenCard.
  static absl::StatusOr<std::unique_ptr<Device>> Open(const XrtCardOptions& options);
  ~XrtDevice() override;

  const DeviceCaps& caps() const override { return caps_; }
  DeviceHealth health() const override {
    return failed_ ? DeviceHealth::kFailed : DeviceHealth::kHealthy;
  }
  // UNIMPLEMENTED: the Program does not fit the array; RESOURCE_EXHAUSTED: or the card's memory.
  absl::StatusOr<std::unique_ptr<LoadedProgram>> Load(
      std::shared_ptr<const Program> program) override;
  absl::Status Run(const LoadedProgram& program, const PackedSequences& batch,
                   std::span<int16_t> output, absl::Time deadline) override;
  absl::StatusOr<std::unique_ptr<PendingRun>> Start(const LoadedProgram& program,
                                                    const PackedSequences& batch,
                                                    std::span<int16_t> output,
                                                    absl::Time deadline) override;
  absl::Status Recover() override;
  DeviceTelemetry telemetry() const override;
  absl::Duration EstimateRun(const LoadedProgram& program,
                             std::span<const int32_t> sequence_offsets) const override;

 private:
  // All that is gone when the card is closed.
  struct Session;
  class Pending;

  XrtDevice(const XrtCardOptions& options, std::unique_ptr<Session> session);

  static absl::StatusOr<std::unique_ptr<Session>> OpenSession(const XrtCardOptions& options);
  // A session with nothing of `old` but perhaps its open card: XRT keeps a thread for every card
  // that is opened, and does not end it when the card is closed. A card that does not answer, or
  // that has not succeeded in anything since the last time, is opened again.
  absl::StatusOr<std::unique_ptr<Session>> Renew(std::unique_ptr<Session> old);

  // A slot without a batch; waits for one whose batch was given up and is still on the card.
  absl::StatusOr<BatchSlot*> FreeSlot(absl::Time deadline);
  absl::Status StartIn(BatchSlot& slot, const XrtProgram& program, const PackedSequences& batch);
  absl::Status Upload(BatchSlot& slot, const XrtProgram& program,
                      std::shared_ptr<const BatchStreams> streams, std::span<const int16_t> rows);
  // Waits for the slot's runs and collects their rows.
  absl::Status FinishIn(BatchSlot& slot, const XrtProgram& program, std::span<int16_t> output,
                        absl::Time deadline);
  // Runs of the slot that are not on the card yet never will be.
  void GiveUp(BatchSlot& slot);
  // The Status as a Device gives it; remembers a failure of the card.
  absl::Status Noted(absl::Status status);

  const XrtCardOptions options_;
  const card::CardConfig config_;
  const double clock_mhz_;
  const int64_t memory_bytes_;
  DeviceCaps caps_;
  uint64_t next_program_id_ = 1;
  std::atomic<bool> failed_ = false;
  bool has_succeeded_ = false;  // since the last Recover

  // Replaced under the mutex; read without it by the thread that replaces it.
  mutable absl::Mutex session_mutex_;
  std::unique_ptr<Session> session_;  // null while the card cannot be opened
  StreamCache stream_cache_;
};

}  // namespace sta

#endif  // ACCEL_XRT_XRT_DEVICE_H_
