// SPDX-License-Identifier: Apache-2.0
//
// The rows of the activation buffer that the softmax unit writes, for its test: takes its granules,
// finds bytes that are written twice, not at all or outside the slots, and compares rows.
#ifndef ACCEL_RTL_DV_PROBABILITY_MEMORY_H_
#define ACCEL_RTL_DV_PROBABILITY_MEMORY_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "accel/program/card/card_config.h"
#include "accel/program/card/instruction.h"
#include "accel/rtl/dv/bits.h"
#include "gtest/gtest.h"

namespace sta::rtl {

class ProbabilityMemory {
 public:
  ProbabilityMemory(const card::CardConfig& config, const card::AttentionInstruction& attention)
      : config_(config),
        first_row_(attention.probability_row),
        keys_(config.GroupsOf(attention.key_count) * config.tile),
        slot_rows_(config.WindowsOf(keys_)),
        written_(static_cast<size_t>(card::kProbabilitySlots * slot_rows_ *
                                     config.activation_row_bytes()),
                 kNothing) {}

  // The granule on the ports of `model`: key j goes to lane j mod L, byte j / L on.
  template <typename Model>
  void Write(Model& model) {
    for (int64_t row = 0; row < config_.granule_tokens(); ++row) {
      const int64_t token = model->probability_granule_o * config_.granule_tokens() + row;
      for (int64_t key = 0; key < config_.tile; ++key) {
        const int64_t byte = model->probability_byte_o + key / config_.lanes;
        ASSERT_LT(byte, card::kLaneBytes);
        const size_t position = Position(int64_t{model->probability_row_o} - first_row_, token,
                                         key % config_.lanes, byte);
        ASSERT_LT(position, written_.size());
        ASSERT_EQ(written_[position], kNothing) << "written twice";
        const size_t from = static_cast<size_t>(row * config_.tile + key) * 8;
        written_[position] = static_cast<int32_t>(GetBits(model->probability_o, from, 8));
      }
    }
  }

  // `probabilities` of the keys that exist; those of padding are 0.
  void CheckRow(int64_t slot, int64_t token, std::span<const uint8_t> probabilities) const {
    for (int64_t key = 0; key < keys_; ++key) {
      const int64_t step = key / config_.lanes;
      const size_t position = Position(slot * slot_rows_ + step / card::kLaneBytes, token,
                                       key % config_.lanes, step % card::kLaneBytes);
      const auto index = static_cast<size_t>(key);
      ASSERT_EQ(written_[position], index < probabilities.size() ? probabilities[index] : 0)
          << "slot " << slot << " token " << token << " key " << key;
    }
  }

  void Clear(int64_t slot) {
    const int64_t bytes = slot_rows_ * config_.activation_row_bytes();
    std::fill_n(written_.begin() + slot * bytes, bytes, kNothing);
  }

 private:
  static constexpr int32_t kNothing = -1;

  size_t Position(int64_t row, int64_t token, int64_t lane, int64_t byte) const {
    return static_cast<size_t>(
        ((row * config_.tile + token) * config_.lanes + lane) * card::kLaneBytes + byte);
  }

  card::CardConfig config_;
  int64_t first_row_;
  int64_t keys_;  // of whole groups
  int64_t slot_rows_;
  std::vector<int32_t> written_;  // [row of all slots][token][lane][byte]
};

}  // namespace sta::rtl

#endif  // ACCEL_RTL_DV_PROBABILITY_MEMORY_H_
