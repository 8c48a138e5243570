// SPDX-License-Identifier: Apache-2.0
#include "accel/program/card/card_image.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

#include "accel/program/compiler.h"
#include "accel/program/random_encoder.h"
#include "tests/support/random_program.h"
#include "tests/support/status_matchers.h"

namespace sta::card {
namespace {

using testing::HasSubstr;

Program ProgramOf(const RandomEncoderOptions& options) {
  return **CompileProgram(RandomEncoder(options));
}

TEST(CardImageTest, PartsFollowEachOtherWithoutGaps) {
  const Program program = ProgramOf({.hidden_size = 30, .intermediate_size = 70, .heads = 3});
  const CardConfig config;
  STA_ASSERT_OK_AND_ASSIGN(const CardImage image, MakeCardImage(program, config));
  EXPECT_EQ(image.hidden_size, 30);
  EXPECT_EQ(image.padded_hidden_size, 32);
  EXPECT_EQ(image.hidden_blocks(), 4);
  int64_t beat = 1;
  const auto expect_next = [&](const auto& entry) {
    EXPECT_EQ(entry.beat, beat);
    EXPECT_GT(entry.beats, 0);
    beat += entry.beats;
  };
  expect_next(image.embedding_layer_norm);
  for (const LayerEntry& layer : image.layers) {
    for (const MatrixEntry* matrix :
         {&layer.query, &layer.key, &layer.value, &layer.attention_output}) {
      expect_next(*matrix);
    }
    expect_next(layer.attention_layer_norm);
    expect_next(layer.intermediate);
    expect_next(layer.output);
    expect_next(layer.output_layer_norm);
  }
  EXPECT_EQ(beat, image.beats());
  EXPECT_TRUE(image.layers[0].intermediate.gelu);
  EXPECT_FALSE(image.layers[0].output.gelu);
  EXPECT_EQ(image.layers[0].intermediate.rows, 70);
  EXPECT_EQ(image.layers[0].intermediate.channel_blocks, 10);
}

TEST(CardImageTest, ALayerNormStandsBesideTheViewOfItsResult) {
  const Program program = ProgramOf({.hidden_size = 20, .heads = 1});
  STA_ASSERT_OK_AND_ASSIGN(const CardImage image, MakeCardImage(program, CardConfig{}));
  const LayerEntry& first = image.layers[0];
  const LayerEntry& last = image.layers[1];
  EXPECT_TRUE(image.embedding_layer_norm.view);
  EXPECT_TRUE(first.output_layer_norm.view);
  EXPECT_FALSE(last.output_layer_norm.view);
  EXPECT_EQ(first.output_layer_norm.mean_reciprocal, 838861);  // 2^24 / 20, rounded
  EXPECT_EQ(first.output_layer_norm.epsilon, program.layer_norms[2].epsilon);

  const auto expect_entry = [&](const VectorEntry& entry, int64_t channel,
                                std::vector<int16_t> expected) {
    const auto* bytes = &image.bytes[static_cast<size_t>(entry.beat * 64 + channel * 8)];
    for (const int16_t value : expected) {
      EXPECT_EQ(static_cast<int16_t>(bytes[0] | bytes[1] << 8), value) << "channel " << channel;
      bytes += 2;
    }
  };
  // The second layer's view is made by the first layer's last LayerNorm.
  const LayerNormParameters& norm = program.layer_norms[2];
  const Int8ViewParameters& view = program.int8_views[2];
  expect_entry(first.output_layer_norm, 19, {norm.gain[19], norm.bias[19], view.multiplier[19], 0});
  expect_entry(first.output_layer_norm, 20, {0, 0, 0, 0});
  const LayerNormParameters& last_norm = program.layer_norms[4];
  expect_entry(last.output_layer_norm, 3, {last_norm.gain[3], last_norm.bias[3], 0, 0});
}

TEST(CardImageTest, SaysWhatTheArrayDoesNotTake) {
  CardConfig config;
  config.max_channels = 32;
  EXPECT_THAT(MakeCardImage(ProgramOf({.hidden_size = 36}), config),
              StatusIs(absl::StatusCode::kUnimplemented,
                       "hidden size 36, the card's vector unit takes 32"));
  STA_ASSERT_OK_AND_ASSIGN(const CardConfig small, CardConfig::Preset("4x4x4"));
  EXPECT_THAT(MakeCardImage(ProgramOf({.hidden_size = 80, .layers = 1, .heads = 1}), small),
              StatusIs(absl::StatusCode::kUnimplemented,
                       "layer 0 heads of 80 channels, a 4x4x4 array takes 1..64"));
  const Program wide = ProgramOf({.hidden_size = 16, .intermediate_size = 4096, .layers = 1});
  EXPECT_THAT(MakeCardImage(wide, small), StatusIs(absl::StatusCode::kUnimplemented,
                                                   HasSubstr("layer 0 output: 4096 inputs at 16")));
  EXPECT_THAT(MakeCardImage(RandomProgram(1), config),
              StatusIs(absl::StatusCode::kUnimplemented, HasSubstr("the card runs encoders only")));
  config.tile = 7;
  EXPECT_THAT(MakeCardImage(wide, config),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("tile 7")));
}

class ImageHeaderTest : public testing::Test {
 protected:
  const CardConfig config_ = {};
  std::vector<uint8_t> bytes_ = MakeCardImage(ProgramOf({.layers = 1}), config_)->bytes;
};

TEST_F(ImageHeaderTest, IsTheFirstBeat) {
  EXPECT_THAT(CheckCardImage(bytes_, config_), IsOk());
  const std::vector<uint8_t> expected = {'S', 'T', 'A', 'C', 1, 0, 0, 0, 8, 0, 8, 0};
  EXPECT_TRUE(std::equal(expected.begin(), expected.end(), bytes_.begin()));
  EXPECT_EQ(static_cast<size_t>(bytes_[12] | bytes_[13] << 8), bytes_.size() / 64);
}

TEST_F(ImageHeaderTest, DamageIsSeen) {
  const auto expect_damage = [&](std::span<const uint8_t> bytes, const char* message) {
    EXPECT_THAT(CheckCardImage(bytes, config_),
                StatusIs(absl::StatusCode::kDataLoss, HasSubstr(message)));
  };
  const std::span<const uint8_t> all(bytes_);
  expect_damage({}, "0 bytes are not a program image");
  expect_damage(all.first(bytes_.size() - 1), "are not a program image");
  expect_damage(all.first(bytes_.size() - 64), "beats, its header says");
  bytes_.back() ^= 1;
  expect_damage(all, "the checksum does not fit the content");
  bytes_.back() ^= 1;
  bytes_[4] = 2;
  expect_damage(all, "format version 2, this build reads 1");
  bytes_[0] = 's';
  expect_damage(all, "are not a program image");
}

TEST_F(ImageHeaderTest, AnotherArraysImageIsRefused) {
  STA_ASSERT_OK_AND_ASSIGN(const CardConfig large, CardConfig::Preset("16x16x8"));
  EXPECT_THAT(CheckCardImage(bytes_, large),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       "program image: made for a 8x8x8 array, the card's is 16x16x8"));
}

}  // namespace
}  // namespace sta::card
