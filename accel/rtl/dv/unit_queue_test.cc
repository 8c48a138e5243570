// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>

#include "Vsta_unit_queue.h"
#include "accel/program/card/instruction.h"
#include "accel/rtl/dv/bits.h"
#include "accel/rtl/dv/instruction_port.h"
#include "accel/rtl/dv/testbench.h"
#include "gtest/gtest.h"

namespace sta::rtl {
namespace {

using card::InstructionWords;
using Counts = std::array<uint32_t, card::kUnitCount>;

constexpr size_t kDepth = 4;

class UnitQueueTest : public testing::Test {
 protected:
  using Bench = Testbench<Vsta_unit_queue>;

  static void SetFinished(Bench& bench, const Counts& finished) {
    for (size_t unit = 0; unit < finished.size(); ++unit) {
      SetBits(bench->finished_i, unit * 16, 16, finished[unit]);
    }
  }

  static void Idle(Bench& bench) {
    bench->write_valid_i = 0;
    bench->instruction_ready_i = 0;
    SetFinished(bench, {});
    bench.Reset();
  }

  // Random bits, but for the waits.
  static InstructionWords Waiting(Bench& bench, const Counts& waits) {
    InstructionWords words;
    for (uint32_t& word : words) word = bench.random()();
    words[1] = waits[0] | waits[1] << 16;
    words[2] = waits[2] | waits[3] << 16;
    return words;
  }

  static void Write(Bench& bench, const InstructionWords& words) {
    SetWords(bench->write_data_i, words);
    bench->write_valid_i = 1;
    bench.Tick();
    bench->write_valid_i = 0;
    bench.Settle();
  }
};

struct Entry {
  InstructionWords words;
  Counts waits;
};

TEST_F(UnitQueueTest, HoldsInstructionsBackUntilTheirWaitsAreOver) {
  for (uint32_t seed = 1; seed <= 6; ++seed) {
    SCOPED_TRACE(seed);
    Bench bench(seed);
    Idle(bench);
    std::deque<Entry> expected;
    Counts finished = {};
    Counts next_waits = {};
    int taken = 0;
    int waited = 0;
    for (int cycle = 0; cycle < 4000; ++cycle) {
      for (uint32_t& count : finished) count += bench.Chance(10) ? 1 : 0;
      SetFinished(bench, finished);
      for (size_t unit = 0; unit < finished.size(); ++unit) {
        next_waits[unit] = finished[unit] + static_cast<uint32_t>(bench.random()() % 3);
      }
      const InstructionWords words = Waiting(bench, next_waits);
      SetWords(bench->write_data_i, words);
      bench->write_valid_i = bench.Chance(50);
      bench->instruction_ready_i = bench.Chance(seed % 2 == 0 ? 100 : 40);
      bench.Settle();

      ASSERT_EQ(bench->write_ready_o != 0, expected.size() < kDepth);
      bool free = !expected.empty();
      for (size_t unit = 0; free && unit < finished.size(); ++unit) {
        free = expected.front().waits[unit] <= finished[unit];
      }
      ASSERT_EQ(bench->instruction_valid_o != 0, free);
      ASSERT_EQ(bench->waiting_o != 0, !expected.empty() && !free);
      waited += bench->waiting_o;
      const bool written = bench->write_valid_i != 0 && bench->write_ready_o != 0;
      if (free) {
        ASSERT_EQ(GetWords(bench->instruction_o), expected.front().words);
        if (bench->instruction_ready_i != 0) {
          expected.pop_front();
          ++taken;
        }
      }
      if (written) expected.push_back({words, next_waits});
      bench.Tick();
    }
    EXPECT_GT(taken, 100);
    EXPECT_GT(waited, 100);
  }
}

TEST_F(UnitQueueTest, ComparesAllBitsOfEveryUnitsCount) {
  Bench bench(1);
  for (size_t unit = 0; unit < card::kUnitCount; ++unit) {
    for (int bit = 0; bit < 16; ++bit) {
      SCOPED_TRACE(bit);
      Idle(bench);
      Counts waits = {};
      waits[unit] = uint32_t{1} << bit;
      Write(bench, Waiting(bench, waits));
      EXPECT_EQ(bench->waiting_o, 1);
      Counts finished = {0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF};
      finished[unit] = waits[unit] - 1;
      SetFinished(bench, finished);
      bench.Settle();
      EXPECT_EQ(bench->waiting_o, 1);
      EXPECT_EQ(bench->instruction_valid_o, 0);
      SetFinished(bench, waits);
      bench.Settle();
      EXPECT_EQ(bench->waiting_o, 0);
      EXPECT_EQ(bench->instruction_valid_o, 1);
    }
  }
}

TEST_F(UnitQueueTest, IsEmptyAfterReset) {
  Bench bench(1);
  Idle(bench);
  Write(bench, Waiting(bench, {}));
  EXPECT_EQ(bench->instruction_valid_o, 1);
  Idle(bench);
  EXPECT_EQ(bench->instruction_valid_o, 0);
  EXPECT_EQ(bench->waiting_o, 0);
}

}  // namespace
}  // namespace sta::rtl
