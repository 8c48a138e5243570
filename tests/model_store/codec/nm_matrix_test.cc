// SPDX-License-Identifier: Apache-2.0
#include "model_store/codec/nm_matrix.h"

#include <gtest/gtest.h>

#include "accel/program/random_encoder.h"
#include "tests/support/status_matchers.h"

namespace sta {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(NmMatrixTest, PacksAndUnpacksEveryPattern) {
  for (const int m : {1, 4, 8, 16, 32}) {
    for (int n = 1; n <= m; ++n) {
      for (const int64_t columns : {1, 3, 32, 37}) {
        const NmMatrix matrix = RandomMatrix(static_cast<uint64_t>(n), 5, columns, {n, m});
        ASSERT_THAT(matrix.Validate(), IsOk()) << n << ":" << m << " of " << columns;
        const std::vector<int8_t> dense = matrix.ToDense();
        STA_ASSERT_OK_AND_ASSIGN(const NmMatrix packed,
                                 NmMatrix::FromDense(dense, 5, columns, {n, m}));
        EXPECT_EQ(packed.ToDense(), dense);
      }
    }
  }
}

TEST(NmMatrixTest, FillsShortGroupsWithTheLowestZeros) {
  STA_ASSERT_OK_AND_ASSIGN(
      const NmMatrix matrix,
      NmMatrix::FromDense(std::vector<int8_t>{0, 0, 5, 0, 0, 0}, 1, 6, {2, 4}));
  EXPECT_THAT(matrix.values, ElementsAre(0, 5, 0, 0));
  EXPECT_THAT(matrix.offsets, ElementsAre(0, 2, 0, 1));
}

TEST(NmMatrixTest, NamesTheGroupThatDoesNotFit) {
  EXPECT_THAT(NmMatrix::FromDense(std::vector<int8_t>{0, 0, 0, 0, 1, 2, 3, 0}, 1, 8, {2, 4}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("row 0 columns 4..7")));
}

TEST(NmMatrixTest, RefusesMinus128) {
  EXPECT_THAT(NmMatrix::FromDense(std::vector<int8_t>{-128, 0, 0, 0}, 1, 4, {1, 4}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("-128")));
}

TEST(NmMatrixTest, RefusesShapesThatDoNotFitTheData) {
  const std::vector<int8_t> weights(8);
  for (const auto& [rows, columns] : {std::pair<int64_t, int64_t>{0, 8},
                                      {8, 0},
                                      {-1, 8},
                                      {1, 7},
                                      {int64_t{1} << 40, int64_t{1} << 40}}) {
    EXPECT_THAT(NmMatrix::FromDense(weights, rows, columns, {1, 4}),
                StatusIs(absl::StatusCode::kInvalidArgument));
  }
  EXPECT_THAT(NmMatrix::FromDense(weights, 1, 8, {1, 5}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("1:5")));
}

TEST(NmMatrixTest, ValidateFindsEveryKindOfDamage) {
  const NmMatrix good = RandomMatrix(1, 3, 19, {2, 8});
  ASSERT_THAT(good.Validate(), IsOk());
  const auto expect_refused = [&](auto damage) {
    NmMatrix bad = good;
    damage(bad);
    EXPECT_THAT(bad.Validate(), StatusIs(absl::StatusCode::kInvalidArgument));
  };
  expect_refused([](NmMatrix& w) { w.values.pop_back(); });
  expect_refused([](NmMatrix& w) { w.offsets.pop_back(); });
  expect_refused([](NmMatrix& w) { w.values[0] = -128; });
  expect_refused([](NmMatrix& w) { w.offsets[1] = w.offsets[0]; });
  expect_refused([](NmMatrix& w) { w.offsets[1] = 8; });
  expect_refused([](NmMatrix& w) { w.offsets.back() = 3; });  // columns 16..18: places 0..2
  expect_refused([](NmMatrix& w) { w.pattern = {3, 8}; });
}

}  // namespace
}  // namespace sta
