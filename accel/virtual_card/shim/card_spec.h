// SPDX-License-Identifier: Apache-2.0
//
// The file that says which virtual cards a process has; docs/virtual-cards.md has its fields.
//
//   absl::StatusOr<SystemSpec> spec = ReadSystemSpec(getenv("STA_VIRTUAL_CARDS"));
//
// Pure functions but for ReadSystemSpec, which reads the file.
#ifndef ACCEL_VIRTUAL_CARD_SHIM_CARD_SPEC_H_
#define ACCEL_VIRTUAL_CARD_SHIM_CARD_SPEC_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace sta::virtual_xrt {

enum class BodyKind : uint8_t { kFunctional, kNone, kVerilated };

struct CardSpec {
  BodyKind body = BodyKind::kFunctional;
  int64_t memory_mb = 1024;  // the bank that stactl xclbin make makes
  // Simulated time that a run takes beyond what the body takes.
  int64_t compute_us_per_run = 0;
  int64_t compute_us_per_1000_beats = 0;  // of the input
  int64_t transfer_mb_per_s = 0;          // each way; 0: as fast as memory is copied
};

struct SystemSpec {
  std::string directory;  // of lock files and of the control socket
  std::vector<CardSpec> cards;
};

// INVALID_ARGUMENT names the field that is missing, unknown, of another type or out of its range.
absl::StatusOr<SystemSpec> ParseSystemSpec(std::string_view json);

// As ParseSystemSpec; NOT_FOUND where `path` is null, empty or cannot be read.
absl::StatusOr<SystemSpec> ReadSystemSpec(const char* path);

}  // namespace sta::virtual_xrt

#endif  // ACCEL_VIRTUAL_CARD_SHIM_CARD_SPEC_H_
