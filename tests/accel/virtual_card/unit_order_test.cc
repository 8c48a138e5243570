// SPDX-License-Identifier: Apache-2.0
#include "accel/virtual_card/unit_order.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <vector>

#include "tests/support/random_values.h"

namespace sta::card {
namespace {

using Stream = std::vector<CardInstruction>;
using Counts = std::array<int64_t, kUnitCount>;

CardInstruction OfUnit(Unit unit) {
  switch (unit) {
    case Unit::kLoad:
      return {.operation = TransferInstruction{.direction = TransferDirection::kLoad}};
    case Unit::kStore:
      return {.operation = TransferInstruction{.direction = TransferDirection::kStore}};
    case Unit::kEngine:
      return {.operation = MatmulInstruction{}};
    case Unit::kVector:
      return {.operation = VectorInstruction{.view = true}};
  }
  return {};
}

// Waits for anything that stands before, or for nothing.
Stream RandomStream(uint64_t seed) {
  RandomValues random(seed);
  Stream stream;
  Counts before = {};
  for (int i = 0; i < 60; ++i) {
    const auto unit = static_cast<Unit>(random.Uniform(0, 3));
    CardInstruction instruction = OfUnit(unit);
    for (size_t u = 0; u < kUnitCount; ++u) {
      if (random.Uniform(0, 3) == 0) instruction.waits[u] = random.Uniform(0, before[u]);
    }
    stream.push_back(instruction);
    ++before[static_cast<size_t>(unit)];
  }
  stream.push_back({});
  return stream;
}

std::vector<size_t> OrderOf(const Stream& stream, uint64_t seed) {
  UnitOrder order(stream, seed);
  std::vector<size_t> indices;
  while (const std::optional<size_t> next = order.Next()) indices.push_back(*next);
  return indices;
}

TEST(UnitOrderTest, EveryInstructionRunsOnceAfterItsWaitsAndThoseOfItsUnit) {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    const Stream stream = RandomStream(seed);
    const std::vector<size_t> order = OrderOf(stream, seed);
    ASSERT_EQ(order.size(), stream.size() - 1);  // all but END
    Counts finished = {};
    std::array<size_t, kUnitCount> last = {};
    for (const size_t i : order) {
      const auto unit = static_cast<size_t>(*stream[i].unit());
      EXPECT_TRUE(finished[unit] == 0 || i > last[unit]) << "instruction " << i;
      for (size_t u = 0; u < kUnitCount; ++u) EXPECT_GE(finished[u], stream[i].waits[u]);
      last[unit] = i;
      ++finished[unit];
    }
  }
}

TEST(UnitOrderTest, SeedDecides) {
  const Stream stream = RandomStream(1);
  EXPECT_EQ(OrderOf(stream, 7), OrderOf(stream, 7));
  std::set<std::vector<size_t>> orders;
  for (uint64_t seed = 0; seed < 20; ++seed) orders.insert(OrderOf(stream, seed));
  EXPECT_EQ(orders.size(), 20u);
}

// A unit without waits must be seen as far ahead, and as far behind, as can be.
TEST(UnitOrderTest, UnitsRunFarAheadOfEachOther) {
  Stream stream;
  for (int i = 0; i < 12; ++i) {
    stream.push_back(OfUnit(Unit::kEngine));
    stream.push_back(OfUnit(Unit::kVector));
  }
  int engine_far_ahead = 0;
  int vector_far_ahead = 0;
  for (uint64_t seed = 0; seed < 100; ++seed) {
    int64_t lead = 0;
    int64_t most = 0;
    int64_t least = 0;
    for (const size_t i : OrderOf(stream, seed)) {
      lead += *stream[i].unit() == Unit::kEngine ? 1 : -1;
      most = std::max(most, lead);
      least = std::min(least, lead);
    }
    engine_far_ahead += most == 12 ? 1 : 0;
    vector_far_ahead += least == -12 ? 1 : 0;
  }
  EXPECT_GT(engine_far_ahead, 10);
  EXPECT_GT(vector_far_ahead, 10);
}

TEST(UnitOrderTest, StreamOfEndAloneHasNothingToRun) { EXPECT_TRUE(OrderOf({{}}, 1).empty()); }

}  // namespace
}  // namespace sta::card
