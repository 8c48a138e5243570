// SPDX-License-Identifier: Apache-2.0
#include "accel/program/card/batch_schedule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "accel/program/compiler.h"
#include "accel/program/random_encoder.h"
#include "tests/accel/program/card/schedule_checker.h"
#include "tests/support/status_matchers.h"

namespace sta::card {
namespace {

using testing::HasSubstr;

CardImage ImageOf(const RandomEncoderOptions& options, const CardConfig& config) {
  const auto image = MakeCardImage(**CompileProgram(RandomEncoder(options)), config);
  EXPECT_THAT(image, IsOk());
  return image.ok() ? *image : CardImage{};
}

std::vector<int32_t> OffsetsOf(const std::vector<int32_t>& lengths) {
  std::vector<int32_t> offsets = {0};
  for (const int32_t length : lengths) offsets.push_back(offsets.back() + length);
  return offsets;
}

int64_t CountOf(const ScheduledRun& run, CardOpcode opcode) {
  return std::count_if(run.stream.begin(), run.stream.end(),
                       [&](const auto& instruction) { return instruction.opcode() == opcode; });
}

class BatchScheduleTest : public testing::TestWithParam<const char*> {
 protected:
  CardConfig config_ = *CardConfig::Preset(GetParam());
};
INSTANTIATE_TEST_SUITE_P(Arrays, BatchScheduleTest, testing::Values("4x4x4", "8x8x8", "16x16x8"));

TEST_P(BatchScheduleTest, WaitsAreEnoughWhateverTheSpeeds) {
  const CardImage image = ImageOf(
      {.hidden_size = 96, .intermediate_size = 160, .layers = 2, .heads = 3, .pattern = {2, 8}},
      config_);
  for (const std::vector<int32_t>& lengths : {std::vector<int32_t>{1},
                                              {config_.max_sequence_tokens == 256 ? 256 : 512},
                                              {17, 3, 64, 40},
                                              {100, 100}}) {
    STA_ASSERT_OK_AND_ASSIGN(const std::vector<ScheduledRun> runs,
                             ScheduleBatch(image, OffsetsOf(lengths)));
    for (const ScheduledRun& run : runs) {
      EXPECT_EQ(CheckSchedule(run.stream, config_), "") << lengths.size() << " sequences";
    }
  }
}

// The checker sees what a missing wait would do, and so that none is there for nothing.
TEST_P(BatchScheduleTest, NoWaitIsSuperfluous) {
  const CardImage image =
      ImageOf({.hidden_size = 64, .intermediate_size = 64, .layers = 1}, config_);
  STA_ASSERT_OK_AND_ASSIGN(std::vector<ScheduledRun> runs, ScheduleBatch(image, OffsetsOf({200})));
  ASSERT_EQ(runs.size(), 1);
  ASSERT_GT(runs[0].layout.blocks, 1);
  int removed = 0;
  for (CardInstruction& instruction : runs[0].stream) {
    for (int64_t& wait : instruction.waits) {
      if (wait == 0) continue;
      --wait;
      EXPECT_NE(CheckSchedule(runs[0].stream, config_), "");
      ++wait;
      ++removed;
    }
  }
  // Of each block: of its first LayerNorm, of its STORE, and four a layer.
  EXPECT_EQ(removed, runs[0].layout.blocks * (2 + 4));
}

TEST_P(BatchScheduleTest, BlocksLeaveTimeToReadTheWeightsAgain) {
  const CardImage image =
      ImageOf({.hidden_size = 128, .intermediate_size = 256, .pattern = {2, 8}}, config_);
  for (const int32_t tokens : {1, 16, 64, 128, 256}) {
    STA_ASSERT_OK_AND_ASSIGN(const std::vector<ScheduledRun> runs,
                             ScheduleBatch(image, OffsetsOf({tokens})));
    const CardLayout& layout = runs[0].layout;
    EXPECT_EQ(layout.FirstGroup(0), 0);
    EXPECT_EQ(layout.FirstGroup(layout.blocks), config_.GroupsOf(tokens));
    if (layout.blocks == 1) continue;
    for (int64_t block = 0; block < layout.blocks; ++block) {
      const int64_t groups = layout.FirstGroup(block + 1) - layout.FirstGroup(block);
      for (const auto& [name, matrix] : image.layers[0].matrices()) {
        const int64_t tile_cycles =
            std::max(matrix->windows * matrix->steps, config_.granule_rows());
        EXPECT_LE(static_cast<double>(matrix->beats),
                  0.8 * static_cast<double>(groups * matrix->channel_blocks * tile_cycles))
            << name << " of " << tokens << " tokens";
      }
    }
  }
}

TEST_P(BatchScheduleTest, EverySequenceIsInOneRunAtATokenGroupOfItsOwn) {
  config_.activation_rows = 48;
  const CardImage image =
      ImageOf({.hidden_size = 64, .intermediate_size = 64, .heads = 4, .pattern = {1, 8}}, config_);
  const std::vector<int32_t> lengths(40, 9);
  STA_ASSERT_OK_AND_ASSIGN(const std::vector<ScheduledRun> runs,
                           ScheduleBatch(image, OffsetsOf(lengths)));
  EXPECT_GT(runs.size(), 2);
  int64_t row = 0;
  for (const ScheduledRun& run : runs) {
    int64_t group = 0;
    for (const RunSequence& sequence : run.sequences) {
      EXPECT_EQ(sequence.first_row, row);
      EXPECT_EQ(sequence.first_group, group);
      EXPECT_EQ(sequence.tokens, 9);
      row += 9;
      group += config_.GroupsOf(9);
    }
    EXPECT_EQ(run.layout.token_groups, group);
    EXPECT_EQ(CountOf(run, CardOpcode::kAttention), 2 * std::ssize(run.sequences));
    EXPECT_EQ(CountOf(run, CardOpcode::kLoad), run.layout.blocks);
    EXPECT_EQ(CheckSchedule(run.stream, config_), "");
  }
  EXPECT_EQ(row, 360);
}

// GELU results of all token groups would not fit, those of a block do.
TEST_P(BatchScheduleTest, MoreBlocksWhereGeluResultsNeedRoom) {
  config_.activation_rows = 64;
  const CardImage image = ImageOf(
      {.hidden_size = 16, .intermediate_size = 1024, .heads = 1, .pattern = {1, 8}}, config_);
  STA_ASSERT_OK_AND_ASSIGN(
      const std::vector<ScheduledRun> runs,
      ScheduleBatch(image, OffsetsOf({static_cast<int32_t>(12 * config_.tile)})));
  ASSERT_EQ(runs.size(), 1);
  const CardLayout& layout = runs[0].layout;
  EXPECT_GT(layout.blocks, 1);
  EXPECT_LE(layout.inner_row + CeilDivide(12, layout.blocks) * layout.inner_stride, 64);
  EXPECT_EQ(CheckSchedule(runs[0].stream, config_), "");
}

TEST_P(BatchScheduleTest, SaysTheLongestSequenceThatFits) {
  config_.residual_beats = 64;
  const CardImage image = ImageOf({.hidden_size = 32, .pattern = {2, 8}}, config_);
  // 64 beats of 32 values: 64 tokens of 32 channels.
  EXPECT_EQ(LongestSequence(image), 64);
  EXPECT_THAT(ScheduleBatch(image, OffsetsOf({64, 64})), IsOk());
  EXPECT_THAT(
      ScheduleBatch(image, OffsetsOf({3, 65})),
      StatusIs(absl::StatusCode::kInvalidArgument,
               AllOf(HasSubstr("sequence 1 has 65 tokens, the longest that the card takes of this "
                               "model has 64: "),
                     HasSubstr("beats of the residual buffer, the card has 64"))));
}

TEST_P(BatchScheduleTest, NamesTheBufferThatIsTooSmall) {
  const RandomEncoderOptions options = {.hidden_size = 64, .intermediate_size = 64, .heads = 2};
  const auto schedule = [&](const CardConfig& config) {
    return ScheduleBatch(ImageOf(options, config), OffsetsOf({64})).status();
  };
  CardConfig config = config_;
  config.key_value_tiles = 1;
  EXPECT_THAT(schedule(config), StatusIs(absl::StatusCode::kInvalidArgument,
                                         HasSubstr("tiles of the key-value buffer")));
  config = config_;
  config.activation_rows = 1;
  EXPECT_THAT(schedule(config), StatusIs(absl::StatusCode::kInvalidArgument,
                                         HasSubstr("rows of the activation buffer")));
  config = config_;
  config.max_sequence_tokens = 63;
  EXPECT_THAT(schedule(config),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("has 64 tokens, the longest that the card takes of this model has "
                                 "63: ")));
}

TEST_P(BatchScheduleTest, ABatchHasSequencesAndTheyHaveTokens) {
  const CardImage image = ImageOf({}, config_);
  const std::vector<int32_t> empty = {0};
  EXPECT_THAT(ScheduleBatch(image, empty),
              StatusIs(absl::StatusCode::kInvalidArgument, "a batch without sequences"));
  const std::vector<int32_t> falling = {0, 5, 5};
  EXPECT_THAT(ScheduleBatch(image, falling),
              StatusIs(absl::StatusCode::kInvalidArgument, "sequence 1 has 0 tokens"));
}

}  // namespace
}  // namespace sta::card
