// SPDX-License-Identifier: Apache-2.0
//
// The outer form of an xclbin: its header and the list of its sections. XRT follows sizes and
// offsets in a file without looking whether they lie in it; these functions look.
//
// Pure functions. The bytes are untrusted.
#ifndef ACCEL_XRT_XCLBIN_SECTION_TABLE_H_
#define ACCEL_XRT_XCLBIN_SECTION_TABLE_H_

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace sta {

struct XclbinSection {
  uint32_t kind = 0;
  std::string name;
  uint64_t offset = 0;  // from the beginning of the file
  uint64_t size_bytes = 0;

  friend bool operator==(const XclbinSection&, const XclbinSection&) = default;
};

// In the file's order. INVALID_ARGUMENT: it is no xclbin, it was cut short, or its sections lie
// outside of it, in its headers or in each other.
absl::StatusOr<std::vector<XclbinSection>> ReadSectionTable(std::span<const uint8_t> file);

// "MEM_TOPOLOGY", or "kind 99".
std::string SectionKindName(uint32_t kind);

}  // namespace sta

#endif  // ACCEL_XRT_XCLBIN_SECTION_TABLE_H_
