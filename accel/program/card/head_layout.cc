// SPDX-License-Identifier: Apache-2.0
#include "accel/program/card/head_layout.h"

#include <bit>
#include <cstddef>
#include <numeric>

#include "absl/status/status.h"
#include "strings/str_cat.h"

namespace sta::card {

absl::StatusOr<HeadLayout> HeadLayout::Make(int64_t hidden_size, int64_t heads,
                                            const CardConfig& config) {
  const int64_t size = hidden_size / heads;
  if (size > config.window_inputs()) {
    return absl::UnimplementedError(StrCat("heads of ", size, " channels, a ", config.Name(),
                                           " array takes 1..", config.window_inputs()));
  }
  HeadLayout layout;
  layout.heads = heads;
  layout.head_steps =
      static_cast<int64_t>(std::bit_ceil(static_cast<uint64_t>(CeilDivide(size, config.lanes))));
  layout.head_value_blocks = CeilDivide(size, config.tile);

  const int64_t steps = heads * layout.head_steps;
  const int64_t value_channels = layout.head_value_blocks * config.tile;
  const auto places = [](int64_t count) {
    return ChannelMap(static_cast<size_t>(count), kNoChannel);
  };
  layout.queries = places(CeilDivide(steps, kLaneBytes) * config.window_inputs());
  layout.keys = places(RoundUp(steps * config.lanes, config.tile));
  layout.values = places(heads * value_channels);
  for (int64_t head = 0; head < heads; ++head) {
    const int64_t step = head * layout.head_steps;
    for (int64_t c = 0; c < size; ++c) {
      const auto channel = static_cast<int32_t>(head * size + c);
      const int64_t query = step / kLaneBytes * config.window_inputs() +
                            c % config.lanes * kLaneBytes + step % kLaneBytes + c / config.lanes;
      layout.queries[static_cast<size_t>(query)] = channel;
      layout.keys[static_cast<size_t>(step * config.lanes + c)] = channel;
      layout.values[static_cast<size_t>(head * value_channels + c)] = channel;
    }
  }
  return layout;
}

ChannelMap PlainChannels(int64_t channels) {
  ChannelMap map(static_cast<size_t>(RoundUp(channels, kLaneBytes)), kNoChannel);
  std::iota(map.begin(), map.begin() + channels, 0);
  return map;
}

}  // namespace sta::card
