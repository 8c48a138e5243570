// SPDX-License-Identifier: Apache-2.0
//
// The buffers on the chip, in the layouts of accel/rtl/doc/instruction-set.md ("Buffers on the
// chip"): what a test compares with the RTL's memories, byte for byte.
//
// Thread-compatible. Nothing here checks an index: FunctionalCard checks the ranges of an
// instruction before it runs (range_check.h).
#ifndef ACCEL_VIRTUAL_CARD_CARD_BUFFERS_H_
#define ACCEL_VIRTUAL_CARD_CARD_BUFFERS_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "accel/program/card/card_config.h"

namespace sta::card {

class CardBuffers {
 public:
  // All zeros.
  explicit CardBuffers(const CardConfig& config);

  // The operand of one lane in a window of one token, 16 bytes.
  std::span<int8_t> Lane(int64_t row, int64_t token, int64_t lane) {
    return std::span(activations_)
        .subspan(Index(((row * tile_) + token) * lanes_ + lane) * kLaneBytes, kLaneBytes);
  }

  // Channel `channel` of what begins at `row`: an int8 row of one token runs on from window to
  // window, 16 bytes a lane.
  int8_t& Activation(int64_t row, int64_t token, int64_t channel) {
    const int64_t lane = channel / kLaneBytes;
    return Lane(row + lane / lanes_, token, lane % lanes_)[Index(channel % kLaneBytes)];
  }

  // One granule: [G tokens][T channels].
  std::span<int16_t> Granule(int64_t granule) {
    const size_t size = Index(granule_tokens_ * tile_);
    return std::span(residual_).subspan(Index(granule) * size, size);
  }

  // Beats of the residual buffer as a transfer moves them.
  std::span<uint8_t> ResidualBeats(int64_t first, int64_t count);

  // Channel `channel` of what begins at `tile`; channel T is in the next tile.
  int8_t& KeyValue(int64_t tile, int64_t token, int64_t channel) {
    return key_value_[Index(((tile + channel / tile_) * tile_ + token) * tile_ + channel % tile_)];
  }

  // Whole buffers: [rows][T][L][16], [granules][G][T] and [tiles][T][T].
  std::span<int8_t> activations() { return activations_; }
  std::span<int16_t> residual() { return residual_; }
  std::span<int8_t> key_value() { return key_value_; }

 private:
  static size_t Index(int64_t index) { return static_cast<size_t>(index); }

  int64_t tile_;
  int64_t lanes_;
  int64_t granule_tokens_;
  std::vector<int8_t> activations_;
  std::vector<int16_t> residual_;
  std::vector<int8_t> key_value_;
};

}  // namespace sta::card

#endif  // ACCEL_VIRTUAL_CARD_CARD_BUFFERS_H_
