// SPDX-License-Identifier: Apache-2.0
//
// A 512-bit instruction port of a Verilated model, set from an instruction of accel/program/card.
#ifndef ACCEL_RTL_DV_INSTRUCTION_PORT_H_
#define ACCEL_RTL_DV_INSTRUCTION_PORT_H_

#include <cstddef>

#include "accel/program/card/card_config.h"
#include "accel/program/card/instruction.h"
#include "gtest/gtest.h"

namespace sta::rtl {

template <typename Port>
void SetWords(Port& port, const card::InstructionWords& words) {
  for (size_t i = 0; i < words.size(); ++i) port[i] = words[i];
}

template <typename Port>
card::InstructionWords GetWords(const Port& port) {
  card::InstructionWords words;
  for (size_t i = 0; i < words.size(); ++i) words[i] = port[i];
  return words;
}

// `instruction` is one that the encoder takes.
template <typename Port>
void SetInstruction(Port& port, const card::CardInstruction& instruction,
                    const card::CardConfig& config) {
  const auto words = card::EncodeInstruction(instruction, config);
  ASSERT_TRUE(words.ok()) << words.status();
  SetWords(port, *words);
}

}  // namespace sta::rtl

#endif  // ACCEL_RTL_DV_INSTRUCTION_PORT_H_
