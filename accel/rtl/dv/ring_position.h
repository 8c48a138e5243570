// SPDX-License-Identifier: Apache-2.0
//
// Where in the weight rings the channel blocks of one MATMUL after the other lie.
#ifndef ACCEL_RTL_DV_RING_POSITION_H_
#define ACCEL_RTL_DV_RING_POSITION_H_

#include <cstdint>

#include "accel/program/card/card_config.h"
#include "accel/program/card/instruction.h"

namespace sta::rtl {

class RingPosition {
 public:
  static constexpr int64_t kRingWords = 1024;

  explicit RingPosition(const card::CardConfig& config) : word_bytes_(config.tile * config.lanes) {}

  // Ring addresses of step word `word` of the present block.
  int64_t ValueWord(int64_t word) const { return (value_word_ + word) % kRingWords; }
  int64_t IndexWord(int64_t word) const { return (index_word_ + word) % kRingWords; }

  // Goes behind a block of `matmul`.
  void PassBlock(const card::MatmulInstruction& matmul) {
    value_word_ += WholeBeats(matmul.windows * matmul.steps, word_bytes_);
    if (matmul.indexed) index_word_ += WholeBeats(matmul.windows * matmul.steps, word_bytes_ / 2);
  }

 private:
  // Words that take the whole beats that `words` of them begin.
  static int64_t WholeBeats(int64_t words, int64_t word_bytes) {
    return card::RoundUp(words * word_bytes, card::kBeatBytes) / word_bytes;
  }

  int64_t word_bytes_;
  int64_t value_word_ = 0;
  int64_t index_word_ = 0;
};

}  // namespace sta::rtl

#endif  // ACCEL_RTL_DV_RING_POSITION_H_
