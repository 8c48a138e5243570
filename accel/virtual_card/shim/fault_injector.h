// SPDX-License-Identifier: Apache-2.0
//
// FaultInjector: which of a card's operations go wrong, and how. Faults are armed by the control
// channel and taken where the operation happens.
//
//   faults.Arm({.kind = FaultKind::kHang, .count = 2, .after = 10});
//   if (faults.Take(FaultKind::kHang)) ...      // true at the 11th and the 12th run
//
// Thread-safe.
#ifndef ACCEL_VIRTUAL_CARD_SHIM_FAULT_INJECTOR_H_
#define ACCEL_VIRTUAL_CARD_SHIM_FAULT_INJECTOR_H_

#include <cstdint>
#include <optional>
#include <random>
#include <span>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace sta::virtual_xrt {

enum class FaultKind : uint8_t {
  // Of a run.
  kHang,           // never completes; an abort ends it
  kHangHard,       // nor does an abort, and no run after it ever begins
  kError,          // completes with an error in the kernel's register
  kAbort,          // ends in the state ABORT
  kWrong,          // one bit of the first row is another, and the checksum is of that
  kCorruptMemory,  // one bit of the program image flips before it
  kSlow,           // takes `factor` times as long
  // Of a transfer.
  kCorruptUpload,    // one bit flips on its way
  kCorruptDownload,  // one bit flips on its way
  // Of an allocation.
  kAlloc,  // there is no memory
};

// "hang-hard"; and the kind of such a name.
std::string_view FaultName(FaultKind kind);
std::optional<FaultKind> FaultNamed(std::string_view name);

struct Fault {
  FaultKind kind = FaultKind::kHang;
  std::optional<int64_t> count = 1;  // operations that it strikes; nothing: all
  int64_t after = 0;                 // operations of its kind that it lets pass before
  double factor = 1;                 // of kSlow
};

class FaultInjector {
 public:
  explicit FaultInjector(uint64_t seed) : random_(seed) {}

  void Arm(const Fault& fault) ABSL_LOCKS_EXCLUDED(mutex_);
  void Clear() ABSL_LOCKS_EXCLUDED(mutex_);

  // Whether this operation goes wrong in this way, and the fault that says so. Counts as one
  // operation for every armed fault of the kind.
  std::optional<Fault> Take(FaultKind kind) ABSL_LOCKS_EXCLUDED(mutex_);

  // Flips one bit at random; none where there are no bytes. Returns the byte's index.
  size_t FlipBit(std::span<uint8_t> bytes) ABSL_LOCKS_EXCLUDED(mutex_);

  // Faults that struck.
  int64_t injected() const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  mutable absl::Mutex mutex_;
  std::vector<Fault> armed_ ABSL_GUARDED_BY(mutex_);
  int64_t injected_ ABSL_GUARDED_BY(mutex_) = 0;
  std::mt19937_64 random_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace sta::virtual_xrt

#endif  // ACCEL_VIRTUAL_CARD_SHIM_FAULT_INJECTOR_H_
