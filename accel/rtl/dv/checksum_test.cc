// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <bit>
#include <cstdint>

#include "Vsta_checksum.h"
#include "accel/rtl/dv/axi_memory.h"
#include "accel/rtl/dv/axi_signals.h"
#include "accel/rtl/dv/bits.h"
#include "accel/rtl/dv/testbench.h"
#include "gtest/gtest.h"

namespace sta::rtl {
namespace {

constexpr int kLatency = 4;

// doc/instruction-set.md, "Checksum".
uint32_t Contribution(const Beat& beat, uint32_t address) {
  uint32_t sum = 0;
  for (size_t i = 0; i < beat.size(); ++i) sum += std::rotl(beat[i], static_cast<int>(i));
  return std::rotl(sum, static_cast<int>(address % 32));
}

class ChecksumBench {
 public:
  explicit ChecksumBench(uint32_t seed) : bench_(seed) {
    bench_->beat_valid_i = 0;
    bench_.Reset();
  }

  Testbench<Vsta_checksum>& bench() { return bench_; }

  void Add(const Beat& beat, uint32_t address, int sum) {
    bench_->beat_valid_i = 1;
    bench_->beat_address_i = static_cast<uint8_t>(address);
    bench_->beat_sum_i = static_cast<uint8_t>(sum);
    AssignBeat(beat, bench_->beat_data_i);
    bench_.Tick();
    bench_->beat_valid_i = 0;
  }

  // Lets the pipeline run empty.
  void Finish() {
    for (int i = 0; i < kLatency - 1; ++i) bench_.Tick();
    bench_.Settle();
  }

  uint32_t Sum(size_t sum) { return static_cast<uint32_t>(GetBits(bench_->sums_o, 32 * sum, 32)); }

 private:
  Testbench<Vsta_checksum> bench_;
};

TEST(ChecksumTest, EveryBitOfABeatCountsAtItsPlace) {
  ChecksumBench checksum(1);
  uint32_t expected = 0;
  for (size_t bit = 0; bit < 512; ++bit) {
    Beat beat = {};
    beat[bit / 32] = 1U << (bit % 32);
    checksum.Add(beat, static_cast<uint32_t>(bit % 32), 0);
    checksum.Finish();
    expected += Contribution(beat, static_cast<uint32_t>(bit % 32));
    ASSERT_EQ(checksum.Sum(0), expected) << bit;
    ASSERT_EQ(checksum.Sum(1), 0U);
  }
}

TEST(ChecksumTest, SumsRandomBeatsApart) {
  for (uint32_t seed = 1; seed <= 4; ++seed) {
    SCOPED_TRACE(seed);
    ChecksumBench checksum(seed);
    auto& bench = checksum.bench();
    std::array<uint32_t, 2> expected = {};
    for (int cycle = 0; cycle < 2000; ++cycle) {
      if (!bench.Chance(70)) {
        bench.Tick();
        continue;
      }
      Beat beat;
      for (uint32_t& word : beat) word = bench.random()();
      const auto address = static_cast<uint32_t>(bench.random()() % 32);
      const int sum = bench.Chance(50) ? 1 : 0;
      checksum.Add(beat, address, sum);
      expected[static_cast<size_t>(sum)] += Contribution(beat, address);
    }
    checksum.Finish();
    EXPECT_EQ(checksum.Sum(0), expected[0]);
    EXPECT_EQ(checksum.Sum(1), expected[1]);
  }
}

TEST(ChecksumTest, IsBusyUntilTheSumIsRight) {
  ChecksumBench checksum(1);
  Beat beat = {};
  beat[0] = 1;
  EXPECT_EQ(checksum.bench()->busy_o, 0);
  checksum.Add(beat, 0, 1);
  for (int i = 0; i < kLatency - 1; ++i) {
    EXPECT_EQ(checksum.bench()->busy_o, 1);
    EXPECT_EQ(checksum.Sum(1), 0U);
    checksum.bench().Tick();
  }
  EXPECT_EQ(checksum.bench()->busy_o, 0);
  EXPECT_EQ(checksum.Sum(1), 1U);
}

TEST(ChecksumTest, ResetClearsTheSumsAndThePipeline) {
  ChecksumBench checksum(1);
  Beat beat = {};
  beat.fill(0x12345678);
  checksum.Add(beat, 3, 0);
  checksum.Finish();
  checksum.Add(beat, 3, 0);
  checksum.bench().Reset();
  checksum.Finish();
  EXPECT_EQ(checksum.Sum(0), 0U);
  EXPECT_EQ(checksum.bench()->busy_o, 0);
}

}  // namespace
}  // namespace sta::rtl
