// SPDX-License-Identifier: Apache-2.0
//
// The steps of random ATTENTIONs against the loops of doc/instruction-set.md, under random advance
// and random delays of the softmax unit and the epilogue. In each cycle the test knows whether a
// step must be there: none may be missing while a job can run.
#include <algorithm>
#include <cstdint>
#include <deque>

#include "Vattention_control_16x8.h"
#include "Vattention_control_4x4.h"
#include "Vattention_control_8x8.h"
#include "accel/program/card/card_config.h"
#include "accel/program/card/instruction.h"
#include "accel/rtl/dv/attention_loops.h"
#include "accel/rtl/dv/instruction_port.h"
#include "accel/rtl/dv/step.h"
#include "accel/rtl/dv/testbench.h"
#include "gtest/gtest.h"

namespace sta::rtl {
namespace {

using card::AttentionInstruction;

// Without what says nothing in a tile of this kind.
Step ComparableAttention(Step step) {
  if (step.tile.kind == TileKind::kScore) {
    step.tile.address = step.tile.lane = step.tile.byte_offset = 0;
  } else {
    step.tile.key_group = step.tile.valid_keys = 0;
  }
  return step;
}

// Percentage of cycles in which a step is taken; limits of the random delays from the last step of
// a job to the softmax unit's or the epilogue's pulse.
struct Surroundings {
  int step = 100;
  int softmax_delay = 1;
  int epilogue_delay = 1;
};

// Pulses that come in order, each some cycles after what caused it.
class DelayedPulses {
 public:
  void Schedule(uint64_t cycle) {
    due_.push_back(std::max(cycle, due_.empty() ? 0 : due_.back() + 1));
  }
  bool Take(uint64_t cycle) {
    if (due_.empty() || due_.front() > cycle) return false;
    due_.pop_front();
    return true;
  }
  bool empty() const { return due_.empty(); }

 private:
  std::deque<uint64_t> due_;
};

template <typename Model, int64_t kTile, int64_t kLanes>
struct AttentionArray {
  using ModelType = Model;
  static card::CardConfig Config() { return {.tile = kTile, .lanes = kLanes}; }
};

template <typename ArrayType>
class AttentionControlTest : public testing::Test {
 protected:
  using Bench = Testbench<typename ArrayType::ModelType>;

  static AttentionInstruction RandomAttention(Bench& bench) {
    const auto below = [&](int64_t limit) {
      return static_cast<int64_t>(bench.random()()) % limit;
    };
    const int64_t most_keys = bench.Chance(10) ? ArrayType::Config().max_sequence_tokens : 40;
    return {.heads = 1 + below(5),
            .head_steps = int64_t{1} << below(5),
            .head_value_blocks = 1 + below(4),
            .key_count = 1 + below(most_keys),
            .query_groups = 1 + below(4),
            .query_row = below(1 << 20),
            .query_stride = below(1 << 15),
            .key_tile = below(1 << 20),
            .key_stride = below(1 << 15),
            .value_tile = below(1 << 20),
            .value_stride = below(1 << 15),
            .context_row = below(1 << 20),
            .context_stride = below(1 << 15),
            .probability_row = below(1 << 20)};
  }

  static void Idle(Bench& bench) {
    bench->instruction_valid_i = 0;
    bench->step_ready_i = 0;
    bench->probabilities_done_i = 0;
    bench->context_done_i = 0;
    bench.Reset();
  }

  // Runs one instruction and checks every step and every cycle without one; gives the number of
  // cycles in which no job could run, from the first step to the last one.
  int64_t Run(Bench& bench, const AttentionInstruction& attention,
              const Surroundings& surroundings) {
    AttentionJobs jobs = AttentionLoops(ArrayType::Config(), attention).Run();
    Start(bench, attention);

    DelayedPulses softmax;
    DelayedPulses epilogue;
    int64_t ready = 0;
    int64_t free = card::kProbabilitySlots;
    std::deque<Step> running;
    int64_t idle_cycles = 0;
    while (!jobs.context.empty() || !running.empty() || !epilogue.empty()) {
      const bool more = !jobs.context.empty();
      if (running.empty() && more) ++idle_cycles;
      bench->step_ready_i = bench.Chance(surroundings.step);
      bench->probabilities_done_i = softmax.Take(bench.cycles());
      bench->context_done_i = epilogue.Take(bench.cycles());
      bench.Settle();
      EXPECT_EQ(bench->step_valid_o != 0, !running.empty());
      EXPECT_EQ(bench->waiting_o != 0, running.empty() && more);
      EXPECT_EQ(bench->instruction_ready_o != 0,
                running.empty() && !more && free == card::kProbabilitySlots);
      if (bench->step_valid_o != 0 && bench->step_ready_i != 0 && !running.empty()) {
        const Step step = running.front();
        EXPECT_EQ(ComparableAttention(GetStep(bench->step_o)), step);
        running.pop_front();
        if (running.empty() && step.tile.kind == TileKind::kScore) {
          softmax.Schedule(bench.cycles() + 1 + Random(bench, surroundings.softmax_delay));
        } else if (running.empty()) {
          epilogue.Schedule(bench.cycles() + 1 + Random(bench, surroundings.epilogue_delay));
        }
      }
      if (running.empty() && ready > 0) {
        running.assign(jobs.context.front().begin(), jobs.context.front().end());
        jobs.context.pop_front();
        --ready;
      } else if (running.empty() && free > 0 && !jobs.score.empty()) {
        running.assign(jobs.score.front().begin(), jobs.score.front().end());
        jobs.score.pop_front();
        --free;
      }
      ready += bench->probabilities_done_i;
      free += bench->context_done_i;
      bench.Tick();
      if (testing::Test::HasFailure()) return 0;
    }
    bench->context_done_i = 0;
    return idle_cycles - 1;  // without the cycle before the first step
  }

