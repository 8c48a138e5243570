// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "accel/arithmetic/gelu.h"
#include "accel/arithmetic/requantize.h"
#include "accel/arithmetic/residual.h"
#include "tests/accel/virtual_card/card_tester.h"

namespace sta::card {
namespace {

// A channel of a random product: a weight for each input, most of them zero where it is indexed.
struct Channel {
  int32_t bias = 0;
  int32_t multiplier = 0;
  int32_t shift = 0;
  uint8_t channel_class = 0;
  std::vector<int32_t> weights;
};

class MatmulTester : public CardTester {
 public:
  MatmulTester(std::string_view preset, uint64_t seed) : CardTester(preset, seed) {
    matmul_.destination_buffer =
        random.Pick({MatmulDestination::kActivations, MatmulDestination::kKeyValue,
                     MatmulDestination::kResidual});
    matmul_.gelu =
        matmul_.destination_buffer == MatmulDestination::kActivations && random.Uniform(0, 1) == 1;
    matmul_.indexed = random.Uniform(0, 3) != 0;
    matmul_.windows = random.Uniform(1, 3);
    matmul_.steps = random.Uniform(1, 16);
    matmul_.channel_blocks = random.Uniform(1, 5);
    matmul_.token_groups = random.Uniform(1, 3);
    matmul_.source_row = random.Uniform(0, 5);
    matmul_.source_stride = matmul_.windows + random.Uniform(0, 2);
    ChooseDestination();
    AppendBeats(std::vector<uint8_t>(static_cast<size_t>(random.Uniform(1, 200))));
    MakeTables();
    for (int64_t block = 0; block < matmul_.channel_blocks; ++block) MakeBlock();
  }

  void Test() {
    // Inputs are read before anything is written: the destination never overlaps the source.
    for (int64_t group = 0; group < matmul_.token_groups; ++group) {
      for (int64_t token = 0; token < config.tile; ++token) {
        for (size_t c = 0; c < channels_.size(); ++c) {
          Expect(group, token, static_cast<int64_t>(c), channels_[c]);
        }
      }
    }
    const CardRunResult result = Run({.operation = matmul_});
    EXPECT_EQ(result.error, CardError::kNone);
    EXPECT_EQ(result.instruction, 1);
    EXPECT_EQ(result.beats_read, std::ssize(program) / kBeatBytes - matmul_.weight_beat + 2);
    EXPECT_EQ(result.beats_written, 0);
    ExpectBuffers();
  }

 private:
  void ChooseDestination() {
    const int64_t blocks = matmul_.channel_blocks;
    switch (matmul_.destination_buffer) {
      case MatmulDestination::kActivations:
        matmul_.destination = 24 + random.Uniform(0, 5);
        matmul_.destination_stride = config.WindowsOf(blocks * config.tile) + random.Uniform(0, 2);
        break;
      case MatmulDestination::kKeyValue:
        matmul_.destination = random.Uniform(0, 50);
        matmul_.destination_stride = blocks + random.Uniform(0, 3);
        break;
      case MatmulDestination::kResidual:
        matmul_.destination = random.Uniform(0, 50);
        matmul_.granule_row_stride = blocks + random.Uniform(0, 3);
        matmul_.destination_stride = matmul_.granule_row_stride * config.granule_rows();
        break;
    }
  }

  void MakeTables() {
    std::vector<uint8_t> bytes;
    for (auto& table : tables_) {
      for (int8_t& code : table) {
        code = Operand();
        AppendNumber(bytes, code, 1);
      }
    }
    if (!matmul_.gelu) bytes.clear();
    matmul_.weight_beat = AppendBeats(bytes);
  }

  // The channels of a block, and the block in the program image.
  void MakeBlock() {
    const auto first = channels_.size();
    std::vector<uint8_t> parameters;
    for (int64_t o = 0; o < config.tile; ++o) {
      const Channel& channel = channels_.emplace_back(Channel{
          .bias = static_cast<int32_t>(random.Uniform(-200000, 200000)),
          .multiplier = static_cast<int32_t>(random.Uniform(0, 32767)),
          .shift = static_cast<int32_t>(random.Uniform(0, 12)),
          .channel_class = static_cast<uint8_t>(random.Uniform(0, 1)),
          .weights =
              std::vector<int32_t>(static_cast<size_t>(matmul_.windows * config.window_inputs()))});
      AppendNumber(parameters, channel.bias, 4);
      AppendNumber(parameters, channel.multiplier, 2);
      // The other bits of these do not count.
      AppendNumber(parameters, channel.shift + 32 * random.Uniform(0, 7), 1);
      AppendNumber(parameters, channel.channel_class + 2 * random.Uniform(0, 127), 1);
    }
    AppendBeats(parameters);
    MakeWeights(first);
  }

  // Draws what the stream holds, and adds it up to weights of inputs: one may come twice.
  void MakeWeights(size_t first_channel) {
    std::vector<uint8_t> values, indices;
    for (int64_t window = 0; window < matmul_.windows; ++window) {
      for (int64_t step = 0; step < matmul_.steps; ++step) {
        for (int64_t o = 0; o < config.tile; ++o) {
          for (int64_t lane = 0; lane < config.lanes; ++lane) {
            const int8_t value = Operand();
            const int64_t index = matmul_.indexed ? random.Uniform(0, 15) : step;
            values.push_back(static_cast<uint8_t>(value));
            if (lane % 2 == 0) indices.push_back(0);
            indices.back() |= static_cast<uint8_t>(index << (lane % 2 * 4));
            const int64_t place = (window * config.lanes + lane) * 16 + index;
            channels_[first_channel + static_cast<size_t>(o)].weights[static_cast<size_t>(place)] +=
                value;
          }
        }
      }
    }
    AppendBeats(values);
    if (matmul_.indexed) AppendBeats(indices);
  }

  void Expect(int64_t group, int64_t token, int64_t c, const Channel& channel) {
    int32_t accumulator = channel.bias;
    for (size_t i = 0; i < channel.weights.size(); ++i) {
      accumulator += channel.weights[i] *
                     expected.Activation(matmul_.source_row + group * matmul_.source_stride, token,
                                         static_cast<int64_t>(i));
    }
    const auto multiplier = static_cast<int16_t>(channel.multiplier);
    const int64_t destination = matmul_.destination + group * matmul_.destination_stride;
    if (matmul_.destination_buffer == MatmulDestination::kResidual) {
      int16_t& x = expected.Residual(destination, matmul_.granule_row_stride, token, c);
      x = arithmetic::ResidualAdd(x,
                                  arithmetic::Requantize16(accumulator, channel.shift, multiplier));
      return;
    }
    int8_t y = arithmetic::Requantize8(accumulator, channel.shift, multiplier);
    if (matmul_.gelu) y = arithmetic::Gelu(tables_, channel.channel_class, y);
    if (matmul_.destination_buffer == MatmulDestination::kActivations) {
      expected.Activation(destination, token, c) = y;
    } else {
      expected.KeyValue(destination, token, c) = y;
    }
  }

  MatmulInstruction matmul_;
  arithmetic::GeluTables tables_ = {};
  std::vector<Channel> channels_;
};

class MatmulTest : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Arrays, MatmulTest, testing::Values("4x4x4", "8x8x8", "16x16x8"),
                         [](const auto& array) { return std::string(array.param); });

TEST_P(MatmulTest, EqualsDirectArithmetic) {
  for (uint64_t seed = 0; seed < 40; ++seed) {
    SCOPED_TRACE(seed);
    MatmulTester(GetParam(), seed).Test();
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace sta::card
