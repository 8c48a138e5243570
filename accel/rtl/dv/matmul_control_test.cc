// SPDX-License-Identifier: Apache-2.0
//
// The steps of random MATMULs against the loops of doc/instruction-set.md, under random advance and
// random availability of blocks.
#include <algorithm>
#include <cstdint>
#include <deque>
#include <vector>

#include "Vmatmul_control_16x8.h"
#include "Vmatmul_control_4x4.h"
#include "Vmatmul_control_8x8.h"
#include "accel/program/card/card_config.h"
#include "accel/program/card/instruction.h"
#include "accel/rtl/dv/instruction_port.h"
#include "accel/rtl/dv/ring_position.h"
#include "accel/rtl/dv/step.h"
#include "accel/rtl/dv/testbench.h"
#include "gtest/gtest.h"

namespace sta::rtl {
namespace {

using card::MatmulDestination;
using card::MatmulInstruction;

// The loops; the rings go on from one instruction to the next.
class StepModel {
 public:
  explicit StepModel(const card::CardConfig& config) : config_(config), position_(config) {}

  std::vector<Step> Run(const MatmulInstruction& matmul) {
    std::vector<Step> steps;
    for (int64_t block = 0; block < matmul.channel_blocks; ++block) {
      for (int64_t group = 0; group < matmul.token_groups; ++group) {
        for (int64_t word = 0; word < matmul.windows * matmul.steps; ++word) {
          steps.push_back(At(matmul, block, group, word));
        }
      }
      position_.PassBlock(matmul);
    }
    return steps;
  }

 private:
  Step At(const MatmulInstruction& matmul, int64_t block, int64_t group, int64_t word) const {
    const int64_t step = word % matmul.steps;
    return {
        .first = word == 0,
        .last = word == matmul.windows * matmul.steps - 1,
        .window_read = step == 0,
        .activation_row = matmul.source_row + group * matmul.source_stride + word / matmul.steps,
        .weight_source = WeightSource::kRing,
        .weight_address = position_.ValueWord(word),
        .index_address = position_.IndexWord(word),
        .indexed = matmul.indexed,
        .byte_select = step,
        .tile = TileAt(matmul, block, group)};
  }

  Tile TileAt(const MatmulInstruction& matmul, int64_t block, int64_t group) const {
    const bool last = block == matmul.channel_blocks - 1 && group == matmul.token_groups - 1;
    Tile tile = {.kind = static_cast<TileKind>(matmul.destination_buffer),
                 .gelu = matmul.gelu,
                 .block_last = group == matmul.token_groups - 1,
                 .instruction_last = last,
                 .address = matmul.destination + group * matmul.destination_stride,
                 .granule_stride = matmul.granule_row_stride};
    const int64_t channel = block * config_.tile;
    if (matmul.destination_buffer == MatmulDestination::kActivations) {
      tile.address += channel / config_.window_inputs();
      tile.lane = channel / card::kLaneBytes % config_.lanes;
      tile.byte_offset = channel % card::kLaneBytes;
    } else {
      tile.address += block;
    }
    return tile;
  }

  card::CardConfig config_;
  RingPosition position_;
};

// What a step says of no activation destination does not count there.
Step Comparable(Step step) {
  if (step.tile.kind != TileKind::kActivation) {
    step.tile.lane = 0;
    step.tile.byte_offset = 0;
  }
  return step;
}

template <typename Model, int64_t kTile, int64_t kLanes>
struct Array {
  using ModelType = Model;
  static card::CardConfig Config() { return {.tile = kTile, .lanes = kLanes}; }
};

template <typename ArrayType>
class MatmulControlTest : public testing::Test {
 protected:
  using Bench = Testbench<typename ArrayType::ModelType>;

  static MatmulInstruction RandomMatmul(Bench& bench) {
    const auto below = [&](int64_t limit) {
      return static_cast<int64_t>(bench.random()()) % limit;
    };
    MatmulInstruction matmul = {.indexed = bench.Chance(50),
                                .destination_buffer = static_cast<MatmulDestination>(below(3)),
                                .steps = 1 + below(16),
                                .channel_blocks = 1 + below(bench.Chance(20) ? 80 : 6),
                                .token_groups = 1 + below(4),
                                .source_row = below(1 << 20),
                                .source_stride = below(1 << 15),
                                .destination = below(1 << 20),
                                .destination_stride = below(1 << 15)};
    matmul.windows = 1 + below(std::min<int64_t>(bench.Chance(10) ? 512 : 5,
                                                 card::kMaxStepWords / matmul.steps));
    if (matmul.channel_blocks > 6) matmul.windows = 1;
    if (matmul.destination_buffer == MatmulDestination::kActivations) {
      matmul.gelu = bench.Chance(50);
    } else if (matmul.destination_buffer == MatmulDestination::kResidual) {
      matmul.granule_row_stride = below(1 << 15);
    }
    return matmul;
  }

  static void Idle(Bench& bench) {
    bench->instruction_valid_i = 0;
    bench->step_ready_i = 0;
    bench->block_ready_i = 0;
    bench.Reset();
  }

  // Percentages of cycles in which the other sides are ready.
  struct Readiness {
    int instruction = 100;
    int step = 100;
    int block = 100;
  };

