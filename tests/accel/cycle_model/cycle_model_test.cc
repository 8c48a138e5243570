// SPDX-License-Identifier: Apache-2.0
//
// Streams of a few instructions whose cycles can be told by hand. How near the model is to the
// hardware, accel/rtl/dv/cycle_model_test.cc says.
#include "accel/cycle_model/cycle_model.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "accel/program/card/constants_layout.h"
#include "tests/support/status_matchers.h"

namespace sta::card {
namespace {

using ::testing::HasSubstr;
using Stream = std::vector<CardInstruction>;

const CardConfig kArray = *CardConfig::Preset("8x8x8");
constexpr MemoryTiming kFastMemory = {.bytes_per_cycle = 128, .latency_cycles = 1};

CycleEstimate Predict(const Stream& stream, const MemoryTiming& memory = {},
                      const CardConfig& config = kArray) {
  const absl::StatusOr<CycleEstimate> estimate = PredictCycles(stream, config, memory);
  EXPECT_THAT(estimate, IsOk());
  if (!estimate.ok()) return {};
  EXPECT_EQ(estimate->engine_steps + estimate->engine_waits_units + estimate->engine_waits_weights +
                estimate->engine_waits_softmax + estimate->engine_waits_epilogue +
                estimate->engine_idle,
            estimate->cycles);
  return *estimate;
}

int64_t CyclesOf(const CardInstruction& instruction, const MemoryTiming& memory = {}) {
  return Predict({instruction, {}}, memory).cycles;
}

CardInstruction Matmul(const MatmulInstruction& matmul) { return {.operation = matmul}; }

TEST(CycleModelTest, EmptyRunTakesTheFetchAndLittleMore) {
  const CycleEstimate none = Predict({{}}, {.latency_cycles = 150});
  EXPECT_GT(none.cycles, 150);
  EXPECT_LT(none.cycles, 170);
  EXPECT_EQ(none.beats_read, 1);
  EXPECT_EQ(Predict({{}}, {.latency_cycles = 350}).cycles, none.cycles + 200);
}

TEST(CycleModelTest, MatmulTakesAStepACycle) {
  const CycleEstimate estimate =
      Predict({Matmul({.windows = 3, .steps = 4, .channel_blocks = 10, .token_groups = 16}), {}});
  EXPECT_EQ(estimate.engine_steps, 3 * 4 * 10 * 16);
  // Blocks come faster than they are used; only the first is waited for.
  EXPECT_LT(estimate.engine_waits_weights, 200);
  EXPECT_EQ(estimate.engine_waits_epilogue, 0);
}

TEST(CycleModelTest, MatmulOfFewTokensWaitsForItsWeights) {
  const MatmulInstruction matmul = {
      .indexed = true, .windows = 16, .steps = 4, .channel_blocks = 50, .token_groups = 1};
  const int64_t beats = WeightStreamBeats(matmul, kArray);
  for (const double bytes : {64.0, 16.0}) {
    const CycleEstimate estimate = Predict({Matmul(matmul), {}}, {.bytes_per_cycle = bytes});
    const auto transfer = static_cast<int64_t>(static_cast<double>(beats) * 64.0 / bytes);
    EXPECT_GT(estimate.cycles, transfer);
    // The latencies of the instruction and the weights, and the last block's steps.
    EXPECT_LT(estimate.cycles, transfer + 2 * 150 + 16 * 4 + 80);
    EXPECT_EQ(estimate.beats_read, beats + 2);
    EXPECT_EQ(estimate.engine_steps, 16 * 4 * 50);
  }
}

// A tile leaves the epilogue in T / G cycles.
TEST(CycleModelTest, TilesOfOneStepWaitForTheEpilogue) {
  for (const char* array : {"4x4x4", "8x8x8", "16x16x8"}) {
    const CardConfig config = *CardConfig::Preset(array);
    const CycleEstimate estimate =
        Predict({Matmul({.channel_blocks = 5, .token_groups = 200}), {}}, kFastMemory, config);
    EXPECT_EQ(estimate.engine_steps, 1000);
    EXPECT_NEAR(static_cast<double>(estimate.engine_waits_epilogue),
                static_cast<double>(1000 * (config.granule_rows() - 1)), 20.0);
  }
}

TEST(CycleModelTest, NextMatmulsWeightsComeMeanwhile) {
  const CardInstruction matmul =
      Matmul({.windows = 4, .steps = 4, .channel_blocks = 4, .token_groups = 16});
  const int64_t one = CyclesOf(matmul);
  const int64_t five = Predict({matmul, matmul, matmul, matmul, matmul, {}}).cycles;
  // 1,024 steps each, and some 21 cycles from the last step to the next instruction's first.
  EXPECT_NEAR(static_cast<double>(five - one) / 4.0, 1024.0 + 21.0, 2.0);
}

TEST(CycleModelTest, RingsHoldTwoOfTheLargestBlocks) {
  // While the first block of 512 step words is at work there is room for one more, not for two:
  // the third can be asked for when the first is done, and comes while the second is at work.
  const MatmulInstruction matmul = {
      .windows = 32, .steps = 16, .channel_blocks = 3, .token_groups = 2};
  const CycleEstimate estimate = Predict({Matmul(matmul), {}});
  EXPECT_EQ(estimate.engine_steps, 3 * 2 * 512);
  // All of the first block, of 513 beats; then a latency less what is at work is hidden.
  EXPECT_NEAR(static_cast<double>(estimate.engine_waits_weights), 150.0 + 513.0, 20.0);
}

TEST(CycleModelTest, VectorTakesTwoCyclesAGranule) {
  VectorInstruction vector = {
      .normalize = true, .view = true, .channel_blocks = 96, .token_groups = 8};
  const int64_t eight = CyclesOf({.operation = vector});
  vector.token_groups = 16;
  const CycleEstimate sixteen = Predict({{.operation = vector}, {}});
  EXPECT_NEAR(static_cast<double>(sixteen.cycles - eight), 8.0 * 4.0 * 96.0 * 2.0, 10.0);
  EXPECT_GT(sixteen.vector_busy, 16 * 4 * 96 * 2);
  EXPECT_EQ(sixteen.beats_read, 96 + 2);  // parameters of 8 bytes a channel
}

// The roots of a granule row take 40 cycles; then its next row's last square has its turn.
TEST(CycleModelTest, VectorOfNarrowRowsWaitsForItsRoots) {
  VectorInstruction vector = {.normalize = true, .channel_blocks = 2, .token_groups = 10};
  const int64_t ten = CyclesOf({.operation = vector});
  vector.token_groups = 20;
  EXPECT_NEAR(static_cast<double>(CyclesOf({.operation = vector}) - ten), 10.0 * 4.0 * 42.0, 10.0);
}

TEST(CycleModelTest, WaitingForTheVectorUnitIsCounted) {
  const CardInstruction vector = {
      .operation = VectorInstruction{.view = true, .channel_blocks = 96, .token_groups = 16}};
  CardInstruction matmul = Matmul({.windows = 6, .steps = 4, .token_groups = 16});
  const CycleEstimate beside = Predict({vector, matmul, {}});
  matmul.WaitFor(Unit::kVector, 1);
  const CycleEstimate after = Predict({vector, matmul, {}});
  EXPECT_EQ(beside.engine_waits_units, 0);
  // The first row goes through its passes alone.
  EXPECT_NEAR(static_cast<double>(after.engine_waits_units), (64.0 + 1.0) * 96.0 * 2.0, 100.0);
  EXPECT_NEAR(static_cast<double>(after.cycles - beside.cycles), 6.0 * 4.0 * 16.0, 50.0);
}

// A product whose every tile is added to the residual stream keeps the vector unit from it.
TEST(CycleModelTest, EpilogueHoldsTheVectorUnitOff) {
  const CardInstruction vector = {
      .operation = VectorInstruction{.normalize = true, .channel_blocks = 96, .token_groups = 16}};
  const CardInstruction matmul = Matmul({.destination_buffer = MatmulDestination::kResidual,
                                         .channel_blocks = 40,
                                         .token_groups = 100});
  const CycleEstimate estimate = Predict({vector, matmul, {}}, kFastMemory);
  // The product's 4,000 tiles take 16,000 cycles, in which no granule passes.
  EXPECT_GT(estimate.vector_busy, 16 * 4 * 96 * 2 + 15'500);
}

TEST(CycleModelTest, AttentionHidesTheSoftmaxBehindOtherHeads) {
  AttentionInstruction attention = {.heads = 12,
                                    .head_steps = 8,
                                    .head_value_blocks = 8,
                                    .key_count = 128,
                                    .query_groups = 16,
                                    .query_stride = 12,
                                    .key_stride = 96,
                                    .value_stride = 96,
                                    .context_stride = 6};
  const CycleEstimate many = Predict({{.operation = attention}, {}});
  // QK^T: 16 tiles of 8 steps; PV: 8 tiles of 16.
  EXPECT_EQ(many.engine_steps, 12 * 16 * (16 * 8 + 8 * 16));
  EXPECT_LT(many.engine_waits_softmax, 150);

  attention.heads = 1;
  attention.query_groups = 1;
  const CycleEstimate one = Predict({{.operation = attention}, {}});
  // Nothing to do meanwhile: 64 cycles of the second pass, and the pipelines around it.
  EXPECT_EQ(one.engine_steps, 16 * 8 + 8 * 16);
  EXPECT_GT(one.engine_waits_softmax, 64);
  EXPECT_LT(one.engine_waits_softmax, 64 + 60);
}

TEST(CycleModelTest, TransfersTakeACycleABeat) {
  const auto transfer = [](TransferDirection direction, int64_t beats) {
    return CardInstruction{.operation =
                               TransferInstruction{.direction = direction, .beats = beats}};
  };
  for (const TransferDirection direction : {TransferDirection::kLoad, TransferDirection::kStore}) {
    const CardInstruction small = transfer(direction, 100);
    const CardInstruction large = transfer(direction, 1100);
    EXPECT_NEAR(static_cast<double>(CyclesOf(large) - CyclesOf(small)), 1000.0, 10.0);
    const MemoryTiming slow = {.bytes_per_cycle = 16};
    EXPECT_NEAR(static_cast<double>(CyclesOf(large, slow) - CyclesOf(small, slow)), 4000.0, 10.0);
  }
  const CycleEstimate load = Predict({transfer(TransferDirection::kLoad, 100), {}});
  EXPECT_EQ(load.beats_read, 102);
  EXPECT_EQ(load.beats_written, 0);
  const CycleEstimate store = Predict({transfer(TransferDirection::kStore, 100), {}});
  EXPECT_EQ(store.beats_read, 2);
  EXPECT_EQ(store.beats_written, 100);
}

TEST(CycleModelTest, MicrosecondsFollowFromTheClock) {
  EXPECT_EQ(CycleEstimate{.cycles = 600}.Microseconds(300), 2.0);
}

void ExpectRefused(const Stream& stream, const MemoryTiming& memory, const std::string& message) {
  EXPECT_THAT(PredictCycles(stream, kArray, memory),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(message)));
}

TEST(CycleModelTest, BadStreamsAreRefused) {
  ExpectRefused({}, {}, "a stream without instructions");
  ExpectRefused({Matmul({})}, {}, "instruction 0 of 1: END must be the last");
  ExpectRefused({{}, {}}, {}, "instruction 0 of 2: END must be the last");
  ExpectRefused({Matmul({.steps = 17}), {}}, {}, "instruction 0: steps is 17, allowed is 1..16");
  CardInstruction waits = Matmul({});
  waits.WaitFor(Unit::kEngine, 1);
  ExpectRefused({waits, {}}, {}, "instruction 0: waits for an instruction that does not come");
}

TEST(CycleModelTest, BadMemoriesAndArraysAreRefused) {
  ExpectRefused({{}}, {.bytes_per_cycle = 0}, "memory of 0 bytes a cycle");
  ExpectRefused({{}}, {.latency_cycles = -1}, "a latency of -1 cycles");
  EXPECT_THAT(PredictCycles({}, {.tile = 5}, {}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("tile 5")));
}

}  // namespace
}  // namespace sta::card
