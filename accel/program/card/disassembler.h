// SPDX-License-Identifier: Apache-2.0
//
// Instructions as text, one a line: mnemonic, flags, fields by the names of
// accel/rtl/doc/instruction-set.md, and what is waited for.
//
//   VECTOR    normalize view parameter_beat=1 channel_blocks=4 ...  after load 1
//
// Pure functions.
#ifndef ACCEL_PROGRAM_CARD_DISASSEMBLER_H_
#define ACCEL_PROGRAM_CARD_DISASSEMBLER_H_

#include <span>
#include <string>

#include "accel/program/card/instruction.h"

namespace sta::card {

// Without a newline.
std::string Disassemble(const CardInstruction& instruction);

// Each line begins with the instruction's number.
std::string DisassembleStream(std::span<const CardInstruction> stream);

}  // namespace sta::card

#endif  // ACCEL_PROGRAM_CARD_DISASSEMBLER_H_