  // Runs all of `matmuls` and checks every step; gives the cycles from the first to the last one.
  static uint64_t Run(Bench& bench, const std::vector<MatmulInstruction>& matmuls,
                      const Readiness& readiness) {
    StepModel model(ArrayType::Config());
    std::deque<Step> expected;
    size_t next = 0;
    bool block_ready = false;
    uint64_t begin = 0;
    while (next < matmuls.size() || !expected.empty()) {
      bench->instruction_valid_i = next < matmuls.size() && bench.Chance(readiness.instruction);
      if (next < matmuls.size()) {
        SetInstruction(bench->instruction_i, {.operation = matmuls[next]}, ArrayType::Config());
      }
      block_ready = block_ready || bench.Chance(readiness.block);
      bench->block_ready_i = block_ready;
      bench->step_ready_i = bench.Chance(readiness.step);
      bench.Settle();

      EXPECT_EQ(bench->step_valid_o != 0, block_ready && !expected.empty());
      EXPECT_EQ(bench->waiting_o != 0, !block_ready && !expected.empty());
      const bool take = bench->step_valid_o != 0 && bench->step_ready_i != 0;
      bool release = false;
      if (take && !expected.empty()) {
        const Step step = expected.front();
        EXPECT_EQ(Comparable(GetStep(bench->step_o)), Comparable(step));
        release = step.last && step.tile.block_last;
        if (begin == 0) begin = bench.cycles();
        expected.pop_front();
      }
      EXPECT_EQ(bench->block_release_o != 0, release);
      EXPECT_EQ(bench->instruction_ready_o != 0, expected.empty());
      if (release) block_ready = false;
      if (bench->instruction_valid_i != 0 && bench->instruction_ready_o != 0) {
        const std::vector<Step> steps = model.Run(matmuls[next++]);
        expected.insert(expected.end(), steps.begin(), steps.end());
      }
      bench.Tick();
      if (testing::Test::HasFailure()) return 0;
    }
    return bench.cycles() - begin;
  }
};

using Arrays = testing::Types<Array<Vmatmul_control_4x4, 4, 4>, Array<Vmatmul_control_8x8, 8, 8>,
                              Array<Vmatmul_control_16x8, 16, 8>>;
TYPED_TEST_SUITE(MatmulControlTest, Arrays);

TYPED_TEST(MatmulControlTest, FollowsTheLoopsUnderRandomReadiness) {
  for (uint32_t seed = 1; seed <= 12; ++seed) {
    SCOPED_TRACE(seed);
    typename TestFixture::Bench bench(seed);
    this->Idle(bench);
    std::vector<MatmulInstruction> matmuls(10);
    std::ranges::generate(matmuls, [&] { return this->RandomMatmul(bench); });
    this->Run(bench, matmuls,
              {.instruction = seed % 3 == 0 ? 100 : 20,
               .step = seed % 4 == 0 ? 100 : 60,
               .block = seed % 5 == 0 ? 100 : 30});
    ASSERT_FALSE(this->HasFailure());
  }
}

TYPED_TEST(MatmulControlTest, TakesAStepEveryCycleFromTheFirstToTheLast) {
  typename TestFixture::Bench bench(1);
  this->Idle(bench);
  std::vector<MatmulInstruction> matmuls(12);
  std::ranges::generate(matmuls, [&] { return this->RandomMatmul(bench); });
  matmuls[3].windows = matmuls[3].steps = 1;  // a step is a block, and an instruction
  matmuls[3].channel_blocks = matmuls[3].token_groups = 1;
  uint64_t steps = 0;
  for (const MatmulInstruction& matmul : matmuls) {
    steps += static_cast<uint64_t>(matmul.windows * matmul.steps * matmul.channel_blocks *
                                   matmul.token_groups);
  }
  EXPECT_EQ(this->Run(bench, matmuls, {}), steps);
}

TYPED_TEST(MatmulControlTest, CountsToTheLargestFields) {
  typename TestFixture::Bench bench(1);
  this->Idle(bench);
  constexpr int64_t kLastBase = (1 << 20) - 1;
  constexpr int64_t kLastStride = (1 << 15) - 1;
  const MatmulInstruction many_groups = {.token_groups = 4095,
                                         .source_row = kLastBase,
                                         .source_stride = kLastStride,
                                         .destination = kLastBase,
                                         .destination_stride = kLastStride};
  MatmulInstruction many_blocks = many_groups;
  many_blocks.token_groups = 1;
  many_blocks.channel_blocks = 4095;
  const MatmulInstruction many_steps = {.windows = 32, .steps = 16, .token_groups = 2};
  const MatmulInstruction many_windows = {.windows = 512, .steps = 1, .channel_blocks = 2};
  this->Run(bench, {many_groups, many_blocks, many_steps, many_windows}, {});
}

TYPED_TEST(MatmulControlTest, BeginsAfreshAfterAResetInTheMiddle) {
  typename TestFixture::Bench bench(1);
  for (int run = 0; run < 3; ++run) {
    this->Idle(bench);
    EXPECT_EQ(bench->step_valid_o, 0);
    this->Run(bench, {{.windows = 3, .steps = 2, .channel_blocks = 3, .token_groups = 2}}, {});
    SetInstruction(bench->instruction_i, {.operation = MatmulInstruction{.windows = 9}},
                   TypeParam::Config());
    bench->instruction_valid_i = 1;
    for (int cycle = 0; cycle < 4; ++cycle) bench.Tick();
    EXPECT_EQ(bench->step_valid_o, 1);
  }
}

}  // namespace
}  // namespace sta::rtl
