// SPDX-License-Identifier: Apache-2.0
//
// StreamCache: the instruction streams of the batches that came last, by model and sequence
// lengths, with all else that a run is checked against.
//
//   absl::StatusOr<std::shared_ptr<const BatchStreams>> streams = cache.Get(program, offsets);
//
// Thread-compatible. Internal to accel/xrt.
#ifndef ACCEL_XRT_STREAM_CACHE_H_
#define ACCEL_XRT_STREAM_CACHE_H_

#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "accel/program/card/batch_schedule.h"
#include "accel/xrt/lru_cache.h"
#include "accel/xrt/xrt_program.h"

namespace sta {

// One run of a batch. Its regions lie in the batch's at these offsets.
struct RunStream {
  card::ScheduledRun run;
  std::vector<uint8_t> encoded;
  uint32_t program_checksum = 0;  // that the card must report
  absl::Duration estimate;
  int64_t instruction_offset = 0;
  int64_t region_offset = 0;  // of the input, and of the output

  int64_t region_bytes() const { return run.region_beats() * card::kBeatBytes; }
};

struct BatchStreams {
  std::vector<RunStream> runs;
  int64_t instruction_bytes = 0;  // of all runs
  int64_t region_bytes = 0;       // of all runs' inputs, and of all outputs
};

class StreamCache {
 public:
  explicit StreamCache(int64_t capacity_bytes) : capacity_bytes_(capacity_bytes) {}

  // INVALID_ARGUMENT: a sequence that the array does not take.
  absl::StatusOr<std::shared_ptr<const BatchStreams>> Get(
      const XrtProgram& program, std::span<const int32_t> sequence_offsets);

  int64_t bytes() const { return cache_.bytes(); }

 private:
  using Key = std::pair<uint64_t, std::vector<int32_t>>;  // XrtProgram::id, sequence offsets

  const int64_t capacity_bytes_;
  LruCache<Key, const BatchStreams> cache_;
};

}  // namespace sta

#endif  // ACCEL_XRT_STREAM_CACHE_H_
