// SPDX-License-Identifier: Apache-2.0
//
// The fields of a CardConfig by name: what an xclbin stores of an array, and what a command line
// may set of it.
#ifndef ACCEL_XRT_XCLBIN_CARD_CONFIG_FIELDS_H_
#define ACCEL_XRT_XCLBIN_CARD_CONFIG_FIELDS_H_

#include <array>
#include <cstdint>
#include <span>

#include "accel/program/card/card_config.h"

namespace sta {

struct CardConfigField {
  const char* name = nullptr;
  int64_t card::CardConfig::*member = nullptr;
  const char* meaning = nullptr;
};

inline constexpr std::array kCardConfigFields = {
    CardConfigField{"tile", &card::CardConfig::tile, "Tokens, and output channels, of a tile"},
    CardConfigField{"lanes", &card::CardConfig::lanes, "Multipliers that add into one sum"},
    CardConfigField{"activation_rows", &card::CardConfig::activation_rows,
                    "Rows of the activation buffer"},
    CardConfigField{"residual_beats", &card::CardConfig::residual_beats,
                    "Beats of 64 bytes of the residual buffer"},
    CardConfigField{"key_value_tiles", &card::CardConfig::key_value_tiles,
                    "Tiles of the key and value buffer"},
    CardConfigField{"max_sequence_tokens", &card::CardConfig::max_sequence_tokens,
                    "Longest sequence that the score buffer takes"},
    CardConfigField{"max_channels", &card::CardConfig::max_channels,
                    "Widest row that the vector unit takes"},
};

// Those beside the array's own size.
inline constexpr std::span kCardBufferFields = std::span(kCardConfigFields).subspan<2>();

}  // namespace sta

#endif  // ACCEL_XRT_XCLBIN_CARD_CONFIG_FIELDS_H_
