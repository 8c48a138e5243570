// SPDX-License-Identifier: Apache-2.0
#include "accel/program/card/head_layout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>

#include "tests/support/status_matchers.h"

namespace sta::card {
namespace {

using testing::ElementsAre;

TEST(HeadLayoutTest, SizesFollowFromTheHead) {
  struct Case {
    const char* array;
    int64_t head_size;
    int64_t head_steps;
    int64_t head_value_blocks;
  };
  for (const auto& [array, head_size, head_steps, head_value_blocks] :
       {Case{"8x8x8", 1, 1, 1}, Case{"8x8x8", 8, 1, 1}, Case{"8x8x8", 9, 2, 2},
        Case{"8x8x8", 32, 4, 4}, Case{"8x8x8", 64, 8, 8}, Case{"8x8x8", 65, 16, 9},
        Case{"8x8x8", 128, 16, 16}, Case{"4x4x4", 64, 16, 16}, Case{"4x4x4", 20, 8, 5},
        Case{"16x16x8", 64, 8, 4}}) {
    STA_ASSERT_OK_AND_ASSIGN(const CardConfig config, CardConfig::Preset(array));
    STA_ASSERT_OK_AND_ASSIGN(const HeadLayout layout, HeadLayout::Make(3 * head_size, 3, config));
    EXPECT_EQ(layout.heads, 3);
    EXPECT_EQ(layout.head_steps, head_steps) << head_size;
    EXPECT_EQ(layout.head_value_blocks, head_value_blocks) << head_size;
    EXPECT_EQ(std::ssize(layout.queries) % config.window_inputs(), 0);
    EXPECT_EQ(std::ssize(layout.keys) % config.tile, 0);
    EXPECT_EQ(std::ssize(layout.values), 3 * head_value_blocks * config.tile);
  }
}

// Channel c of a head is a multiplier's (c mod L) at step c / L, for queries and keys alike.
TEST(HeadLayoutTest, QueriesAndKeysOfAChannelMeet) {
  STA_ASSERT_OK_AND_ASSIGN(const CardConfig config, CardConfig::Preset("4x4x4"));
  constexpr int64_t kHeads = 5;
  constexpr int64_t kHeadSize = 14;
  STA_ASSERT_OK_AND_ASSIGN(const HeadLayout layout,
                           HeadLayout::Make(kHeads * kHeadSize, kHeads, config));
  ASSERT_EQ(layout.head_steps, 4);
  int64_t channels = 0;
  for (int64_t head = 0; head < kHeads; ++head) {
    for (int64_t step = 0; step < layout.head_steps; ++step) {
      const int64_t all_steps = head * layout.head_steps + step;
      for (int64_t lane = 0; lane < config.lanes; ++lane) {
        const int64_t query = all_steps / 16 * config.window_inputs() + lane * 16 + all_steps % 16;
        const int64_t c = step * config.lanes + lane;
        const int64_t channel = c < kHeadSize ? head * kHeadSize + c : kNoChannel;
        EXPECT_EQ(layout.queries[static_cast<size_t>(query)], channel);
        EXPECT_EQ(layout.keys[static_cast<size_t>(all_steps * config.lanes + lane)], channel);
        channels += channel != kNoChannel;
      }
    }
  }
  EXPECT_EQ(channels, kHeads * kHeadSize);
  EXPECT_EQ(std::count(layout.queries.begin(), layout.queries.end(), kNoChannel),
            std::ssize(layout.queries) - channels);
}

TEST(HeadLayoutTest, ValuesArePaddedHeadByHead) {
  STA_ASSERT_OK_AND_ASSIGN(const CardConfig config, CardConfig::Preset("4x4x4"));
  STA_ASSERT_OK_AND_ASSIGN(const HeadLayout layout, HeadLayout::Make(6, 2, config));
  EXPECT_THAT(layout.values, ElementsAre(0, 1, 2, -1, 3, 4, 5, -1));
}

TEST(HeadLayoutTest, SaysWhichHeadsTheArrayTakes) {
  STA_ASSERT_OK_AND_ASSIGN(const CardConfig config, CardConfig::Preset("4x4x4"));
  EXPECT_THAT(HeadLayout::Make(130, 2, config),
              StatusIs(absl::StatusCode::kUnimplemented,
                       "heads of 65 channels, a 4x4x4 array takes 1..64"));
  EXPECT_THAT(HeadLayout::Make(128, 2, config), IsOk());
}

TEST(PlainChannelsTest, ArePaddedToSixteen) {
  const ChannelMap map = PlainChannels(18);
  ASSERT_EQ(map.size(), 32);
  EXPECT_EQ(map[17], 17);
  EXPECT_EQ(map[18], kNoChannel);
  EXPECT_EQ(PlainChannels(16).size(), 16);
}

}  // namespace
}  // namespace sta::card
