// SPDX-License-Identifier: Apache-2.0
//
// For each place that an instruction touches: one that ends with the last unit of the buffer or the
// region, and one that begins one unit later.
#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "accel/program/card/constants_layout.h"
#include "tests/accel/virtual_card/card_tester.h"

namespace sta::card {
namespace {

// Sizes as CardTester has them: 64 rows, 256 beats = 512 granules, 128 tiles; regions of 16 beats.
class RangeCheckTest : public testing::Test {
 protected:
  // `base` names the field that is one too much after it was increased.
  template <typename Operation>
  void ExpectLastFits(Operation operation, int64_t Operation::*base, CardError error) {
    const CardRunResult fits = tester_.Run({.operation = operation});
    EXPECT_EQ(fits.error, CardError::kNone);
    ++(operation.*base);
    const CardRunResult over = tester_.Run({.operation = operation});
    EXPECT_EQ(over.error, error);
    EXPECT_EQ(over.instruction, 0);
    EXPECT_EQ(over.beats_read, 1);
    EXPECT_EQ(over.beats_written, 0);
  }

  void MakeProgram(int64_t beats) {
    tester_.program.assign(static_cast<size_t>(beats * kBeatBytes), 1);
  }

  CardTester tester_{"8x8x8", 1};
};

TEST_F(RangeCheckTest, Transfers) {
  for (const TransferDirection direction : {TransferDirection::kLoad, TransferDirection::kStore}) {
    ExpectLastFits<TransferInstruction>({.direction = direction, .memory_beat = 12, .beats = 4},
                                        &TransferInstruction::memory_beat, CardError::kMemoryRange);
    ExpectLastFits<TransferInstruction>({.direction = direction, .beats = 4, .residual_beat = 252},
                                        &TransferInstruction::residual_beat, CardError::kResidual);
  }
}

TEST_F(RangeCheckTest, MatmulWeights) {
  for (const bool is_gelu : {false, true}) {
    for (const bool is_indexed : {false, true}) {
      const MatmulInstruction matmul = {.gelu = is_gelu,
                                        .indexed = is_indexed,
                                        .weight_beat = 3,
                                        .windows = 2,
                                        .steps = 3,
                                        .channel_blocks = 2,
                                        .destination = 40};
      // Parameters 1 beat, values 6 and indices 3 for each of two blocks; tables 8.
      MakeProgram(3 + (is_gelu ? 8 : 0) + 2 * (7 + (is_indexed ? 3 : 0)));
      ExpectLastFits(matmul, &MatmulInstruction::weight_beat, CardError::kMemoryRange);
    }
  }
}

TEST_F(RangeCheckTest, MatmulOperands) {
  MakeProgram(200);
  ExpectLastFits<MatmulInstruction>(
      {.windows = 3, .token_groups = 2, .source_row = 57, .source_stride = 4},
      &MatmulInstruction::source_row, CardError::kActivation);
  // 17 blocks of 8 channels: a window of 128 and a part of the next.
  ExpectLastFits<MatmulInstruction>(
      {.channel_blocks = 17, .token_groups = 2, .destination = 59, .destination_stride = 3},
      &MatmulInstruction::destination, CardError::kActivation);
  ExpectLastFits<MatmulInstruction>({.destination_buffer = MatmulDestination::kKeyValue,
                                     .channel_blocks = 5,
                                     .token_groups = 2,
                                     .destination = 117,
                                     .destination_stride = 6},
                                    &MatmulInstruction::destination, CardError::kKeyValue);
  ExpectLastFits<MatmulInstruction>({.destination_buffer = MatmulDestination::kResidual,
                                     .channel_blocks = 5,
                                     .token_groups = 2,
                                     .destination = 512 - (20 + 3 * 6 + 5),
                                     .destination_stride = 20,
                                     .granule_row_stride = 6},
                                    &MatmulInstruction::destination, CardError::kResidual);
}

TEST_F(RangeCheckTest, Vector) {
  // 3 blocks are 24 channels, 192 bytes of parameters.
  MakeProgram(5);
  ExpectLastFits<VectorInstruction>({.normalize = true, .parameter_beat = 2, .channel_blocks = 3},
                                    &VectorInstruction::parameter_beat, CardError::kMemoryRange);
  ExpectLastFits<VectorInstruction>({.normalize = true,
                                     .channel_blocks = 3,
                                     .token_groups = 2,
                                     .source_granule = 512 - 2 * 4 * 3},
                                    &VectorInstruction::source_granule, CardError::kResidual);
  MakeProgram(17);
  const VectorInstruction view = {.view = true,
                                  .channel_blocks = 17,
                                  .token_groups = 2,
                                  .destination_row = 59,
                                  .destination_stride = 3};
  ExpectLastFits(view, &VectorInstruction::destination_row, CardError::kActivation);
}

TEST_F(RangeCheckTest, DestinationOfAVectorWithoutViewIsNotLookedAt) {
  MakeProgram(1);
  EXPECT_EQ(
      tester_.Run({.operation = VectorInstruction{.normalize = true, .destination_row = 64}}).error,
      CardError::kNone);
}

TEST_F(RangeCheckTest, Attention) {
  // Queries 3 * 8 bytes a lane: 2 windows; 192 channels of keys: 24 tiles; 9 tiles of values;
  // contexts of 72 channels: 1 window; 2 groups of keys.
  AttentionInstruction attention = {.heads = 3,
                                    .head_steps = 8,
                                    .head_value_blocks = 3,
                                    .key_count = 9,
                                    .query_groups = 2,
                                    .query_stride = 3,
                                    .key_stride = 30,
                                    .value_stride = 10,
                                    .context_stride = 2};
  const auto expect = [&](int64_t last, int64_t AttentionInstruction::*base, CardError error) {
    AttentionInstruction at_end = attention;
    at_end.*base = last;
    ExpectLastFits(at_end, base, error);
  };
  expect(64 - 5, &AttentionInstruction::query_row, CardError::kActivation);
  expect(128 - 54, &AttentionInstruction::key_tile, CardError::kKeyValue);
  expect(128 - 19, &AttentionInstruction::value_tile, CardError::kKeyValue);
  expect(64 - 3, &AttentionInstruction::context_row, CardError::kActivation);
  expect(64 - 4, &AttentionInstruction::probability_row, CardError::kActivation);
  attention.heads = 1;  // only two of the slots are used
  expect(64 - 2, &AttentionInstruction::probability_row, CardError::kActivation);
}

}  // namespace
}  // namespace sta::card
