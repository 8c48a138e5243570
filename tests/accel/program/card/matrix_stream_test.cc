// SPDX-License-Identifier: Apache-2.0
#include "accel/program/card/matrix_stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <ostream>
#include <span>
#include <tuple>

#include "accel/program/card/head_layout.h"
#include "accel/program/random_encoder.h"
#include "tests/support/status_matchers.h"

namespace sta::card {
namespace {

using testing::Each;
using testing::HasSubstr;

LinearParameters MakeLinear(int64_t rows, int64_t columns, Pattern pattern) {
  LinearParameters linear = {.weights = RandomMatrix(3, rows, columns, pattern)};
  for (int32_t row = 0; row < rows; ++row) {
    linear.bias.push_back(-1000 + 7 * row);
    linear.shift.push_back(static_cast<uint8_t>(row % 32));
    linear.multiplier.push_back(static_cast<int16_t>(32767 - row));
  }
  return linear;
}

// Reads a stream as the document describes it, byte by byte.
class StreamReader {
 public:
  StreamReader(const MatrixStream& stream, const CardConfig& config, bool has_tables)
      : stream_(stream),
        config_(config),
        words_(stream.windows * stream.steps * config.tile * config.lanes),
        tables_(has_tables ? 512 : 0) {}

  int64_t BlockBytes() const {
    return Beats(8 * config_.tile) + Beats(words_) + (stream_.indexed ? Beats(words_ / 2) : 0);
  }
  int64_t Size() const { return tables_ + stream_.channel_blocks * BlockBytes(); }

  std::span<const uint8_t> Parameters(int64_t channel) const {
    return Bytes(Block(channel) + 8 * (channel % config_.tile), 8);
  }

  // Weights of one channel over all inputs of the windows.
  std::vector<int8_t> Row(int64_t channel) const {
    std::vector<int8_t> row(static_cast<size_t>(stream_.windows * config_.window_inputs()));
    const int64_t values = Block(channel) + Beats(8 * config_.tile);
    const int64_t indices = values + Beats(words_);
    for (int64_t word = 0; word < stream_.windows * stream_.steps; ++word) {
      for (int64_t lane = 0; lane < config_.lanes; ++lane) {
        const int64_t at = (word * config_.tile + channel % config_.tile) * config_.lanes + lane;
        const int64_t byte = stream_.indexed
                                 ? Bytes(indices + at / 2, 1)[0] >> (at % 2 == 0 ? 0 : 4) & 15
                                 : word % stream_.steps;
        const int64_t input = word / stream_.steps * config_.window_inputs() + lane * 16 + byte;
        row[static_cast<size_t>(input)] += static_cast<int8_t>(Bytes(values + at, 1)[0]);
      }
    }
    return row;
  }

 private:
  static int64_t Beats(int64_t bytes) { return RoundUp(bytes, kBeatBytes); }
  int64_t Block(int64_t channel) const { return tables_ + channel / config_.tile * BlockBytes(); }
  std::span<const uint8_t> Bytes(int64_t first, int64_t count) const {
    return std::span(stream_.bytes).subspan(static_cast<size_t>(first), static_cast<size_t>(count));
  }

