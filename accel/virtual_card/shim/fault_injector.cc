// SPDX-License-Identifier: Apache-2.0
#include "accel/virtual_card/shim/fault_injector.h"

#include <algorithm>
#include <cstddef>
#include <iterator>

namespace sta::virtual_xrt {
namespace {

// In the order of FaultKind.
constexpr std::string_view kFaultNames[] = {
    "hang",           "hang-hard",        "error", "abort", "wrong", "corrupt-memory", "slow",
    "corrupt-upload", "corrupt-download", "alloc"};

}  // namespace

std::string_view FaultName(FaultKind kind) { return kFaultNames[static_cast<size_t>(kind)]; }

std::optional<FaultKind> FaultNamed(std::string_view name) {
  const auto* const found = std::ranges::find(kFaultNames, name);
  if (found == std::end(kFaultNames)) return std::nullopt;
  return static_cast<FaultKind>(found - std::begin(kFaultNames));
}

void FaultInjector::Arm(const Fault& fault) {
  absl::MutexLock lock(&mutex_);
  armed_.push_back(fault);
}

void FaultInjector::Clear() {
  absl::MutexLock lock(&mutex_);
  armed_.clear();
}

std::optional<Fault> FaultInjector::Take(FaultKind kind) {
  absl::MutexLock lock(&mutex_);
  std::optional<Fault> struck;
  for (Fault& fault : armed_) {
    if (fault.kind != kind) continue;
    if (fault.after > 0) {
      --fault.after;
    } else if (!struck.has_value()) {
      struck = fault;
      if (fault.count.has_value()) --*fault.count;
    }
  }
  std::erase_if(armed_, [](const Fault& fault) { return fault.count == 0; });
  if (struck.has_value()) ++injected_;
  return struck;
}

size_t FaultInjector::FlipBit(std::span<uint8_t> bytes) {
  if (bytes.empty()) return 0;
  absl::MutexLock lock(&mutex_);
  const size_t index = random_() % bytes.size();
  bytes[index] ^= static_cast<uint8_t>(1U << (random_() % 8));
  return index;
}

int64_t FaultInjector::injected() const {
  absl::MutexLock lock(&mutex_);
  return injected_;
}

}  // namespace sta::virtual_xrt
