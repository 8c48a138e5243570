// SPDX-License-Identifier: Apache-2.0
#include "accel/program/card/checksum.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace sta::card {
namespace {

TEST(ChecksumTest, EveryWordIsTurnedByItsPlace) {
  std::array<uint8_t, kBeatBytes> beat = {};
  beat[0] = 1;              // word 0: 1
  beat[7] = 0x80;           // word 1: 2^31, turned by 1 to 1
  beat[15 * 4 + 2] = 0x04;  // word 15: 2^18, turned by 15 to 2
  EXPECT_EQ(BeatChecksum(beat, 0), 1u + 1u + 2u);
  EXPECT_EQ(BeatChecksum(beat, 31), 2u);  // 4 = 100b turned by 31
  EXPECT_EQ(BeatChecksum(beat, 33), 8u);  // as beat 1
}

TEST(ChecksumTest, ARegionIsTheSumOfItsBeats) {
  std::vector<uint8_t> bytes(3 * kBeatBytes + 5);
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<uint8_t>(i * i + 3);
  const auto beat = [&](size_t i) {
    return std::span<const uint8_t>(bytes).subspan(i * kBeatBytes).first<kBeatBytes>();
  };
  EXPECT_EQ(RegionChecksum(bytes, 30),
            BeatChecksum(beat(0), 30) + BeatChecksum(beat(1), 31) + BeatChecksum(beat(2), 0));
  EXPECT_NE(RegionChecksum(bytes, 30), RegionChecksum(bytes, 31));
}

}  // namespace
}  // namespace sta::card
