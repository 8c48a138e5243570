// SPDX-License-Identifier: Apache-2.0
//
// CardLayout: where the token groups of one run stand in the buffers on the chip.
//
//   residual     x16 and everything added to it, in place: all token groups
//   key-value    keys, then values: all token groups
//   activations  the int8 view x8, and h8 in its place: all token groups; behind it queries,
//                context and probabilities during attention, one block's GELU results after it
//
// Views may share a place, and so may attention and feed-forward: batch_schedule.h says why no
// reader comes too late.
//
// A plain value.
#ifndef ACCEL_PROGRAM_CARD_CARD_LAYOUT_H_
#define ACCEL_PROGRAM_CARD_CARD_LAYOUT_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "accel/program/card/card_image.h"

namespace sta::card {

// Token groups of one run.
struct RunShape {
  int64_t token_groups = 0;      // of all sequences
  int64_t longest_sequence = 0;  // tokens
  int64_t preferred_blocks = 1;  // into how many blocks the token groups would be cut
};

// Rows, tiles and granules of token group 0, and from one group to the next.
struct CardLayout {
  int64_t token_groups = 0;
  int64_t blocks = 1;  // preferred_blocks, or more where GELU results would not fit
  int64_t view_row = 0;
  int64_t view_stride = 0;
  int64_t query_row = 0;
  int64_t query_stride = 0;
  int64_t context_row = 0;
  int64_t context_stride = 0;
  int64_t probability_row = 0;
  int64_t inner_row = 0;  // GELU results, of a block's first group
  int64_t inner_stride = 0;
  int64_t key_tile = 0;
  int64_t key_stride = 0;
  int64_t value_tile = 0;
  int64_t value_stride = 0;
  int64_t residual_stride = 0;       // granules
  int64_t granule_row_stride = 0;    // granules
  int64_t residual_group_beats = 0;  // of a token group

  // The first token group of each block; block `blocks` begins behind the last group.
  int64_t FirstGroup(int64_t block) const { return token_groups * block / blocks; }
};

// RESOURCE_EXHAUSTED says which buffer is too small, what the run needs and what there is.
absl::StatusOr<CardLayout> MakeCardLayout(const CardImage& image, const RunShape& shape);

}  // namespace sta::card

#endif  // ACCEL_PROGRAM_CARD_CARD_LAYOUT_H_
