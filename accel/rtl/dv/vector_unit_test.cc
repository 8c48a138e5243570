// SPDX-License-Identifier: Apache-2.0
//
// The vector unit against card::RunVector, the card's functional model over accel/arithmetic.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "Vvector_unit_16x8.h"
#include "Vvector_unit_4x4.h"
#include "Vvector_unit_8x8.h"
#include "accel/arithmetic/layer_norm.h"
#include "accel/program/card/card_config.h"
#include "accel/program/card/constants_layout.h"
#include "accel/program/card/instruction.h"
#include "accel/rtl/dv/vector_bench.h"
#include "accel/virtual_card/card_buffers.h"
#include "accel/virtual_card/datapath.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sta::rtl {
namespace {

using card::RoundUp;
using card::VectorInstruction;

constexpr int64_t kMaxGain = 32767;

template <typename Model, int64_t kTile, int64_t kLanes>
struct Array {
  using ModelType = Model;
  static card::CardConfig Config() {
    return {.tile = kTile, .lanes = kLanes, .activation_rows = 512, .residual_beats = 4096};
  }
};

template <typename ArrayType>
class VectorUnitTest : public testing::Test {
 protected:
  using Bench = VectorBench<typename ArrayType::ModelType>;

  static int64_t Between(Bench& bench, int64_t low, int64_t high) {
    return low + static_cast<int64_t>(bench.bench().random()() % (high - low + 1));
  }

  // LayerNorm and view of `tokens` tokens of `channels` channels, with the right M. The buffers'
  // places are not set.
  VectorInstruction Rows(int64_t channels, int64_t token_groups) {
    return {.normalize = true,
            .view = true,
            .channel_blocks = RoundUp(channels, card::kLaneBytes) / config_.tile,
            .token_groups = token_groups,
            .channels = channels,
            .destination_stride = config_.WindowsOf(channels),
            .mean_reciprocal = arithmetic::MeanReciprocal(channels)};
  }

  // Appends random parameters to the program, also for channels that do not count.
  void AddParameters(Bench& bench, VectorInstruction& vector, int64_t gain_limit) {
    std::vector<uint8_t>& program = bench.program();
    vector.parameter_beat = static_cast<int64_t>(program.size()) / card::kBeatBytes;
    const int64_t beats = card::ParameterBeatsOf(vector, config_);
    for (int64_t i = 0; i < beats * card::kBeatBytes / card::kChannelParameterBytes; ++i) {
      const int64_t values[] = {Between(bench, -gain_limit, gain_limit),
                                Between(bench, -32767, 32767), Between(bench, 1, 32767),
                                Between(bench, 0, 65535)};
      for (const int64_t value : values) {
        program.push_back(static_cast<uint8_t>(value));
        program.push_back(static_cast<uint8_t>(value >> 8));
      }
    }
  }

  void FillResidual(Bench& bench, int64_t limit) {
    for (int16_t& x : bench.buffers().residual()) {
      x = static_cast<int16_t>(Between(bench, -limit, limit - 1));
    }
  }

  // Runs all and compares both buffers whole. Gives the cycles.
  uint64_t Check(Bench& bench, std::span<const VectorInstruction> instructions) {
    card::CardBuffers expected = bench.buffers();
    const std::span<const uint8_t> program = bench.program();
    for (const VectorInstruction& vector : instructions) {
      card::RunVector(
          config_, vector,
          program.subspan(static_cast<size_t>(vector.parameter_beat) * card::kBeatBytes), expected);
    }
    const uint64_t cycles = bench.Run(instructions);
    bench.Cycle();  // the last write arrives
    EXPECT_TRUE(std::ranges::equal(bench.buffers().residual(), expected.residual()));
    EXPECT_TRUE(std::ranges::equal(bench.buffers().activations(), expected.activations()));
    return cycles;
  }

  // A random instruction somewhere in the buffers.
  VectorInstruction RandomInstruction(Bench& bench) {
    constexpr int64_t kWidths[] = {8, 16, 17, 31, 33, 64, 100, 127, 129, 200, 384};
    const int64_t channels = kWidths[bench.bench().random()() % std::size(kWidths)];
    VectorInstruction vector = Rows(channels, Between(bench, 1, channels > 100 ? 2 : 4));
    vector.view = bench.bench().Chance(66);
    vector.normalize = !vector.view || bench.bench().Chance(66);
    vector.destination_stride += Between(bench, 0, 3);
    const int64_t granules = vector.token_groups * config_.granule_rows() * vector.channel_blocks;
    vector.source_granule =
        Between(bench, 0, config_.residual_beats * config_.beat_granules() - granules);
    vector.destination_row = Between(
        bench, 0, config_.activation_rows - vector.token_groups * vector.destination_stride);
    vector.epsilon = bench.bench().Chance(50) ? 1 : Between(bench, 1, int64_t{1} << 31);
    if (bench.bench().Chance(10)) vector.mean_reciprocal = Between(bench, 0, (1 << 25) - 1);
    AddParameters(bench, vector, bench.bench().Chance(50) ? kMaxGain : 2000);
    return vector;
  }

