// SPDX-License-Identifier: Apache-2.0
//
// PoolJob: a batch inside the pool, and ProgramCopies, the Program that it runs. Internal to
// accel/device_pool.
#ifndef ACCEL_DEVICE_POOL_POOL_JOB_H_
#define ACCEL_DEVICE_POOL_POOL_JOB_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "absl/time/time.h"
#include "accel/device.h"
#include "accel/device_pool/audit.h"
#include "accel/device_pool/device_pool.h"

namespace sta {

// A Program and what the devices have made of it. All but `program` is guarded by the pool's mutex;
// a LoadedProgram is used and destroyed by its device's thread only (one that came too late to be
// used by the thread that loaded it).
struct ProgramCopies {
  std::shared_ptr<const Program> program;
  std::vector<std::unique_ptr<LoadedProgram>> on_device;  // null where a device does not have it
  std::vector<absl::Status> refusals;                     // why not
  bool is_abandoned = false;                              // nobody will run it any more
};

struct PoolJob {
  std::unique_ptr<PoolTask> task;
  std::shared_ptr<ProgramCopies> program;
  std::span<const int32_t> sequence_offsets;
  absl::Duration estimate;  // on the device that has the job
  std::optional<PoolTask::Work> work;
  std::vector<size_t> failed_on;  // devices
  absl::Status failure;           // of the last of them

  // Of a batch that is audited: what it has got so far, and where the next run writes.
  std::vector<AuditVote> votes;
  std::vector<int16_t> next_vote;

  bool is_audited() const { return !votes.empty(); }
  std::span<int16_t> output() { return is_audited() ? std::span(next_vote) : work->output; }
  int64_t token_count() const { return work.has_value() ? work->batch.token_count() : 0; }
};

}  // namespace sta

#endif  // ACCEL_DEVICE_POOL_POOL_JOB_H_
