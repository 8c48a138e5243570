// SPDX-License-Identifier: Apache-2.0
#include <cstdint>

#include "Vsta_counters.h"
#include "Vsta_run_control.h"
#include "accel/rtl/dv/bits.h"
#include "accel/rtl/dv/testbench.h"
#include "gtest/gtest.h"

namespace sta::rtl {
namespace {

constexpr int kBound = 50;

class RunBench {
 public:
  RunBench() : bench_(1) {
    bench_->start_i = 0;
    bench_->quiet_i = 1;
    bench_->end_i = 0;
    bench_->error_valid_i = 0;
    bench_.Reset();
    bench_.Tick();
    bench_.Settle();
  }

  Testbench<Vsta_run_control>& bench() { return bench_; }

  // From ap_start to the cycle of core_start_o; returns the cycles for which the core was in reset.
  int Start() {
    int reset = 0;
    bench_->start_i = 1;
    for (int i = 0; i < kBound; ++i) {
      bench_.Tick();
      if (bench_->core_rst_no == 0) ++reset;
      if (bench_->core_start_o != 0) return reset;
    }
    ADD_FAILURE() << "the core was not started";
    return reset;
  }

  void Error(int code, int instruction) {
    bench_->error_valid_i = 1;
    bench_->error_code_i = static_cast<uint8_t>(code);
    bench_->error_instruction_i = static_cast<uint16_t>(instruction);
    bench_.Tick();
    bench_->error_valid_i = 0;
    bench_->error_code_i = 0;
  }

  // To the pulse of done_o; ap_start falls as sta_control has it.
  bool Finish() {
    for (int i = 0; i < kBound; ++i) {
      if (bench_->done_o != 0) {
        bench_.Tick();
        bench_->start_i = 0;
        bench_.Settle();
        return bench_->idle_o != 0 && bench_->done_o == 0;
      }
      bench_.Tick();
    }
    return false;
  }

