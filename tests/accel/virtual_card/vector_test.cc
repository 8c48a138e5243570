// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "accel/arithmetic/int8_view.h"
#include "accel/arithmetic/layer_norm.h"
#include "tests/accel/virtual_card/card_tester.h"

namespace sta::card {
namespace {

struct ChannelConstants {
  std::vector<int16_t> gain, bias, multiplier;
};

// Padding has constants of 0, as the compiler makes them.
ChannelConstants RandomConstants(RandomValues& random, int64_t channels, int64_t width) {
  ChannelConstants constants;
  for (int64_t c = 0; c < width; ++c) {
    const int64_t most = c < channels ? 32767 : 0;
    constants.gain.push_back(static_cast<int16_t>(random.Uniform(-most, most)));
    constants.bias.push_back(static_cast<int16_t>(random.Uniform(-most, most)));
    constants.multiplier.push_back(static_cast<int16_t>(random.Uniform(most / 32767, most)));
  }
  return constants;
}

std::vector<uint8_t> BytesOf(const ChannelConstants& constants) {
  std::vector<uint8_t> bytes;
  for (size_t c = 0; c < constants.gain.size(); ++c) {
    AppendNumber(bytes, constants.gain[c], 2);
    AppendNumber(bytes, constants.bias[c], 2);
    AppendNumber(bytes, constants.multiplier[c], 2);
    AppendNumber(bytes, 0, 2);
  }
  return bytes;
}

void TestVector(const char* preset, uint64_t seed) {
  CardTester tester(preset, seed);
  RandomValues& random = tester.random;
  const int64_t tile = tester.config.tile;
  VectorInstruction vector = {.normalize = random.Uniform(0, 2) != 0,
                              .channel_blocks = random.Uniform(1, 9),
                              .token_groups = random.Uniform(1, 3),
                              .source_granule = random.Uniform(0, 20),
                              .destination_row = random.Uniform(0, 9),
                              .destination_stride = 8,
                              .epsilon = random.Uniform(1, 1000)};
  vector.view = !vector.normalize || random.Uniform(0, 1) != 0;
  const int64_t width = vector.channel_blocks * tile;
  vector.channels = width - random.Uniform(0, tile - 1);
  vector.mean_reciprocal = arithmetic::MeanReciprocal(vector.channels);
  const ChannelConstants constants = RandomConstants(random, vector.channels, width);
  tester.AppendBeats(std::vector<uint8_t>(1));
  vector.parameter_beat = tester.AppendBeats(BytesOf(constants));

  const auto channels = static_cast<size_t>(vector.channels);
  for (int64_t row = 0; row < vector.token_groups * tile; ++row) {
    const auto value = [&](size_t c) -> int16_t& {
      return tester.expected.Residual(vector.source_granule, vector.channel_blocks, row,
                                      static_cast<int64_t>(c));
    };
    std::vector<int16_t> x;
    for (size_t c = 0; c < channels; ++c) x.push_back(value(c));
    if (vector.normalize) {
      arithmetic::LayerNormRow(x, std::span(constants.gain).first(channels),
                               std::span(constants.bias).first(channels), vector.epsilon, x);
      for (size_t c = 0; c < static_cast<size_t>(width); ++c) value(c) = c < channels ? x[c] : 0;
    }
    for (size_t c = 0; c < static_cast<size_t>(width) && vector.view; ++c) {
      tester.expected.Activation(vector.destination_row + row / tile * vector.destination_stride,
                                 row % tile, static_cast<int64_t>(c)) =
          arithmetic::Int8View(value(c), constants.multiplier[c]);
    }
  }
  const CardRunResult result = tester.Run({.operation = vector});
  EXPECT_EQ(result.error, CardError::kNone);
  EXPECT_EQ(result.beats_read, CeilDivide(width * 8, kBeatBytes) + 2);
  tester.ExpectBuffers();
}

class VectorTest : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Arrays, VectorTest, testing::Values("4x4x4", "8x8x8", "16x16x8"),
                         [](const auto& array) { return std::string(array.param); });

TEST_P(VectorTest, EqualsDirectArithmetic) {
  for (uint64_t seed = 0; seed < 100; ++seed) {
    SCOPED_TRACE(seed);
    TestVector(GetParam(), seed);
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace sta::card