 private:
  static uint64_t Random(Bench& bench, int limit) {
    return bench.random()() % static_cast<uint32_t>(limit);
  }

  // Hands the instruction over; afterwards the next cycle but one has the first step.
  static void Start(Bench& bench, const AttentionInstruction& attention) {
    bench->instruction_valid_i = 1;
    bench->step_ready_i = 1;
    EXPECT_EQ(bench->instruction_ready_o, 1);
    bench.Tick();
    SetInstruction(bench->attention_i, {.operation = attention}, ArrayType::Config());
    bench->instruction_valid_i = 0;
    bench.Settle();
    EXPECT_EQ(bench->instruction_ready_o, 0);
    EXPECT_EQ(bench->step_valid_o, 0);
    bench.Tick();
    EXPECT_EQ(bench->step_valid_o, 0);
  }
};

using AttentionArrays = testing::Types<AttentionArray<Vattention_control_4x4, 4, 4>,
                                       AttentionArray<Vattention_control_8x8, 8, 8>,
                                       AttentionArray<Vattention_control_16x8, 16, 8>>;
TYPED_TEST_SUITE(AttentionControlTest, AttentionArrays);

TYPED_TEST(AttentionControlTest, FollowsTheLoopsUnderRandomDelays) {
  typename TestFixture::Bench bench(1);
  this->Idle(bench);
  for (int i = 0; i < 60; ++i) {
    SCOPED_TRACE(i);
    this->Run(bench, this->RandomAttention(bench),
              {.step = i % 4 == 0 ? 100 : 60,
               .softmax_delay = i % 3 == 0 ? 1 : 120,
               .epilogue_delay = i % 5 == 0 ? 1 : 60});
    ASSERT_FALSE(this->HasFailure());
  }
}

// Head size 64, 16 tokens: the shortest jobs of a real encoder.
TYPED_TEST(AttentionControlTest, HidesTheDelaysOfShortSequences) {
  typename TestFixture::Bench bench(1);
  this->Idle(bench);
  const card::CardConfig config = TypeParam::Config();
  const AttentionInstruction attention = {.heads = 12,
                                          .head_steps = 64 / config.lanes,
                                          .head_value_blocks = 64 / config.tile,
                                          .key_count = 16,
                                          .query_groups = config.GroupsOf(16)};
  // Steps of one pair; half of the four slots' time may pass between a pair's two jobs, and a
  // quarter after them. The last slots have nothing to hide behind.
  const int64_t steps =
      config.GroupsOf(16) * attention.head_steps + attention.head_value_blocks * 16 / config.lanes;
  const auto delay = static_cast<int>(steps);
  const int64_t idle =
      this->Run(bench, attention, {.softmax_delay = delay, .epilogue_delay = delay});
  EXPECT_LE(idle, delay);
}

TYPED_TEST(AttentionControlTest, CountsToTheLargestFields) {
  typename TestFixture::Bench bench(1);
  this->Idle(bench);
  constexpr int64_t kLastBase = (1 << 20) - 1;
  constexpr int64_t kLastStride = (1 << 15) - 1;
  AttentionInstruction attention = {.query_row = kLastBase,
                                    .query_stride = kLastStride,
                                    .key_tile = kLastBase,
                                    .key_stride = kLastStride,
                                    .value_tile = kLastBase,
                                    .value_stride = kLastStride,
                                    .context_row = kLastBase,
                                    .context_stride = kLastStride,
                                    .probability_row = kLastBase};
  attention.query_groups = 4095;
  this->Run(bench, attention, {});
  attention.query_groups = 1;
  attention.heads = 4095;
  this->Run(bench, attention, {});
  attention.heads = 300;
  attention.head_steps = 16;
  this->Run(bench, attention, {});
  attention.heads = 2;
  attention.head_value_blocks = 255;
  this->Run(bench, attention, {});
  attention.head_value_blocks = 2;
  attention.key_count = TypeParam::Config().max_sequence_tokens;
  this->Run(bench, attention, {});
}

TYPED_TEST(AttentionControlTest, BeginsAfreshAfterAResetInTheMiddle) {
  typename TestFixture::Bench bench(1);
  const AttentionInstruction attention = {.heads = 3, .query_groups = 2};
  for (int run = 0; run < 3; ++run) {
    this->Idle(bench);
    EXPECT_EQ(bench->step_valid_o, 0);
    this->Run(bench, attention, {});
    SetInstruction(bench->attention_i, {.operation = attention}, TypeParam::Config());
    bench->instruction_valid_i = 1;
    for (int cycle = 0; cycle < 5 + run; ++cycle) bench.Tick();
    EXPECT_EQ(bench->instruction_ready_o, 0);
  }
}

}  // namespace
}  // namespace sta::rtl