 private:
  Testbench<Vsta_run_control> bench_;
};

TEST(RunControlTest, ResetsTheCoreThenStartsItOnce) {
  RunBench run;
  auto& bench = run.bench();
  EXPECT_EQ(bench->idle_o, 1);
  EXPECT_EQ(bench->core_rst_no, 1);
  EXPECT_EQ(bench->core_start_o, 0);
  EXPECT_EQ(run.Start(), 4);
  EXPECT_EQ(bench->core_rst_no, 1);
  EXPECT_EQ(bench->counting_o, 1);
  EXPECT_EQ(bench->idle_o, 0);
  for (int i = 0; i < 20; ++i) {
    bench.Tick();
    EXPECT_EQ(bench->core_start_o, 0);
    EXPECT_EQ(bench->halt_o, 0);
    EXPECT_EQ(bench->done_o, 0);
    EXPECT_EQ(bench->core_rst_no, 1);
  }
  bench->end_i = 1;
  EXPECT_TRUE(run.Finish());
  EXPECT_EQ(bench->counting_o, 0);
  EXPECT_EQ(bench->error_code_o, 0);
  EXPECT_EQ(bench->error_instruction_o, 0);
}

TEST(RunControlTest, ArgumentsAreTakenAtTheStart) {
  RunBench run;
  auto& bench = run.bench();
  SetBits(bench->arguments_i, 0, 58, 0x123456789);
  run.Start();
  SetBits(bench->arguments_i, 0, 58, 0x42);
  for (int i = 0; i < 5; ++i) bench.Tick();
  EXPECT_EQ(GetBits(bench->arguments_o, 0, 58), 0x123456789U);
  bench->end_i = 1;
  EXPECT_TRUE(run.Finish());
  bench->end_i = 0;
  run.Start();
  EXPECT_EQ(GetBits(bench->arguments_o, 0, 58), 0x42U);
}

TEST(RunControlTest, HaltsAndWaitsUntilTheCoreIsQuiet) {
  for (bool error : {false, true}) {
    SCOPED_TRACE(error);
    RunBench run;
    auto& bench = run.bench();
    run.Start();
    bench->quiet_i = 0;
    if (error) {
      run.Error(7, 0xBEEF);
    } else {
      bench->end_i = 1;
      bench.Tick();
    }
    for (int i = 0; i < 20; ++i) {
      EXPECT_EQ(bench->halt_o, 1);
      EXPECT_EQ(bench->done_o, 0);
      EXPECT_EQ(bench->counting_o, 1);
      bench.Tick();
    }
    bench->quiet_i = 1;
    EXPECT_TRUE(run.Finish());
    EXPECT_EQ(bench->halt_o, 1);  // until the next run's reset
    EXPECT_EQ(bench->error_code_o, error ? 7 : 0);
    EXPECT_EQ(bench->error_instruction_o, error ? 0xBEEF : 0);
    bench->end_i = 0;
    run.Start();
    EXPECT_EQ(bench->halt_o, 0);
    EXPECT_EQ(bench->error_code_o, 0);
    EXPECT_EQ(bench->error_instruction_o, 0);
  }
}

TEST(RunControlTest, TheFirstErrorCounts) {
  RunBench run;
  run.Start();
  run.bench()->quiet_i = 0;
  run.Error(3, 30);
  run.Error(4, 40);
  run.bench()->quiet_i = 1;
  EXPECT_TRUE(run.Finish());
  run.Error(5, 50);
  EXPECT_EQ(run.bench()->error_code_o, 3);
  EXPECT_EQ(run.bench()->error_instruction_o, 30);
}

TEST(RunControlTest, AnErrorWithTheEndCountsAndOneAfterItDoesNot) {
  for (bool together : {false, true}) {
    SCOPED_TRACE(together);
    RunBench run;
    run.Start();
    run.bench()->quiet_i = 0;
    run.bench()->end_i = 1;
    if (!together) run.bench().Tick();
    run.Error(9, 90);
    run.bench()->quiet_i = 1;
    EXPECT_TRUE(run.Finish());
    EXPECT_EQ(run.bench()->error_code_o, together ? 9 : 0);
  }
}

TEST(RunControlTest, ResetInMidRunStopsIt) {
  for (int cycles = 0; cycles < 16; ++cycles) {
    SCOPED_TRACE(cycles);
    RunBench run;
    auto& bench = run.bench();
    bench->start_i = 1;
    bench->error_valid_i = 1;
    bench->error_code_i = 8;
    bench->quiet_i = 0;
    for (int i = 0; i < cycles; ++i) bench.Tick();
    bench->start_i = 0;
    bench->error_valid_i = 0;
    bench.Reset();
    EXPECT_EQ(bench->core_rst_no, 0);  // with the card's reset, and registered
    bench.Tick();
    EXPECT_EQ(bench->core_rst_no, 1);
    EXPECT_EQ(bench->idle_o, 1);
    EXPECT_EQ(bench->halt_o, 0);
    EXPECT_EQ(bench->error_code_o, 0);
    bench->quiet_i = 1;
    EXPECT_EQ(run.Start(), 4);
    bench->end_i = 1;
    EXPECT_TRUE(run.Finish());
  }
}

TEST(CountersTest, CountEveryEventApartWhileEnabled) {
  constexpr size_t kEvents = 9;
  for (uint32_t seed = 1; seed <= 4; ++seed) {
    SCOPED_TRACE(seed);
    Testbench<Vsta_counters> bench(seed);
    bench->enable_i = 0;
    bench->events_i = 0;
    bench.Reset();
    bench->events_i = 0x1FF;
    bench.Tick();  // not enabled: nothing is counted
    bench->enable_i = 1;
    uint64_t expected[kEvents] = {};
    constexpr uint64_t kCycles = 700;
    for (uint64_t cycle = 0; cycle < kCycles; ++cycle) {
      // The last cycle's events would be counted one cycle later.
      bench->events_i = cycle + 1 < kCycles ? bench.random()() & 0x1FF : 0;
      for (size_t i = 0; i < kEvents; ++i) expected[i] += bench->events_i >> i & 1;
      bench.Tick();
    }
    bench->enable_i = 0;
    bench->events_i = 0x1FF;
    for (int i = 0; i < 3; ++i) bench.Tick();
    EXPECT_EQ(bench->cycles_o, kCycles);
    for (size_t i = 0; i < kEvents; ++i)
      EXPECT_EQ(GetBits(bench->counts_o, 32 * i, 32), expected[i]);
    bench.Reset();
    EXPECT_EQ(bench->cycles_o, 0U);
    for (size_t i = 0; i < kEvents; ++i) EXPECT_EQ(GetBits(bench->counts_o, 32 * i, 32), 0U);
  }
}

}  // namespace
}  // namespace sta::rtl
