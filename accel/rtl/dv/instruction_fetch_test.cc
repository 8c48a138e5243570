// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "Vsta_instruction_fetch.h"
#include "accel/program/card/card_config.h"
#include "accel/program/card/instruction.h"
#include "accel/rtl/dv/instruction_port.h"
#include "accel/rtl/dv/reader_stub.h"
#include "accel/rtl/dv/testbench.h"
#include "gtest/gtest.h"

namespace sta::rtl {
namespace {

// How many instructions are read ahead.
constexpr size_t kDepth = 16;

class InstructionFetchTest : public testing::Test {
 protected:
  using Bench = Testbench<Vsta_instruction_fetch>;

  static std::vector<uint8_t> RandomStream(Bench& bench, size_t instructions) {
    std::vector<uint8_t> stream(instructions * card::kBeatBytes);
    std::ranges::generate(stream, [&] { return static_cast<uint8_t>(bench.random()()); });
    return stream;
  }

  static void Start(Bench& bench, size_t instructions) {
    bench->start_i = 0;
    bench->request_ready_i = 0;
    bench->response_valid_i = 0;
    bench->instruction_ready_i = 0;
    bench.Reset();
    bench->instruction_count_i = static_cast<uint16_t>(instructions);
    bench.Tick();
    EXPECT_EQ(bench->request_valid_o, 0) << "asks before its start";
    bench->start_i = 1;
    bench.Tick();
    bench->start_i = 0;
  }

  // One cycle; true if an instruction was taken, which has to be the one at `expected`,
  // and there has to be none at a null pointer.
  static bool Cycle(Bench& bench, ReaderStub& reader, bool ready, const uint8_t* expected) {
    reader.Drive(*bench.operator->());
    bench->instruction_ready_i = ready;
    bench.Settle();
    reader.Watch(*bench.operator->());
    const bool taken = ready && bench->instruction_valid_o != 0;
    if (taken && expected == nullptr) {
      ADD_FAILURE() << "has an instruction too many";
    } else if (taken) {
      const card::InstructionWords words = GetWords(bench->instruction_o);
      EXPECT_EQ(std::memcmp(words.data(), expected, card::kBeatBytes), 0);
    }
    bench.Tick();
    return taken;
  }
};

TEST_F(InstructionFetchTest, BringsEveryInstructionInOrderAndNoMore) {
  uint32_t seed = 0;
  for (const size_t count : {1U, 2U, 7U, 8U, 9U, 16U, 17U, 64U, 333U}) {
    for (const int ready_percent : {15, 60, 100}) {
      SCOPED_TRACE(++seed);
      Bench bench(seed);
      std::vector<uint8_t> stream = RandomStream(bench, count);
      ReaderStub reader(stream,
                        {.latency = seed % 2 == 0 ? 2U : 40U,
                         .random_latency = 20,
                         .request_percent = 50,
                         .response_percent = 70},
                        seed);
      Start(bench, count);
      for (size_t next = 0; next < count;) {
        const bool ready = bench.Chance(ready_percent);
        if (Cycle(bench, reader, ready, &stream[next * card::kBeatBytes])) ++next;
        ASSERT_FALSE(HasFailure());
        ASSERT_LT(bench.cycles(), 100'000U);
      }
      for (int cycle = 0; cycle < 50; ++cycle) {
        EXPECT_FALSE(Cycle(bench, reader, true, nullptr));
        EXPECT_EQ(bench->request_valid_o, 0);
      }
    }
  }
}

TEST_F(InstructionFetchTest, ReadsAheadAsFarAsItHasRoom) {
  Bench bench(1);
  std::vector<uint8_t> stream = RandomStream(bench, 100);
  ReaderStub reader(stream, {.latency = 100}, 1);
  Start(bench, 100);
  for (int cycle = 0; cycle < 50; ++cycle) Cycle(bench, reader, false, nullptr);
  EXPECT_EQ(reader.beats_in_flight(), kDepth);
  for (int cycle = 0; cycle < 150; ++cycle) Cycle(bench, reader, false, nullptr);
  EXPECT_EQ(reader.beats_in_flight(), 0U);
  EXPECT_EQ(bench->instruction_valid_o, 1);
}

TEST_F(InstructionFetchTest, AsksForNothingOfAnEmptyStream) {
  Bench bench(1);
  Start(bench, 0);
  for (int cycle = 0; cycle < 10; ++cycle) {
    EXPECT_EQ(bench->request_valid_o, 0);
    EXPECT_EQ(bench->instruction_valid_o, 0);
    bench.Tick();
  }
}

TEST_F(InstructionFetchTest, ReadsTheLongestStream) {
  Bench bench(1);
  std::vector<uint8_t> stream = RandomStream(bench, card::kMaxInstructions);
  ReaderStub reader(stream, {.latency = 3}, 1);
  Start(bench, card::kMaxInstructions);
  size_t next = 0;
  while (next < card::kMaxInstructions && bench.cycles() < 300'000 && !HasFailure()) {
    if (Cycle(bench, reader, true, &stream[next * card::kBeatBytes])) ++next;
  }
  EXPECT_EQ(next, card::kMaxInstructions);
}

}  // namespace
}  // namespace sta::rtl
