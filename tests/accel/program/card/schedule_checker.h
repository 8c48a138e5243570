// SPDX-License-Identifier: Apache-2.0
//
// Proves of an instruction stream that its waits are enough, whatever the units' speeds: nothing
// is read that an instruction which is surely finished has not written, and nothing is written
// while a reader or another writer of it may be at work.
//
//   EXPECT_EQ(CheckSchedule(run.stream, config), "");
//
// An instruction is surely finished before another where it stands before it in the same unit, or
// the other waits for it, or so on from one to the next.
#ifndef TESTS_ACCEL_PROGRAM_CARD_SCHEDULE_CHECKER_H_
#define TESTS_ACCEL_PROGRAM_CARD_SCHEDULE_CHECKER_H_

#include <span>
#include <string>

#include "accel/program/card/card_config.h"
#include "accel/program/card/instruction.h"

namespace sta::card {

// Empty, or the first conflict: "instruction 7 reads activation row 12: instruction 5 ...".
std::string CheckSchedule(std::span<const CardInstruction> stream, const CardConfig& config);

}  // namespace sta::card

#endif  // TESTS_ACCEL_PROGRAM_CARD_SCHEDULE_CHECKER_H_
