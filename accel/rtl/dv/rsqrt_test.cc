// SPDX-License-Identifier: Apache-2.0
#include "accel/arithmetic/rsqrt.h"

#include <cstdint>
#include <vector>

#include "Vsta_rsqrt.h"
#include "accel/rtl/dv/testbench.h"
#include "gtest/gtest.h"

namespace sta::rtl {
namespace {

constexpr uint64_t kLargest = (uint64_t{1} << 43) - 1;
constexpr int kLatency = 14;

class RsqrtTest : public testing::Test {
 protected:
  RsqrtTest() {
    bench_->start_i = 0;
    bench_.Reset();
  }

  // One root, from start to done; the input changes meanwhile.
  void Check(uint64_t w) {
    SCOPED_TRACE(w);
    bench_->start_i = 1;
    bench_->w_i = w;
    bench_.Tick();
    bench_->start_i = 0;
    bench_->w_i = bench_.random()();
    for (int cycle = 1; cycle < kLatency; ++cycle) {
      ASSERT_EQ(bench_->done_o, 0);
      bench_.Tick();
    }
    ASSERT_EQ(bench_->done_o, 1);
    const arithmetic::ReciprocalSquareRoot root = arithmetic::Rsqrt(w);
    ASSERT_EQ(bench_->mantissa_o, root.mantissa);
    ASSERT_EQ(bench_->shift_o, root.shift);
    for (int cycle = 0; cycle < 2; ++cycle) {  // the result stays
      bench_.Tick();
      ASSERT_EQ(bench_->done_o, 0);
      ASSERT_EQ(bench_->mantissa_o, root.mantissa);
    }
  }

  Testbench<Vsta_rsqrt> bench_{1};
};

TEST_F(RsqrtTest, GivesTheDocumentsExamples) {
  for (const uint64_t w : {uint64_t{1000}, uint64_t{311040000}, uint64_t{1} << 42}) Check(w);
}

TEST_F(RsqrtTest, IsExactAroundEveryPowerOfTwo) {
  for (int bit = 0; bit < 43; ++bit) {
    const uint64_t power = uint64_t{1} << bit;
    if (power > 1) Check(power - 1);
    Check(power);
    Check(power + 1);
  }
  Check(kLargest);
}

TEST_F(RsqrtTest, IsExactAtBothEndsOfEveryTableEntry) {
  for (uint64_t entry = arithmetic::kRsqrtTableFirst; entry < 256; ++entry) {
    Check(entry << 34);  // the table's index is bits 41:34 of a W of 42 bits
    Check((entry << 34) + (uint64_t{1} << 34) - 1);
    Check(entry);
  }
}

TEST_F(RsqrtTest, IsExactForRandomValuesOfEveryLength) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 20000; ++i) {
    const uint64_t w = random() >> (21 + random() % 43);
    Check(w == 0 ? 1 : w);
    if (HasFatalFailure()) return;
  }
}

TEST_F(RsqrtTest, TakesZeroInTheSameTime) {
  bench_->start_i = 1;
  bench_->w_i = 0;
  bench_.Tick();
  bench_->start_i = 0;
  for (int cycle = 1; cycle < kLatency; ++cycle) bench_.Tick();
  EXPECT_EQ(bench_->done_o, 1);
  bench_.Tick();
  Check(1000);
}

TEST_F(RsqrtTest, ForgetsARootThatAResetCuts) {
  bench_->start_i = 1;
  bench_->w_i = 12345;
  bench_.Tick();
  bench_->start_i = 0;
  for (int cycle = 0; cycle < 5; ++cycle) bench_.Tick();
  bench_.Reset();
  for (int cycle = 0; cycle < 2 * kLatency; ++cycle) {
    ASSERT_EQ(bench_->done_o, 0);
    bench_.Tick();
  }
  Check(54321);
}

}  // namespace
}  // namespace sta::rtl
