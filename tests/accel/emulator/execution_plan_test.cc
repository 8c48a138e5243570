// SPDX-License-Identifier: Apache-2.0
#include "accel/emulator/execution_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "accel/program/compiler.h"
#include "accel/program/random_encoder.h"
#include "tests/accel/emulator/plan_simulator.h"
#include "tests/support/random_program.h"
#include "tests/support/status_matchers.h"

namespace sta::emulator {
namespace {

using testing::ElementsAre;

std::vector<StepKind> KindsOf(const std::vector<Step>& segment) {
  std::vector<StepKind> kinds;
  for (const Step& step : segment) kinds.push_back(step.kind);
  return kinds;
}

std::vector<LinearOutput> OutputsOf(const std::vector<Step>& segment) {
  std::vector<LinearOutput> outputs;
  for (const Step& step : segment) {
    if (step.kind == StepKind::kLinear) outputs.push_back(step.linear_output);
  }
  return outputs;
}

size_t CountFused(const ExecutionPlan& plan) {
  size_t fused = 0;
  for (const std::vector<Step>& segment : plan.segments) {
    for (const Step& step : segment) {
      const bool is_product_and_more =
          step.kind == StepKind::kLinear && (step.linear_output == LinearOutput::kInt8Gelu ||
                                             step.linear_output == LinearOutput::kInt16Residual);
      if (is_product_and_more || step.view.has_value()) ++fused;
    }
  }
  return fused;
}

TEST(ExecutionPlanTest, AnEncoderIsFusedAndCutAtItsAttentions) {
  STA_ASSERT_OK_AND_ASSIGN(const auto program, CompileProgram(RandomEncoder({.layers = 2})));
  const ExecutionPlan plan = PlanExecution(*program);
  ASSERT_EQ(plan.segments.size(), 3u);
  constexpr StepKind kLinear = StepKind::kLinear;
  constexpr StepKind kLayerNorm = StepKind::kLayerNorm;
  constexpr StepKind kAttention = StepKind::kAttention;
  EXPECT_THAT(KindsOf(plan.segments[0]),
              ElementsAre(StepKind::kLoadRows, kLayerNorm, kLinear, kLinear, kLinear));
  EXPECT_THAT(KindsOf(plan.segments[1]),
              ElementsAre(kAttention, kLinear, kLayerNorm, kLinear, kLinear, kLayerNorm, kLinear,
                          kLinear, kLinear));
  EXPECT_THAT(KindsOf(plan.segments[2]), ElementsAre(kAttention, kLinear, kLayerNorm, kLinear,
                                                     kLinear, kLayerNorm, StepKind::kStoreRows));
  EXPECT_THAT(OutputsOf(plan.segments[2]),
              ElementsAre(LinearOutput::kInt16Residual, LinearOutput::kInt8Gelu,
                          LinearOutput::kInt16Residual));
  EXPECT_TRUE(plan.segments[0][1].view.has_value());
  EXPECT_FALSE(plan.segments[2][5].view.has_value()) << "the last LayerNorm feeds no product";
}

// Queries, keys, values and the residual stream; the next layer's stand beside this one's.
TEST(ExecutionPlanTest, LayersUseTheirSlotsInTurns) {
  STA_ASSERT_OK_AND_ASSIGN(const auto few, CompileProgram(RandomEncoder({.layers = 2})));
  STA_ASSERT_OK_AND_ASSIGN(const auto many, CompileProgram(RandomEncoder({.layers = 12})));
  EXPECT_EQ(PlanExecution(*few).shared_slots.size(), 8u);
  EXPECT_EQ(PlanExecution(*many).shared_slots, PlanExecution(*few).shared_slots);
  EXPECT_EQ(PlanExecution(*many).local_slots, PlanExecution(*few).local_slots);
}

TEST(ExecutionPlanTest, SlotsAreWholeChunksWide) {
  STA_ASSERT_OK_AND_ASSIGN(
      const auto program,
      CompileProgram(RandomEncoder({.hidden_size = 66, .intermediate_size = 130, .heads = 3})));
  const ExecutionPlan plan = PlanExecution(*program);
  for (const BufferSpec& slot : plan.shared_slots) EXPECT_EQ(slot.width, 128);
  bool has_intermediate = false;
  for (const BufferSpec& slot : plan.local_slots) {
    EXPECT_TRUE(slot.width == 128 || slot.width == 192) << slot.width;
    has_intermediate |= slot.width == 192;
  }
  EXPECT_TRUE(has_intermediate);
}

TEST(ExecutionPlanTest, AProductThatIsReadTwiceIsNotFused) {
  ProgramBuilder builder;
  const uint16_t rows = builder.program().input_buffer;
  const uint16_t view = builder.Add(Opcode::kInt8View, {rows});
  const uint16_t product = builder.Add(Opcode::kLinearInt8, {view});
  const uint16_t gelu = builder.Add(Opcode::kGelu, {product});
  const uint16_t context = builder.Add(Opcode::kAttention, {product, gelu, gelu});
  const uint16_t wide = builder.Add(Opcode::kLinearInt16, {context});
  const uint16_t sum = builder.Add(Opcode::kResidualAdd, {rows, wide});
  const uint16_t twice = builder.Add(Opcode::kResidualAdd, {sum, wide});
  const Program program = builder.Finish(twice);
  ASSERT_THAT(program.Validate(), IsOk());
  const ExecutionPlan plan = PlanExecution(program);
  ASSERT_EQ(plan.segments.size(), 2u);
  EXPECT_THAT(KindsOf(plan.segments[0]), ElementsAre(StepKind::kLoadRows, StepKind::kInt8View,
                                                     StepKind::kLinear, StepKind::kGelu));
  EXPECT_THAT(KindsOf(plan.segments[1]),
              ElementsAre(StepKind::kAttention, StepKind::kLinear, StepKind::kResidualAdd,
                          StepKind::kResidualAdd, StepKind::kStoreRows));
}

TEST(ExecutionPlanTest, ThePlanOfAnEncoderComputesItsProgram) {
  STA_ASSERT_OK_AND_ASSIGN(const auto program, CompileProgram(RandomEncoder({.layers = 4})));
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    EXPECT_EQ(SimulatePlan(PlanExecution(*program), 3, seed), SimulateProgram(*program, 3));
  }
}

// Chunks that run a segment in any order and at any speed see what the program says: no shared slot
// is written again while another chunk may read it, no local slot while its own chunk does.
TEST(ExecutionPlanTest, ThePlanOfAnyProgramComputesItInWhateverOrderChunksRun) {
  size_t attentions = 0;
  size_t fused = 0;
  for (uint64_t seed = 1; seed <= 2000 && !HasFailure(); ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    const Program program = RandomProgram(seed);
    ASSERT_THAT(program.Validate(), IsOk());
    const ExecutionPlan plan = PlanExecution(program);
    attentions += plan.segments.size() - 1;
    fused += CountFused(plan);
    for (const size_t chunks : {size_t{1}, size_t{3}}) {
      const std::vector<uint64_t> expected = SimulateProgram(program, chunks);
      EXPECT_EQ(SimulatePlan(plan, chunks, seed), expected);
      EXPECT_EQ(SimulatePlan(plan, chunks, seed + 1'000'000), expected);
    }
  }
  EXPECT_GT(attentions, 2000u);
  EXPECT_GT(fused, 2000u);
}

}  // namespace
}  // namespace sta::emulator
