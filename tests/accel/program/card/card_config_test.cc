// SPDX-License-Identifier: Apache-2.0
#include "accel/program/card/card_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/status_matchers.h"

namespace sta::card {
namespace {

using testing::HasSubstr;

TEST(CardConfigTest, PresetsAreValidAndHaveTheirNames) {
  for (const char* name : {"4x4x4", "8x8x8", "16x16x8"}) {
    STA_ASSERT_OK_AND_ASSIGN(const CardConfig config, CardConfig::Preset(name));
    EXPECT_THAT(config.Validate(), IsOk());
    EXPECT_EQ(config.Name(), name);
  }
  EXPECT_THAT(CardConfig::Preset("8x8"),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       "no array is called '8x8', known are 4x4x4, 8x8x8 and 16x16x8"));
}

TEST(CardConfigTest, SizesFollowFromTheShape) {
  STA_ASSERT_OK_AND_ASSIGN(const CardConfig small, CardConfig::Preset("4x4x4"));
  STA_ASSERT_OK_AND_ASSIGN(const CardConfig middle, CardConfig::Preset("8x8x8"));
  STA_ASSERT_OK_AND_ASSIGN(const CardConfig large, CardConfig::Preset("16x16x8"));
  EXPECT_EQ(small.multipliers(), 64);
  EXPECT_EQ(middle.multipliers(), 512);
  EXPECT_EQ(large.multipliers(), 2048);
  EXPECT_EQ(small.window_inputs(), 64);
  EXPECT_EQ(large.window_inputs(), 128);
  EXPECT_EQ(small.granule_tokens(), 1);
  EXPECT_EQ(middle.granule_tokens(), 2);
  EXPECT_EQ(large.granule_tokens(), 1);
  EXPECT_EQ(small.beat_granules(), 8);
  EXPECT_EQ(middle.beat_granules(), 2);
  EXPECT_EQ(large.beat_granules(), 2);
  EXPECT_EQ(middle.activation_row_bytes(), 1024);
  EXPECT_EQ(middle.ResidualBeatsOf(768), 192);
  EXPECT_EQ(middle.WindowsOf(129), 2);
  EXPECT_EQ(middle.GroupsOf(17), 3);
}

TEST(CardConfigTest, NamesTheFieldThatIsWrong) {
  struct Case {
    CardConfig config;
    const char* message;
  };
  const Case cases[] = {
      {{.tile = 8, .lanes = 4}, "tile 8 with 4 lanes"},
      {{.tile = 32}, "tile 32 with 8 lanes"},
      {{.activation_rows = 0}, "activation_rows is 0, allowed is 1..1048576"},
      {{.residual_beats = 524289}, "residual_beats is 524289, allowed is 1..524288"},
      {{.key_value_tiles = -1}, "key_value_tiles is -1"},
      {{.max_sequence_tokens = 65536}, "max_sequence_tokens is 65536, allowed is 1..65535"},
      {{.max_channels = 4097}, "max_channels is 4097, allowed is 1..4096"},
  };
  for (const Case& test_case : cases) {
    EXPECT_THAT(test_case.config.Validate(),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(test_case.message)));
  }
}

}  // namespace
}  // namespace sta::card
