// SPDX-License-Identifier: Apache-2.0
//
// RegisterFile: the registers of accel/rtl/doc/registers.md for bodies that have no circuit.
//
// Thread-safe.
#ifndef ACCEL_VIRTUAL_CARD_REGISTER_FILE_H_
#define ACCEL_VIRTUAL_CARD_REGISTER_FILE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "accel/program/card/card_config.h"
#include "accel/program/card/card_error.h"
#include "accel/program/card/kernel_registers.h"
#include "accel/virtual_card/card_body.h"
#include "accel/virtual_card/functional_card.h"

namespace sta::card {

// A part of the card's memory.
struct MemoryRegion {
  uint64_t address = 0;
  uint64_t bytes = 0;

  bool Overlaps(const MemoryRegion& other) const {
    return address < other.address + other.bytes && other.address < address + bytes;
  }
  friend bool operator==(const MemoryRegion&, const MemoryRegion&) = default;
};

// The regions that the arguments of a run name.
struct RunRegions {
  MemoryRegion program;
  MemoryRegion instructions;
  MemoryRegion input;
  MemoryRegion output;
};

// The bytes of a region; nothing where it is not all in memory.
std::optional<std::span<uint8_t>> BytesOf(const MemoryRegion& region, const BoardMemory& memory);

// The regions of a run as bytes; or the error that the first bus access outside memory gives.
struct RunMemory {
  CardError error = CardError::kNone;
  CardMemory memory;
};
RunMemory MemoryOf(const RunRegions& regions, const BoardMemory& memory);

class RegisterFile {
 public:
  explicit RegisterFile(const CardConfig& config);

  uint32_t Read(uint32_t offset) const ABSL_LOCKS_EXCLUDED(mutex_);
  // Registers that cannot be written, and bits that do not exist, stay as they are.
  void Write(uint32_t offset, uint32_t value) ABSL_LOCKS_EXCLUDED(mutex_);

  RunRegions regions() const ABSL_LOCKS_EXCLUDED(mutex_);

  // A run begins: it is not idle, and the results of the last one are gone.
  void Start() ABSL_LOCKS_EXCLUDED(mutex_);
  // It has ended. Cycles are not counted.
  void Finish(const CardRunResult& result) ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  static constexpr uint32_t kEnd = 0x100;

  static size_t Index(uint32_t offset) { return offset / sizeof(uint32_t); }
  MemoryRegion Region(uint32_t address_register, uint32_t beats) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  mutable absl::Mutex mutex_;
  std::array<uint32_t, kEnd / sizeof(uint32_t)> words_ ABSL_GUARDED_BY(mutex_) = {};
};

}  // namespace sta::card

#endif  // ACCEL_VIRTUAL_CARD_REGISTER_FILE_H_
