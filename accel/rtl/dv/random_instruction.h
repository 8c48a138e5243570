// SPDX-License-Identifier: Apache-2.0
//
// Random instruction words, good ones and ones that are wrong in one place or in several.
#ifndef ACCEL_RTL_DV_RANDOM_INSTRUCTION_H_
#define ACCEL_RTL_DV_RANDOM_INSTRUCTION_H_

#include <algorithm>
#include <cstdint>
#include <random>
#include <variant>

#include "accel/program/card/card_config.h"
#include "accel/program/card/instruction.h"
#include "accel/program/card/instruction_fields.h"

namespace sta::rtl {

class RandomInstruction {
 public:
  RandomInstruction(const card::CardConfig& config, std::mt19937& random)
      : config_(config), random_(random) {}

  // One that the encoder takes, of a random kind but END, without waits.
  card::CardInstruction Good() {
    card::CardInstruction instruction;
    do {
      instruction.operation = AnyOperation();
      std::visit([&](auto& operation) { Fill(operation); }, instruction.operation);
    } while (!card::CheckInstruction(instruction, config_).ok());
    return instruction;
  }

  // `words` with a field just beyond its limit, a flipped bit, or a word of random bits.
  card::InstructionWords Spoiled(const card::CardInstruction& instruction,
                                 card::InstructionWords words) {
    switch (Below(4)) {
      case 0:
        words[static_cast<size_t>(Below(16))] ^= uint32_t{1} << Below(32);
        break;
      case 1:
        words[0] = (words[0] & ~0xFFU) | static_cast<uint32_t>(Below(8));
        break;
      case 2:
        words[static_cast<size_t>(Below(16))] = random_();
        break;
      default:
        std::visit([&](const auto& operation) { SpoilField(operation, words); },
                   instruction.operation);
    }
    return words;
  }

  int64_t Below(int64_t limit) { return static_cast<int64_t>(random_() % limit); }

 private:
  decltype(card::CardInstruction::operation) AnyOperation() {
    switch (Below(5)) {
      case 0:
        return card::TransferInstruction{.direction = card::TransferDirection::kLoad};
      case 1:
        return card::TransferInstruction{.direction = card::TransferDirection::kStore};
      case 2:
        return card::MatmulInstruction{
            .gelu = Below(2) == 0,
            .indexed = Below(2) == 0,
            .destination_buffer = static_cast<card::MatmulDestination>(Below(3))};
      case 3:
        return card::VectorInstruction{.normalize = Below(2) == 0, .view = Below(2) == 0};
      default:
        return card::AttentionInstruction{};
    }
  }

  // Every field at its least, at its most, or in between, small ones more often.
  template <typename Operation>
  void Fill(Operation& operation) {
    card::VisitFields(operation, [&](const card::Field& field, int64_t& value) {
      const int64_t range = field.most - field.least + 1;
      switch (Below(8)) {
        case 0:
          value = field.least;
          break;
        case 1:
          value = field.most;
          break;
        case 2:
          value = field.least + Below(range);
          break;
        default:
          value = field.least + Below(std::min<int64_t>(range, 40));
      }
    });
  }

  template <typename Operation>
  void SpoilField(const Operation& operation, card::InstructionWords& words) {
    int64_t count = 0;
    card::VisitFields(operation, [&](const card::Field&, int64_t) { ++count; });
    int64_t left = count == 0 ? -1 : Below(count);
    card::VisitFields(operation, [&](const card::Field& field, int64_t) {
      if (left-- != 0) return;
      const auto mask = static_cast<uint32_t>((uint64_t{1} << field.width) - 1);
      const int64_t value = Below(2) == 0 ? field.least - 1 : field.most + 1;
      words[field.word] &= ~(mask << field.low_bit);
      words[field.word] |= (static_cast<uint32_t>(value) & mask) << field.low_bit;
    });
  }

  card::CardConfig config_;
  std::mt19937& random_;
};

}  // namespace sta::rtl

#endif  // ACCEL_RTL_DV_RANDOM_INSTRUCTION_H_
