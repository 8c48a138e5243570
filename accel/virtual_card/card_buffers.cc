// SPDX-License-Identifier: Apache-2.0
#include "accel/virtual_card/card_buffers.h"

#include <bit>

namespace sta::card {

// The residual buffer is transferred as bytes, little-endian on every machine.
static_assert(std::endian::native == std::endian::little);

CardBuffers::CardBuffers(const CardConfig& config)
    : tile_(config.tile),
      lanes_(config.lanes),
      granule_tokens_(config.granule_tokens()),
      activations_(Index(config.activation_rows * config.activation_row_bytes())),
      residual_(Index(config.residual_beats * kBeatBytes) / sizeof(int16_t)),
      key_value_(Index(config.key_value_tiles * config.key_value_tile_bytes())) {}

std::span<uint8_t> CardBuffers::ResidualBeats(int64_t first, int64_t count) {
  const std::span bytes(reinterpret_cast<uint8_t*>(residual_.data()),
                        residual_.size() * sizeof(int16_t));
  return bytes.subspan(Index(first * kBeatBytes), Index(count * kBeatBytes));
}

}  // namespace sta::card
