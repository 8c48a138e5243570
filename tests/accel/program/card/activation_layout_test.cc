// SPDX-License-Identifier: Apache-2.0
#include "accel/program/card/activation_layout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <vector>

#include "tests/support/random_rows.h"
#include "tests/support/status_matchers.h"

namespace sta::card {
namespace {

constexpr int64_t kHidden = 20;  // 32 with padding

// Sequences of 5 and 9 tokens, of which the batch has a row before and one between.
struct RunOfTwo {
  explicit RunOfTwo(const char* array) {
    image.config = *CardConfig::Preset(array);
    image.hidden_size = kHidden;
    image.padded_hidden_size = 32;
    const int64_t groups = image.config.GroupsOf(5);
    run.sequences = {{.first_row = 1, .tokens = 5, .first_group = 0},
                     {.first_row = 7, .tokens = 9, .first_group = groups}};
    run.layout.token_groups = groups + image.config.GroupsOf(9);
    run.layout.residual_group_beats = image.config.ResidualBeatsOf(32);
  }

  // The int16 value of a place, as the document says where it is.
  int Value(const std::vector<uint8_t>& region, int64_t place, int64_t channel) const {
    const int64_t tile = image.config.tile;
    const int64_t tokens = image.config.granule_tokens();
    const int64_t group = place / tile;
    const int64_t row = place % tile / tokens;
    const int64_t granule =
        (group * (tile / tokens) + row) * image.hidden_blocks() + channel / tile;
    const int64_t at = ((granule * tokens + place % tokens) * tile + channel % tile) * 2;
    return static_cast<int16_t>(region[static_cast<size_t>(at)] |
                                region[static_cast<size_t>(at + 1)] << 8);
  }

  CardImage image;
  ScheduledRun run;
};

class ActivationLayoutTest : public testing::TestWithParam<const char*> {
 protected:
  const RunOfTwo two_{GetParam()};
  const std::vector<int16_t> rows_ = RandomRows(17, kHidden, 1);
};
INSTANTIATE_TEST_SUITE_P(Arrays, ActivationLayoutTest,
                         testing::Values("4x4x4", "8x8x8", "16x16x8"));

TEST_P(ActivationLayoutTest, RowsStandInGranulesAndTheRestIsZero) {
  const std::vector<uint8_t> region = PackRows(two_.image, two_.run, rows_);
  ASSERT_EQ(std::ssize(region), two_.run.region_beats() * kBeatBytes);
  const int64_t tile = two_.image.config.tile;
  const int64_t second = two_.run.sequences[1].first_group * tile;
  for (int64_t place = 0; place < two_.run.layout.token_groups * tile; ++place) {
    int64_t row = -1;
    if (place < 5) row = 1 + place;
    if (place >= second && place < second + 9) row = 7 + place - second;
    for (int64_t channel = 0; channel < 32; ++channel) {
      const bool is_there = row >= 0 && channel < kHidden;
      const int expected = is_there ? rows_[static_cast<size_t>(row * kHidden + channel)] : 0;
      ASSERT_EQ(two_.Value(region, place, channel), expected) << place << " " << channel;
    }
  }
}

TEST_P(ActivationLayoutTest, ARegionThatWasUsedBeforeIsTheSame) {
  const std::vector<uint8_t> region = PackRows(two_.image, two_.run, rows_);
  std::vector<uint8_t> used(region.size(), 0x5A);
  PackRows(two_.image, two_.run, rows_, used);
  EXPECT_EQ(used, region);
}

TEST_P(ActivationLayoutTest, OnlyTheRunsRowsAreUnpacked) {
  const std::vector<uint8_t> region = PackRows(two_.image, two_.run, rows_);
  std::vector<int16_t> output(rows_.size(), 77);
  ASSERT_THAT(UnpackRows(two_.image, two_.run, region, output), IsOk());
  for (int64_t row = 0; row < 17; ++row) {
    const bool is_there = (row >= 1 && row < 6) || (row >= 7 && row < 16);
    for (int64_t channel = 0; channel < kHidden; ++channel) {
      const auto at = static_cast<size_t>(row * kHidden + channel);
      ASSERT_EQ(output[at], is_there ? rows_[at] : 77) << row << " " << channel;
    }
  }
}

TEST_P(ActivationLayoutTest, ARegionOfAnotherSizeIsRefused) {
  std::vector<int16_t> output(rows_.size());
  const std::vector<uint8_t> region(static_cast<size_t>(two_.run.region_beats() * 64 - 64));
  EXPECT_THAT(UnpackRows(two_.image, two_.run, region, output),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace sta::card
