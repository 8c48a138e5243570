// SPDX-License-Identifier: Apache-2.0
//
// CardConfig: the size of an STA array and of the buffers on its chip. The parameters of the
// hardware (accel/rtl), of its functional model (accel/virtual_card), and what the card side of a
// Program is made for. Words are those of accel/rtl/doc/instruction-set.md.
//
//   absl::StatusOr<CardConfig> config = CardConfig::Preset("8x8x8");
//
// A plain value.
#ifndef ACCEL_PROGRAM_CARD_CARD_CONFIG_H_
#define ACCEL_PROGRAM_CARD_CARD_CONFIG_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace sta::card {

// The unit of every transfer.
inline constexpr int64_t kBeatBytes = 64;
// Bytes of one lane's share of a window; all widths are padded to multiples of it.
inline constexpr int64_t kLaneBytes = 16;
// Regions in the card's memory begin at multiples of this.
inline constexpr int64_t kRegionAlignmentBytes = 2048;
// Score rows that may be between QK^T and PV at a time.
inline constexpr int64_t kProbabilitySlots = 4;

constexpr int64_t CeilDivide(int64_t a, int64_t b) { return (a + b - 1) / b; }
constexpr int64_t RoundUp(int64_t a, int64_t multiple) {
  return CeilDivide(a, multiple) * multiple;
}

struct CardConfig {
  int64_t tile = 8;   // T: tokens, and output channels, of a tile
  int64_t lanes = 8;  // L: multipliers that add into one sum
  int64_t activation_rows = 2048;
  int64_t residual_beats = 16384;
  int64_t key_value_tiles = 16384;
  int64_t max_sequence_tokens = 512;  // longest sequence that the score buffer takes
  int64_t max_channels = 4096;        // widest row that the vector unit takes

  // The three sizes by name: "4x4x4", "8x8x8" and "16x16x8" (T x T x L). INVALID_ARGUMENT names
  // them where it is another.
  static absl::StatusOr<CardConfig> Preset(std::string_view name);

  // INVALID_ARGUMENT says which field is out of its range.
  absl::Status Validate() const;

  // "8x8x8".
  std::string Name() const;

  int64_t multipliers() const { return tile * tile * lanes; }
  int64_t window_inputs() const { return lanes * kLaneBytes; }
  int64_t granule_tokens() const { return tile == 8 ? 2 : 1; }           // G
  int64_t granule_rows() const { return tile / granule_tokens(); }       // of a token group
  int64_t granule_bytes() const { return 2 * granule_tokens() * tile; }  // int16
  int64_t beat_granules() const { return kBeatBytes / granule_bytes(); }
  int64_t activation_row_bytes() const { return tile * window_inputs(); }  // int8
  int64_t key_value_tile_bytes() const { return tile * tile; }             // int8

  // Token groups of a sequence.
  int64_t GroupsOf(int64_t tokens) const { return CeilDivide(tokens, tile); }
  // Windows, and so rows of the activation buffer, that `channels` of a token group take.
  int64_t WindowsOf(int64_t channels) const { return CeilDivide(channels, window_inputs()); }
  // Beats of the residual buffer that `channels` (a multiple of 16) of a token group take.
  int64_t ResidualBeatsOf(int64_t channels) const { return tile * channels * 2 / kBeatBytes; }

  friend bool operator==(const CardConfig&, const CardConfig&) = default;
};

}  // namespace sta::card

#endif  // ACCEL_PROGRAM_CARD_CARD_CONFIG_H_