  const MatrixStream& stream_;
  const CardConfig& config_;
  const int64_t words_;
  const int64_t tables_;
};

using Shape = std::tuple<const char*, Pattern>;
class MatrixStreamTest : public testing::TestWithParam<Shape> {};

TEST_P(MatrixStreamTest, ReadsBackAsTheMatrix) {
  const auto& [array, pattern] = GetParam();
  STA_ASSERT_OK_AND_ASSIGN(const CardConfig config, CardConfig::Preset(array));
  // Places of 37 channels and 150 inputs among others that have none, in an order of their own.
  const LinearParameters linear = MakeLinear(37, 150, pattern);
  ChannelMap outputs(48, kNoChannel);
  for (int32_t row = 0; row < 37; ++row) outputs[static_cast<size_t>(47 - row)] = row;
  ChannelMap inputs(208, kNoChannel);
  for (int32_t input = 0; input < 150; ++input)
    inputs[static_cast<size_t>(input + input / 3)] = input;
  STA_ASSERT_OK_AND_ASSIGN(const MatrixStream stream,
                           MakeMatrixStream({&linear, nullptr, &outputs, &inputs}, config));
  const StreamReader reader(stream, config, false);
  ASSERT_EQ(std::ssize(stream.bytes), reader.Size());
  EXPECT_EQ(stream.windows, config.WindowsOf(208));
  EXPECT_EQ(stream.channel_blocks, 48 / config.tile);
  EXPECT_EQ(stream.indexed, stream.steps < 16);

  const std::vector<int8_t> dense = linear.weights.ToDense();
  for (size_t place = 0; place < outputs.size(); ++place) {
    std::vector<int8_t> expected(static_cast<size_t>(stream.windows * config.window_inputs()));
    const int32_t row = outputs[place];
    for (size_t at = 0; row != kNoChannel && at < inputs.size(); ++at) {
      if (inputs[at] != kNoChannel)
        expected[at] = dense[static_cast<size_t>(row * 150 + inputs[at])];
    }
    EXPECT_EQ(reader.Row(static_cast<int64_t>(place)), expected) << "place " << place;
    const auto parameters = reader.Parameters(static_cast<int64_t>(place));
    if (row == kNoChannel) {
      EXPECT_THAT(parameters, Each(0));
      continue;
    }
    const auto bias = static_cast<uint32_t>(-1000 + 7 * row);
    const int multiplier = 32767 - row;
    EXPECT_THAT(parameters,
                testing::ElementsAre(bias & 255, bias >> 8 & 255, bias >> 16 & 255, bias >> 24,
                                     multiplier & 255, multiplier >> 8, row % 32, 0));
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, MatrixStreamTest,
                         testing::Combine(testing::Values("4x4x4", "8x8x8", "16x16x8"),
                                          testing::Values(Pattern::Dense(), Pattern{1, 4},
                                                          Pattern{3, 4}, Pattern{2, 8},
                                                          Pattern{1, 16}, Pattern{9, 16},
                                                          Pattern{5, 32}, Pattern{32, 32})));

TEST(MatrixStreamStepsTest, FollowFromTheFullestSixteenInputs) {
  struct Case {
    Pattern pattern;
    int64_t steps;
  };
  const CardConfig config;
  const ChannelMap outputs = PlainChannels(256);
  const ChannelMap inputs = PlainChannels(256);
  for (const auto& [pattern, steps] :
       {Case{{4, 8}, 8}, Case{{2, 8}, 4}, Case{{1, 8}, 2}, Case{{1, 4}, 4}, Case{{1, 16}, 1},
        Case{{7, 16}, 7}, Case{{15, 16}, 15}, Case{Pattern::Dense(), 16}, Case{{1, 32}, 1}}) {
    LinearParameters linear = MakeLinear(256, 256, pattern);
    // Random weights are zero at times: here none is.
    for (int8_t& value : linear.weights.values) value = value == 0 ? int8_t{1} : value;
    STA_ASSERT_OK_AND_ASSIGN(const MatrixStream stream,
                             MakeMatrixStream({&linear, nullptr, &outputs, &inputs}, config));
    EXPECT_EQ(stream.steps, steps) << pattern.ToString();
    EXPECT_EQ(stream.indexed, steps < 16) << pattern.ToString();
    EXPECT_EQ(stream.non_zeros, std::ssize(linear.weights.values));
  }
  LinearParameters zeros = MakeLinear(256, 256, {2, 8});
  std::fill(zeros.weights.values.begin(), zeros.weights.values.end(), int8_t{0});
  STA_ASSERT_OK_AND_ASSIGN(const MatrixStream stream,
                           MakeMatrixStream({&zeros, nullptr, &outputs, &inputs}, config));
  EXPECT_EQ(stream.steps, 1);
  EXPECT_EQ(stream.non_zeros, 0);
}

TEST(MatrixStreamTablesTest, GeluTablesComeFirstAndClassesWithTheirChannels) {
  const CardConfig config;
  const LinearParameters linear = MakeLinear(16, 16, {1, 8});
  GeluParameters gelu;
  for (int c = 0; c < 16; ++c) gelu.channel_class.push_back(c % 3 == 0);
  for (int i = 0; i < 256; ++i) {
    gelu.tables[0][static_cast<size_t>(i)] = static_cast<int8_t>(i / 3);
    gelu.tables[1][static_cast<size_t>(i)] = static_cast<int8_t>(-i / 3);
  }
  const ChannelMap channels = PlainChannels(16);
  STA_ASSERT_OK_AND_ASSIGN(const MatrixStream stream,
                           MakeMatrixStream({&linear, &gelu, &channels, &channels}, config));
  const StreamReader reader(stream, config, true);
  ASSERT_EQ(std::ssize(stream.bytes), reader.Size());
  for (size_t i = 0; i < 256; ++i) {
    EXPECT_EQ(static_cast<int8_t>(stream.bytes[i]), gelu.tables[0][i]);
    EXPECT_EQ(static_cast<int8_t>(stream.bytes[256 + i]), gelu.tables[1][i]);
  }
  for (int64_t c = 0; c < 16; ++c) EXPECT_EQ(reader.Parameters(c)[7], c % 3 == 0) << c;
}

TEST(MatrixStreamLimitsTest, LargerMatricesThanAMatmulTakesAreRejected) {
  STA_ASSERT_OK_AND_ASSIGN(const CardConfig small, CardConfig::Preset("4x4x4"));
  const LinearParameters wide = MakeLinear(4, 4096, Pattern::Dense());
  const ChannelMap few = PlainChannels(4);
  const ChannelMap many = PlainChannels(4096);
  EXPECT_THAT(MakeMatrixStream({&wide, nullptr, &few, &many}, small),
              StatusIs(absl::StatusCode::kUnimplemented,
                       HasSubstr("4096 inputs at 16 of 16 weights take 1024 steps on a 4x4x4 "
                                 "array, it takes 512")));
  const LinearParameters tall = MakeLinear(4, 16, Pattern::Dense());
  const ChannelMap inputs = PlainChannels(16);
  ChannelMap outputs(4 * 4096, kNoChannel);
  EXPECT_THAT(MakeMatrixStream({&tall, nullptr, &outputs, &inputs}, small),
              StatusIs(absl::StatusCode::kUnimplemented, HasSubstr("16384 output channels")));
  outputs.resize(4 * 4095);
  EXPECT_THAT(MakeMatrixStream({&tall, nullptr, &outputs, &inputs}, small), IsOk());
}

}  // namespace
}  // namespace sta::card
