// SPDX-License-Identifier: Apache-2.0
#include "accel/program/card/card_config.h"

#include <array>

#include "strings/str_cat.h"

namespace sta::card {
namespace {

// Bases of instructions are below this.
constexpr int64_t kMaxBufferUnits = int64_t{1} << 20;

constexpr std::array kPresets = {
    CardConfig{.tile = 4,
               .lanes = 4,
               .activation_rows = 2048,
               .residual_beats = 4096,
               .key_value_tiles = 16384,
               .max_sequence_tokens = 256,
               .max_channels = 1024},
    CardConfig{},
    CardConfig{.tile = 16,
               .lanes = 8,
               .activation_rows = 2048,
               .residual_beats = 32768,
               .key_value_tiles = 8192,
               .max_sequence_tokens = 512,
               .max_channels = 4096},
};

absl::Status CheckSize(std::string_view name, int64_t value, int64_t most) {
  if (value >= 1 && value <= most) return absl::OkStatus();
  return absl::InvalidArgumentError(
      StrCat("card: ", name, " is ", value, ", allowed is 1..", most));
}

}  // namespace

absl::StatusOr<CardConfig> CardConfig::Preset(std::string_view name) {
  for (const CardConfig& preset : kPresets) {
    if (preset.Name() == name) return preset;
  }
  return absl::InvalidArgumentError(
      StrCat("no array is called '", name, "', known are 4x4x4, 8x8x8 and 16x16x8"));
}

absl::Status CardConfig::Validate() const {
  bool is_known = false;
  for (const CardConfig& preset : kPresets) {
    is_known |= tile == preset.tile && lanes == preset.lanes;
  }
  if (!is_known) {
    return absl::InvalidArgumentError(StrCat("card: tile ", tile, " with ", lanes,
                                             " lanes, allowed are 4 with 4, 8 or 16 with 8"));
  }
  absl::Status status = CheckSize("activation_rows", activation_rows, kMaxBufferUnits);
  status.Update(CheckSize("residual_beats", residual_beats, kMaxBufferUnits / beat_granules()));
  status.Update(CheckSize("key_value_tiles", key_value_tiles, kMaxBufferUnits));
  status.Update(CheckSize("max_sequence_tokens", max_sequence_tokens, 65535));
  status.Update(CheckSize("max_channels", max_channels, 4096));
  return status;
}

std::string CardConfig::Name() const { return StrCat(tile, "x", tile, "x", lanes); }

}  // namespace sta::card