  const card::CardConfig config_ = ArrayType::Config();
};

using Arrays = testing::Types<Array<Vvector_unit_4x4, 4, 4>, Array<Vvector_unit_8x8, 8, 8>,
                              Array<Vvector_unit_16x8, 16, 8>>;
TYPED_TEST_SUITE(VectorUnitTest, Arrays);

TYPED_TEST(VectorUnitTest, EqualsTheModelUnderRandomReadiness) {
  for (uint32_t seed = 1; seed <= 8; ++seed) {
    SCOPED_TRACE(seed);
    const int slow = seed % 4 == 0 ? 100 : 15;
    typename TestFixture::Bench bench(this->config_, seed,
                                      {.instruction = seed % 3 == 0 ? 100 : 20,
                                       .ahead = seed % 3 == 1 ? 100 : 2,
                                       .request = slow,
                                       .response = seed % 2 == 0 ? 100 : 30,
                                       .read = seed % 5 == 0 ? 100 : 60,
                                       .write = seed % 6 == 0 ? slow : 70,
                                       .view = seed % 7 == 0 ? slow : 70});
    this->FillResidual(bench, seed % 3 == 0 ? 300 : 32768);
    std::vector<VectorInstruction> instructions(6);
    std::ranges::generate(instructions, [&] { return this->RandomInstruction(bench); });
    this->Check(bench, instructions);
    ASSERT_FALSE(this->HasFailure());
  }
}

// Every width, padding and all, by itself: one token group from row 0 on.
TYPED_TEST(VectorUnitTest, NormalizesRowsOfEveryWidth) {
  for (int64_t channels = 1; channels <= 768; channels += channels < 40 ? 1 : 91) {
    SCOPED_TRACE(channels);
    typename TestFixture::Bench bench(this->config_, static_cast<uint32_t>(channels), {});
    this->FillResidual(bench, 1 << (channels % 16));
    VectorInstruction vector = this->Rows(channels, 1);
    this->AddParameters(bench, vector, kMaxGain);
    this->Check(bench, std::vector{vector});
    ASSERT_FALSE(this->HasFailure());
  }
}

// Rows of one value, of the two ends of int16, and of one value that sticks out: d saturates, W is
// as small and as large as it can be.
TYPED_TEST(VectorUnitTest, IsExactAtTheEndsOfTheRange) {
  constexpr int64_t kWidest = 4096;
  for (const int64_t channels : {int64_t{24}, int64_t{768}, kWidest}) {
    for (const int64_t epsilon : {int64_t{1}, arithmetic::kMaxLayerNormEpsilon}) {
      SCOPED_TRACE(testing::Message() << channels << " channels, epsilon " << epsilon);
      typename TestFixture::Bench bench(this->config_, 1, {});
      VectorInstruction vector = this->Rows(channels, 1);
      vector.epsilon = epsilon;
      int64_t granule = 0;
      const int64_t rows = this->config_.granule_rows();
      for (int64_t row = 0; row < rows; ++row) {
        for (int64_t block = 0; block < vector.channel_blocks; ++block, ++granule) {
          for (size_t i = 0; int16_t & x : bench.buffers().Granule(granule)) {
            const bool is_first = block == 0 && i < 2;
            const int16_t ends = i++ % 2 == 0 ? -32768 : 32767;
            const int16_t single = is_first ? int16_t{32767} : int16_t{-32768};
            x = row == 0 ? ends : row == 1 ? int16_t{-32768} : row == 2 ? single : int16_t{32767};
          }
        }
      }
      this->AddParameters(bench, vector, kMaxGain);
      this->Check(bench, std::vector{vector});
      ASSERT_FALSE(this->HasFailure());
    }
  }
}

// The mean of a row whose M is wrong leaves int16: x - mean saturates for all of them.
TYPED_TEST(VectorUnitTest, TakesAnyMeanReciprocal) {
  for (const int64_t reciprocal :
       {int64_t{0}, int64_t{1}, int64_t{1} << 23, int64_t{1} << 24, (int64_t{1} << 25) - 1}) {
    SCOPED_TRACE(reciprocal);
    typename TestFixture::Bench bench(this->config_, 7, {});
    this->FillResidual(bench, 32768);
    VectorInstruction vector = this->Rows(40, 2);
    vector.mean_reciprocal = reciprocal;
    this->AddParameters(bench, vector, kMaxGain);
    this->Check(bench, std::vector{vector});
    ASSERT_FALSE(this->HasFailure());
  }
}

// As many rows as the residual buffer has.
TYPED_TEST(VectorUnitTest, TakesThousandsOfRows) {
  typename TestFixture::Bench bench(this->config_, 1, {});
  this->FillResidual(bench, 32768);
  VectorInstruction vector = this->Rows(16, 1);
  vector.view = false;
  vector.token_groups = this->config_.residual_beats * this->config_.beat_granules() /
                        (this->config_.granule_rows() * vector.channel_blocks);
  this->AddParameters(bench, vector, kMaxGain);
  this->Check(bench, std::vector{vector});
}

// Two cycles a channel block from one granule row to the next; the first row's three passes, the
// scalars between them and the pipeline come on top once.
TYPED_TEST(VectorUnitTest, TakesTwoCyclesAChannelBlock) {
  for (const int64_t channels : {384, 768}) {
    for (const bool normalize : {false, true}) {
      typename TestFixture::Bench bench(this->config_, 1, {});
      this->FillResidual(bench, 32768);
      VectorInstruction vector = this->Rows(channels, 2);
      vector.normalize = normalize;
      this->AddParameters(bench, vector, kMaxGain);
      const uint64_t cycles = this->Check(bench, std::vector{vector});
      const int64_t rows = vector.token_groups * this->config_.granule_rows();
      EXPECT_LE(cycles, (2 * rows + 2) * vector.channel_blocks + 110) << channels;
    }
  }
}

// Instructions of every kind one after the other, with nothing in between: what the one before
// left in the pipeline belongs to none of them.
TYPED_TEST(VectorUnitTest, KeepsSuccessiveInstructionsApart) {
  typename TestFixture::Bench bench(this->config_, 3, {});
  this->FillResidual(bench, 32768);
  std::vector<VectorInstruction> instructions;
  for (int i = 0; i < 16; ++i) {
    VectorInstruction vector = this->Rows(16 << (i % 2), 1);
    vector.normalize = i / 4 % 3 != 0 || i % 3 == 0;
    vector.view = !vector.normalize || i % 4 != 0;
    vector.destination_row = i;
    this->AddParameters(bench, vector, kMaxGain);
    instructions.push_back(vector);
  }
  this->Check(bench, instructions);
}

// The parameters of two instructions are loaded ahead; the third's wait for a buffer.
// Two instructions' parameters are held, four more instructions wait for theirs.
TYPED_TEST(VectorUnitTest, LoadsParametersTwoInstructionsAhead) {
  typename TestFixture::Bench bench(this->config_, 5, {.instruction = 0});
  VectorInstruction vector = this->Rows(512, 1);
  std::vector<VectorInstruction> instructions;
  for (int i = 0; i < 7; ++i) {
    this->AddParameters(bench, vector, kMaxGain);
    instructions.push_back(vector);
  }
  bench.Start(instructions);
  for (int cycle = 0; cycle < 1000; ++cycle) bench.Cycle();
  EXPECT_EQ(bench.ahead_taken(), 6);
  const int64_t beats = card::ParameterBeatsOf(vector, this->config_);
  EXPECT_EQ(bench.responses(), 2 * beats);
  EXPECT_EQ(bench.bench()->request_valid_o, 0);
}

// A port that is never ready stops the unit, and it goes on where it was.
TYPED_TEST(VectorUnitTest, WaitsForAPortThatIsNotReady) {
  for (int VectorReadiness::*port :
       {&VectorReadiness::request, &VectorReadiness::response, &VectorReadiness::read,
        &VectorReadiness::write, &VectorReadiness::view}) {
    typename TestFixture::Bench bench(this->config_, 9, {});
    this->FillResidual(bench, 32768);
    VectorInstruction vector = this->Rows(384, 2);
    this->AddParameters(bench, vector, kMaxGain);
    const card::CardBuffers before = bench.buffers();
    bench.readiness().*port = 0;
    bench.Start(std::vector{vector});
    for (int cycle = 0; cycle < 2000; ++cycle) bench.Cycle();
    EXPECT_EQ(bench.done(), 0);
    EXPECT_EQ(bench.bench()->busy_o, 1);
    bench.readiness().*port = 100;
    card::CardBuffers expected = before;
    card::RunVector(this->config_, vector, bench.program(), expected);
    while (bench.done() == 0 && !this->HasFailure()) bench.Cycle();
    bench.Cycle();
    EXPECT_TRUE(std::ranges::equal(bench.buffers().residual(), expected.residual()));
    EXPECT_TRUE(std::ranges::equal(bench.buffers().activations(), expected.activations()));
  }
}

TYPED_TEST(VectorUnitTest, BeginsAfreshAfterAResetAtAnyTime) {
  for (uint32_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    typename TestFixture::Bench bench(this->config_, seed, {.write = 60, .view = 60});
    this->FillResidual(bench, 32768);
    VectorInstruction vector = this->Rows(200, 1);
    this->AddParameters(bench, vector, kMaxGain);
    bench.Start(std::vector{vector, vector});
    for (uint32_t cycle = 0; cycle < seed * 35; ++cycle) bench.Cycle();
    bench.Reset();
    EXPECT_EQ(bench.bench()->busy_o, 0);
    this->Check(bench, std::vector{vector});
    ASSERT_FALSE(this->HasFailure());
  }
}

}  // namespace
}  // namespace sta::rtl
