// SPDX-License-Identifier: Apache-2.0
#include "accel/xrt/card_memory.h"

#include <algorithm>
#include <utility>

namespace sta {

absl::StatusOr<std::unique_ptr<XrtBuffer>> CardMemory::Allocate(KernelBuffer use, int64_t size) {
  while (true) {
    absl::StatusOr<std::unique_ptr<XrtBuffer>> buffer = card_->Allocate(use, size);
    // The card alone knows what fits: memory may be in pieces.
    if (absl::IsResourceExhausted(buffer.status()) && images_.EvictOne()) continue;
    return buffer;
  }
}

absl::StatusOr<std::shared_ptr<XrtBuffer>> CardMemory::Image(const XrtProgram& program) {
  if (std::shared_ptr<XrtBuffer> image = images_.Find(program.id)) return image;
  const int64_t size = program.memory_bytes();
  absl::StatusOr<std::unique_ptr<XrtBuffer>> buffer = Allocate(KernelBuffer::kProgram, size);
  if (!buffer.ok()) return buffer.status();
  std::shared_ptr<XrtBuffer> image = *std::move(buffer);
  // Not std::ranges::copy, which in GCC 12's library takes constant bytes one by one.
  std::copy(program.image.bytes.begin(), program.image.bytes.end(), image->bytes().begin());
  if (absl::Status status = image->Upload(0, size); !status.ok()) return status;
  images_.Insert(program.id, size, image);
  return image;
}

}  // namespace sta
