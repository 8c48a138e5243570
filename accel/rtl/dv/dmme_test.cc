// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

#include "Vdmme_16x8.h"
#include "Vdmme_4x4.h"
#include "Vdmme_8x8.h"
#include "accel/rtl/dv/dmme_bench.h"
#include "accel/rtl/dv/step.h"
#include "gtest/gtest.h"

namespace sta::rtl {
namespace {

template <typename Model, int64_t kTileSize, int64_t kLaneCount>
struct Array {
  static constexpr int64_t kTile = kTileSize;
  static constexpr int64_t kLanes = kLaneCount;
  using Bench = DmmeBench<Model, kTileSize, kLaneCount>;
};

template <typename ArrayType>
class DmmeTest : public testing::Test {
 protected:
  using Bench = typename ArrayType::Bench;
  static constexpr int64_t kTile = ArrayType::kTile;
  static constexpr int64_t kLanes = ArrayType::kLanes;

  DmmeTest() : random_(1) {}

  int64_t Below(int64_t limit) { return static_cast<int64_t>(random_()) % limit; }

  std::vector<int8_t> Int8(int64_t count) {
    std::vector<int8_t> values(static_cast<size_t>(count));
    for (int8_t& value : values) value = static_cast<int8_t>(Below(255) - 127);
    return values;
  }

  // Only the largest, so that no sum of lanes can be larger.
  std::vector<int8_t> Extremes(int64_t count, int percent_negative) {
    std::vector<int8_t> values(static_cast<size_t>(count));
    for (int8_t& value : values) {
      value = Below(100) < percent_negative ? int8_t{-127} : int8_t{127};
    }
    return values;
  }

  Tile RandomTile() {
    return {.kind = static_cast<TileKind>(Below(5)),
            .gelu = Below(2) == 0,
            .block_last = Below(2) == 0,
            .instruction_last = Below(2) == 0,
            .address = Below(1 << 28),
            .granule_stride = Below(1 << 16),
            .lane = Below(16),
            .byte_offset = Below(16),
            .slot = Below(4),
            .key_group = Below(1 << 12),
            .valid_keys = Below(32),
            .slot_last = Below(2) == 0};
  }

  Operands RandomOperands() {
    Operands operands = {.window = Int8(Bench::kWindowBytes),
                         .key_value = Int8(kTile * kTile),
                         .values = Int8(kTile * kLanes),
                         .indices = std::vector<uint8_t>(kTile * kLanes)};
    for (uint8_t& index : operands.indices) index = static_cast<uint8_t>(Below(16));
    return operands;
  }

  // A tile of `count` steps of any sources; windows change at random.
  std::vector<DmmeStep> RandomSteps(int64_t count) {
    std::vector<DmmeStep> steps;
    for (int64_t i = 0; i < count; ++i) {
      steps.push_back({.step = {.first = i == 0,
                                .last = i == count - 1,
                                .window_read = window_is_read_ ? Below(3) == 0 : true,
                                .activation_row = Below(1 << 28),
                                .weight_source = static_cast<WeightSource>(Below(3)),
                                .weight_address = Below(1 << 28),
                                .index_address = Below(1 << 28),
                                .weight_part = Below(kTile / kLanes),
                                .indexed = Below(2) == 0,
                                .byte_select = Below(16),
                                .tile = RandomTile()},
                       .operands = RandomOperands()});
      window_is_read_ = true;
    }
    return steps;
  }

  std::mt19937 random_;
  bool window_is_read_ = false;
};

using Arrays =
    testing::Types<Array<Vdmme_4x4, 4, 4>, Array<Vdmme_8x8, 8, 8>, Array<Vdmme_16x8, 16, 8>>;
TYPED_TEST_SUITE(DmmeTest, Arrays);

TYPED_TEST(DmmeTest, SumsTilesOfAnySourceUnderAnyPressure) {
  const Pressure pressures[] = {{100, 100}, {50, 100}, {100, 10}, {60, 40}};
  for (uint32_t seed = 1; seed <= 12; ++seed) {
    SCOPED_TRACE(seed);
    this->random_.seed(seed);
    this->window_is_read_ = false;
    typename TestFixture::Bench bench(seed);
    constexpr int64_t kTiles = 12;
    for (int64_t tile = 0; tile < kTiles; ++tile) {
      bench.Add(this->RandomSteps(tile % 3 == 0 ? 1 : 1 + this->Below(8)));
    }
    bench.Run(pressures[seed % 4]);
    ASSERT_FALSE(this->HasFatalFailure());
    ASSERT_TRUE(bench.done());
    EXPECT_EQ(bench.tiles(), kTiles);
  }
}

TYPED_TEST(DmmeTest, KeepsTheHalvesOfALaneApartAtTheEndsOfTheirRanges) {
  typename TestFixture::Bench bench(1);
  for (const int windows : {0, 50, 100}) {
    for (const int weights : {0, 50, 100}) {
      std::vector<DmmeStep> steps = this->RandomSteps(3);
      for (DmmeStep& step : steps) {
        step.step.window_read = true;
        step.operands.window = this->Extremes(TestFixture::Bench::kWindowBytes, windows);
        step.operands.values = this->Extremes(TestFixture::kTile * TestFixture::kLanes, weights);
        step.operands.key_value = this->Extremes(TestFixture::kTile * TestFixture::kTile, weights);
      }
      bench.Add(steps);
    }
  }
  bench.Run({});
  ASSERT_FALSE(this->HasFatalFailure());
  EXPECT_TRUE(bench.done());
}

TYPED_TEST(DmmeTest, SumsTheLongestTile) {
  // 512 steps of the largest products.
  typename TestFixture::Bench bench(1);
  DmmeStep step = this->RandomSteps(1).front();
  step.operands.window = this->Extremes(TestFixture::Bench::kWindowBytes, 100);
  step.operands.values = this->Extremes(TestFixture::kTile * TestFixture::kLanes, 0);
  step.operands.key_value = this->Extremes(TestFixture::kTile * TestFixture::kTile, 0);
  std::vector<DmmeStep> steps(512, step);
  for (DmmeStep& each : steps) each.step.first = each.step.last = each.step.window_read = false;
  steps.front().step.first = steps.front().step.window_read = true;
  steps.back().step.last = true;
  bench.Add(steps);
  bench.Run({});
  ASSERT_FALSE(this->HasFatalFailure());
  EXPECT_EQ(bench.tiles(), 1);
}

TYPED_TEST(DmmeTest, ForgetsItsTilesAtReset) {
  typename TestFixture::Bench bench(1);
  for (const uint64_t cycles : {3, 8, 9, 12}) {
    SCOPED_TRACE(cycles);
    bench.Add(this->RandomSteps(2));
    bench.Add(this->RandomSteps(1));
    bench.Run({.ready_percent = 0}, cycles);
    ASSERT_FALSE(bench.done());
    bench.Reset();
    this->window_is_read_ = false;
    bench.Add(this->RandomSteps(2));
    bench.Run({});
    ASSERT_FALSE(this->HasFatalFailure());
    ASSERT_TRUE(bench.done());
  }
}

}  // namespace
}  // namespace sta::rtl
