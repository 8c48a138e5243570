// SPDX-License-Identifier: Apache-2.0
//
// Every sum that a row of 512 keys can have, and of wider sums those round every power of two.
#include "accel/arithmetic/reciprocal.h"

#include <cstdint>
#include <deque>
#include <vector>

#include "Vreciprocal_16.h"
#include "Vreciprocal_20.h"
#include "accel/arithmetic/attention.h"
#include "accel/rtl/dv/testbench.h"
#include "gtest/gtest.h"

namespace sta::rtl {
namespace {

constexpr uint64_t kReciprocalLatency = 11;

struct ReciprocalInput {
  uint64_t cycle = 0;
  int32_t sum = 0;
  uint8_t tag = 0;
};

// One sum in `percent` of the cycles, each with a random tag.
template <typename Model>
void CheckReciprocals(Testbench<Model>& bench, const std::vector<int32_t>& sums, int32_t multiplier,
                      int percent) {
  bench->valid_i = 0;
  bench->context_multiplier_i = static_cast<uint16_t>(multiplier);
  bench.Reset();
  std::deque<ReciprocalInput> under_way;
  for (size_t next = 0; next < sums.size() || !under_way.empty();) {
    bench->valid_i = next < sums.size() && bench.Chance(percent);
    if (bench->valid_i != 0) {
      const ReciprocalInput input = {bench.cycles(), sums[next++],
                                     static_cast<uint8_t>(bench.random()() % 64)};
      bench->sum_i = static_cast<uint32_t>(input.sum);
      bench->tag_i = input.tag;
      under_way.push_back(input);
    }
    bench.Tick();
    const bool due =
        !under_way.empty() && under_way.front().cycle + kReciprocalLatency == bench.cycles();
    ASSERT_EQ(bench->valid_o != 0, due);
    if (!due) continue;
    const ReciprocalInput input = under_way.front();
    under_way.pop_front();
    const arithmetic::RowReciprocal expected = arithmetic::Reciprocal(input.sum);
    ASSERT_EQ(bench->tag_o, input.tag);
    ASSERT_EQ(bench->exponent_o, expected.exponent) << input.sum;
    ASSERT_EQ(bench->multiplier_o, arithmetic::ContextRowMultiplier(expected, multiplier))
        << input.sum;
  }
}

TEST(ReciprocalTest, IsExactForEverySumOf512Keys) {
  Testbench<Vreciprocal_16> bench(1);
  std::vector<int32_t> sums;
  for (int32_t sum = 1; sum <= 127 * 512; ++sum) sums.push_back(sum);
  CheckReciprocals(bench, sums, 32767, 100);
}

TEST(ReciprocalTest, MultipliesAndKeepsTagsWithGaps) {
  for (const int32_t multiplier : {1, 2, 3000, 16384, 32766}) {
    SCOPED_TRACE(multiplier);
    Testbench<Vreciprocal_16> bench(static_cast<uint32_t>(multiplier));
    std::vector<int32_t> sums(3000);
    for (int32_t& sum : sums) sum = 127 + static_cast<int32_t>(bench.random()() % (127 * 511));
    CheckReciprocals(bench, sums, multiplier, 40);
  }
}

TEST(ReciprocalTest, TakesSumsOfMoreThanSixteenBits) {
  Testbench<Vreciprocal_20> bench(1);
  std::vector<int32_t> sums;
  for (int32_t power = 0; power < 20; ++power) {
    for (int32_t offset = -40; offset <= 40; ++offset) {
      const int32_t sum = (1 << power) + offset;
      if (sum >= 1 && sum < 1 << 20) sums.push_back(sum);
    }
  }
  CheckReciprocals(bench, sums, 32767, 100);
}

TEST(ReciprocalTest, ForgetsWhatIsUnderWayAtAReset) {
  Testbench<Vreciprocal_16> bench(1);
  bench->sum_i = 1000;
  bench->valid_i = 1;
  bench.Reset();
  for (int cycle = 0; cycle < 5; ++cycle) bench.Tick();
  bench->valid_i = 0;
  bench.Reset();
  for (uint64_t cycle = 0; cycle < 2 * kReciprocalLatency; ++cycle) {
    EXPECT_EQ(bench->valid_o, 0);
    bench.Tick();
  }
}

}  // namespace
}  // namespace sta::rtl
