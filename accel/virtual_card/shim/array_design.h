// SPDX-License-Identifier: Apache-2.0
//
// What an xclbin makes of a virtual card, as a bitstream would of a real one: the array in its
// section BITSTREAM, where its memory begins and where its kernel's registers are.
//
// Pure functions. The xclbin is untrusted: no byte beyond its length is looked at.
#ifndef ACCEL_VIRTUAL_CARD_SHIM_ARRAY_DESIGN_H_
#define ACCEL_VIRTUAL_CARD_SHIM_ARRAY_DESIGN_H_

#include <xclbin.h>

#include <array>
#include <cstdint>

#include "absl/status/statusor.h"
#include "accel/program/card/card_config.h"

namespace sta::virtual_xrt {

struct ArrayDesign {
  card::CardConfig config;
  uint64_t memory_address = 0;
  uint64_t memory_bytes = 0;  // of the bank, as the xclbin has it
  uint64_t kernel_address = 0;
  std::array<uint8_t, 16> uuid = {};
};

// INVALID_ARGUMENT where it is for another kind of card, or says nothing that can be.
absl::StatusOr<ArrayDesign> ReadArrayDesign(const axlf& xclbin);

}  // namespace sta::virtual_xrt

#endif  // ACCEL_VIRTUAL_CARD_SHIM_ARRAY_DESIGN_H_
