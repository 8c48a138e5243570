// SPDX-License-Identifier: Apache-2.0
//
// Where the channels of attention heads stand on the card (accel/rtl/doc/instruction-set.md,
// ATTENTION). Queries and keys of a head are padded to B * L channels, values and context to whole
// channel blocks; the rows and columns of the weights are ordered so.
//
//   absl::StatusOr<HeadLayout> heads = HeadLayout::Make(hidden_size, head_count, config);
//   MatrixSource query = {.outputs = &heads->queries, ...};
//
// A plain value.
#ifndef ACCEL_PROGRAM_CARD_HEAD_LAYOUT_H_
#define ACCEL_PROGRAM_CARD_HEAD_LAYOUT_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "accel/program/card/card_config.h"
#include "accel/program/card/matrix_stream.h"

namespace sta::card {

struct HeadLayout {
  int64_t heads = 1;
  int64_t head_steps = 1;         // B
  int64_t head_value_blocks = 1;  // channel blocks of a head's values
  ChannelMap queries;             // whole windows
  ChannelMap keys;                // whole channel blocks
  ChannelMap values;              // the context's too

  // UNIMPLEMENTED for heads wider than 16 L channels. `heads` divides `hidden_size`.
  static absl::StatusOr<HeadLayout> Make(int64_t hidden_size, int64_t heads,
                                         const CardConfig& config);
};

// `channels` in their own order, padded to a multiple of 16.
ChannelMap PlainChannels(int64_t channels);

}  // namespace sta::card

#endif  // ACCEL_PROGRAM_CARD_HEAD_LAYOUT_H_
