// SPDX-License-Identifier: Apache-2.0
#include "accel/virtual_card/shim/fault_injector.h"

#include <gtest/gtest.h>

#include <bit>
#include <cstdint>
#include <numeric>
#include <vector>

namespace sta::virtual_xrt {
namespace {

TEST(FaultInjectorTest, StrikesWhatItIsArmedFor) {
  FaultInjector faults(1);
  faults.Arm({.kind = FaultKind::kHang, .count = 2, .after = 1});
  EXPECT_FALSE(faults.Take(FaultKind::kError).has_value());
  EXPECT_FALSE(faults.Take(FaultKind::kHang).has_value());
  EXPECT_TRUE(faults.Take(FaultKind::kHang).has_value());
  EXPECT_TRUE(faults.Take(FaultKind::kHang).has_value());
  EXPECT_FALSE(faults.Take(FaultKind::kHang).has_value());
  EXPECT_EQ(faults.injected(), 2);
}

TEST(FaultInjectorTest, FaultsOfOneKindStrikeOneAfterTheOther) {
  FaultInjector faults(1);
  faults.Arm({.kind = FaultKind::kSlow, .factor = 2});
  faults.Arm({.kind = FaultKind::kSlow, .factor = 3});
  EXPECT_EQ(faults.Take(FaultKind::kSlow)->factor, 2);
  EXPECT_EQ(faults.Take(FaultKind::kSlow)->factor, 3);
  EXPECT_FALSE(faults.Take(FaultKind::kSlow).has_value());
}

TEST(FaultInjectorTest, ClearDisarms) {
  FaultInjector faults(1);
  faults.Arm({.kind = FaultKind::kAlloc, .count = std::nullopt});
  EXPECT_TRUE(faults.Take(FaultKind::kAlloc).has_value());
  faults.Clear();
  EXPECT_FALSE(faults.Take(FaultKind::kAlloc).has_value());
  EXPECT_EQ(faults.injected(), 1);
}

TEST(FaultInjectorTest, FlipsOneBitAnywhere) {
  FaultInjector faults(1);
  constexpr size_t kBytes = 8;
  std::vector<bool> flipped(kBytes * 8);
  for (int i = 0; i < 1000; ++i) {
    std::vector<uint8_t> bytes(kBytes);
    const size_t index = faults.FlipBit(bytes);
    EXPECT_EQ(std::popcount(bytes[index]), 1);
    EXPECT_EQ(std::accumulate(bytes.begin(), bytes.end(), 0), bytes[index]);
    flipped[index * 8 + static_cast<size_t>(std::countr_zero(bytes[index]))] = true;
  }
  EXPECT_EQ(flipped, std::vector<bool>(kBytes * 8, true));
  EXPECT_EQ(faults.FlipBit({}), 0);
}

TEST(FaultInjectorTest, EveryKindHasAName) {
  for (int kind = 0; kind <= static_cast<int>(FaultKind::kAlloc); ++kind) {
    EXPECT_EQ(FaultNamed(FaultName(static_cast<FaultKind>(kind))), static_cast<FaultKind>(kind));
  }
  EXPECT_EQ(FaultName(FaultKind::kHangHard), "hang-hard");
  EXPECT_EQ(FaultName(FaultKind::kCorruptMemory), "corrupt-memory");
  EXPECT_EQ(FaultName(FaultKind::kCorruptDownload), "corrupt-download");
  EXPECT_EQ(FaultNamed("Hang"), std::nullopt);
}

}  // namespace
}  // namespace sta::virtual_xrt
