// SPDX-License-Identifier: Apache-2.0
//
// CardMemory: the card's memory, shared by the buffers of batches, which stay, and program images,
// which come at their first use and leave when the room is needed, the least recently used first.
//
//   absl::StatusOr<std::shared_ptr<XrtBuffer>> image = memory.Image(program);
//
// Thread-compatible; as LruCache, it knows what is in use by who holds it. Internal to accel/xrt.
#ifndef ACCEL_XRT_CARD_MEMORY_H_
#define ACCEL_XRT_CARD_MEMORY_H_

#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "accel/xrt/lru_cache.h"
#include "accel/xrt/xrt_card.h"
#include "accel/xrt/xrt_program.h"

namespace sta {

class CardMemory {
 public:
  // `card` outlives this.
  explicit CardMemory(XrtCard* card) : card_(card) {}

  // Evicts images for it. RESOURCE_EXHAUSTED: all others are in use, or there are none.
  absl::StatusOr<std::unique_ptr<XrtBuffer>> Allocate(KernelBuffer use, int64_t size);

  // The image on the card, uploaded where it is not there; in use for as long as it is held.
  absl::StatusOr<std::shared_ptr<XrtBuffer>> Image(const XrtProgram& program);

 private:
  XrtCard* const card_;
  LruCache<uint64_t, XrtBuffer> images_;  // by XrtProgram::id
};

}  // namespace sta

#endif  // ACCEL_XRT_CARD_MEMORY_H_
