// SPDX-License-Identifier: Apache-2.0
//
// The check that everything exists that an instruction touches. Internal to accel/virtual_card.
#ifndef ACCEL_VIRTUAL_CARD_RANGE_CHECK_H_
#define ACCEL_VIRTUAL_CARD_RANGE_CHECK_H_

#include <cstdint>

#include "accel/program/card/card_config.h"
#include "accel/program/card/card_error.h"
#include "accel/program/card/instruction.h"

namespace sta::card {

// Sizes of the regions in memory.
struct RegionBeats {
  int64_t program = 0;
  int64_t input = 0;
  int64_t output = 0;
};

// kNone where all that the instruction reads and writes exists; else the first that does not, in
// the order of the codes. The instruction has passed CheckInstruction.
CardError CheckRanges(const CardInstruction& instruction, const CardConfig& config,
                      const RegionBeats& regions);

}  // namespace sta::card

#endif  // ACCEL_VIRTUAL_CARD_RANGE_CHECK_H_
