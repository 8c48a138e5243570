// SPDX-License-Identifier: Apache-2.0
#include "model_store/codec/position_codec.h"

#include <gtest/gtest.h>

#include "accel/program/random_encoder.h"
#include "model_store/codec/combination.h"
#include "tests/support/status_matchers.h"

namespace sta {
namespace {

using testing::HasSubstr;

TEST(CombinationTest, RanksAreABijectionOntoTheCount) {
  for (const auto& [width, ones] : {std::pair{4, 2}, {7, 3}, {8, 8}, {16, 5}, {19, 2}, {20, 4}}) {
    const CombinationRanker ranker(width, ones);
    ASSERT_EQ(ranker.count(), Binomial(width, ones));
    for (uint64_t rank = 0; rank < ranker.count(); ++rank) {
      const uint32_t mask = ranker.Mask(rank);
      ASSERT_EQ(std::popcount(mask), ones);
      ASSERT_EQ(uint64_t{mask} >> width, 0u);
      ASSERT_EQ(ranker.Rank(mask), rank) << width << " " << ones;
    }
  }
}

TEST(CombinationTest, SpansTheWidestGroup) {
  const CombinationRanker ranker(32, 16);
  EXPECT_EQ(ranker.count(), 601'080'390u);
  EXPECT_EQ(ranker.Mask(0), 0x0000FFFFu);
  EXPECT_EQ(ranker.Mask(601'080'389u), 0xFFFF0000u);
  EXPECT_EQ(CombinationRanker(32, 32).count(), 1u);
  EXPECT_EQ(CombinationRanker(32, 1).Rank(0x80000000u), 31u);
}

class EveryPatternTest : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(GroupSizes, EveryPatternTest, testing::Values(4, 8, 16, 32));

TEST_P(EveryPatternTest, RoundTripsWithEveryWidthOfTheLastGroup) {
  const int m = GetParam();
  std::vector<int64_t> widths = {9 * m, 1000};
  for (int64_t columns = 1; columns <= m; ++columns) widths.push_back(columns);
  for (int64_t tail = 1; tail < m; ++tail) widths.push_back(5 * m + tail);
  for (int n = 1; n <= m; ++n) {
    for (const int64_t columns : widths) {
      const NmMatrix matrix = RandomMatrix(static_cast<uint64_t>(columns), 13, columns, {n, m});
      const std::vector<uint8_t> packed = EncodePositions(matrix);
      ASSERT_EQ(std::ssize(packed), PositionBytes(13, columns, {n, m})) << n << ":" << m;
      STA_ASSERT_OK_AND_ASSIGN(const std::vector<uint8_t> offsets,
                               DecodePositions(13, columns, {n, m}, packed));
      ASSERT_EQ(offsets, matrix.offsets) << n << ":" << m << " of " << columns;
    }
  }
}

TEST_P(EveryPatternTest, StaysWithinTwoPercentOfTheBound) {
  const int m = GetParam();
  std::vector<int64_t> widths = {384, 1536, 1000};
  for (int64_t tail = 1; tail < m; ++tail) widths.insert(widths.end(), {m + tail, 384 + tail});
  for (int n = 1; n <= m; ++n) {
    for (const int64_t columns : widths) {
      const double bound_bytes = PositionBoundBits(384, columns, {n, m}) / 8;
      const double bytes = static_cast<double>(PositionBytes(384, columns, {n, m}));
      EXPECT_GE(bytes, bound_bytes);
      EXPECT_LE(bytes, bound_bytes * 1.02) << n << ":" << m << " of " << columns;
    }
  }
}

TEST(PositionCodecTest, KnownBytes) {
  // 1:4, three groups that keep places 2, 0 and 3: digits to base 4, lowest first, two bits each.
  NmMatrix matrix = {.rows = 1, .columns = 12, .pattern = {1, 4}};
  matrix.values = {1, 1, 1};
  matrix.offsets = {2, 0, 3};
  EXPECT_EQ(EncodePositions(matrix), (std::vector<uint8_t>{0b110010}));
}

TEST(PositionCodecTest, DenseHasNoPositions) {
  EXPECT_TRUE(EncodePositions(RandomMatrix(1, 4, 8, Pattern::Dense())).empty());
  EXPECT_EQ(PositionBytes(4, 8, Pattern::Dense()), 0);
  EXPECT_EQ(PositionBytes(4, 8, {8, 8}), 0);
}

TEST(PositionCodecTest, RefusesNumbersThatAreNoCombination) {
  // 2:8: 28 combinations; one group takes 5 bits, so 28..31 are impossible.
  EXPECT_THAT(DecodePositions(1, 8, {2, 8}, std::vector<uint8_t>{27}), IsOk());
  for (const uint8_t number : {28, 31}) {
    EXPECT_THAT(DecodePositions(1, 8, {2, 8}, std::vector<uint8_t>{number}),
                StatusIs(absl::StatusCode::kDataLoss, HasSubstr("row 0, group 0")));
  }
  // The same in the stream of partial groups: C(5, 2) = 10.
  EXPECT_THAT(DecodePositions(1, 13, {2, 8}, std::vector<uint8_t>{0, 10}),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("5 places")));
}

TEST(PositionCodecTest, RefusesWrongSizes) {
  for (const size_t size : {0, 1, 3}) {
    EXPECT_THAT(DecodePositions(1, 13, {2, 8}, std::vector<uint8_t>(size)),
                StatusIs(absl::StatusCode::kDataLoss, HasSubstr("needs 2")));
  }
}

}  // namespace
}  // namespace sta
