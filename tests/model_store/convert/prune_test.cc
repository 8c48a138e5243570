// SPDX-License-Identifier: Apache-2.0
#include "model_store/convert/prune.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "tests/support/status_matchers.h"

namespace sta {
namespace {

Matrix Row(std::initializer_list<float> values) {
  Matrix row(1, static_cast<Eigen::Index>(values.size()));
  std::ranges::copy(values, row.data());
  return row;
}

// The values over and over, 32 columns in all.
Matrix Repeated(const std::vector<float>& values) {
  Matrix row(1, 32);
  for (Eigen::Index i = 0; i < 32; ++i) row(i) = values[static_cast<size_t>(i) % values.size()];
  return row;
}

// An encoder of one layer whose matrices are all `weight`.
FloatEncoder EncoderOf(const Matrix& weight) {
  FloatEncoder encoder;
  encoder.layers.resize(1);
  int number = 0;
  for (FloatLinear* linear : encoder.layers[0].Linears()) {
    linear->name = "matrix." + std::to_string(number++);
    linear->weight = weight;
  }
  return encoder;
}

TEST(PruneByMagnitudeTest, KeepsTheLargestOfEveryGroup) {
  Matrix row = Row({1, -4, 3, 2, 0.5f, 0.1f, -0.2f, 0.3f});
  PruneByMagnitude({2, 4}, row);
  EXPECT_EQ(row, Row({0, -4, 3, 0, 0.5f, 0, 0, 0.3f}));
}

TEST(PruneByMagnitudeTest, OfEqualsTheLowerColumnStays) {
  Matrix row = Row({1, -1, 1, -1, 2, 2, 2, 2});
  PruneByMagnitude({1, 4}, row);
  EXPECT_EQ(row, Row({1, 0, 0, 0, 2, 0, 0, 0}));
}

TEST(PruneByMagnitudeTest, TreatsThePartialGroupAsAGroup) {
  Matrix row = Row({1, 2, 3, 4, 5, 6, 7});
  PruneByMagnitude({2, 4}, row);
  EXPECT_EQ(row, Row({0, 0, 3, 4, 0, 6, 7}));
  Matrix narrow = Row({1, 2, 3, 4, 5});
  PruneByMagnitude({2, 4}, narrow);
  EXPECT_EQ(narrow, Row({0, 0, 3, 4, 5}));
}

TEST(PruneByMagnitudeTest, DenseChangesNothing) {
  Matrix row = Row({1, 2, 3});
  PruneByMagnitude(Pattern::Dense(), row);
  EXPECT_EQ(row, Row({1, 2, 3}));
}

TEST(FindPatternTest, FindsTheSparsestPattern) {
  EXPECT_EQ(FindPattern(Repeated({1, 0, 0, 0})), (Pattern{1, 4}));
  EXPECT_EQ(FindPattern(Repeated({1, 1, 0, 0, 0, 0, 0, 0})), (Pattern{2, 8}));  // 2:4 keeps more
  EXPECT_EQ(FindPattern(Repeated({1, 1, 1, 0, 0, 0, 0, 0})), (Pattern{3, 8}));
  EXPECT_EQ(FindPattern(Repeated({1, 2, 3, 4, 5, 6, 7, 0})), (Pattern{7, 8}));
  EXPECT_EQ(FindPattern(Repeated({0})), (Pattern{1, 32}));
  Matrix two_rows(2, 32);
  two_rows << Repeated({1, 0, 0, 0}), Repeated({1, 2, 0, 0});  // the fuller row decides
  EXPECT_EQ(FindPattern(two_rows), (Pattern{2, 4}));
}

TEST(FindPatternTest, IsDenseWhereNothingFits) {
  EXPECT_EQ(FindPattern(Matrix::Ones(1, 32)), Pattern::Dense());
  EXPECT_EQ(FindPattern(Matrix::Ones(2, 64)), Pattern::Dense());
}

TEST(FitsPatternTest, CountsWeightsOfEveryGroup) {
  EXPECT_TRUE(FitsPattern({2, 4}, Repeated({1, 2, 0, 0})));
  EXPECT_TRUE(FitsPattern({4, 8}, Repeated({1, 2, 0, 0})));
  EXPECT_FALSE(FitsPattern({1, 4}, Repeated({1, 2, 0, 0})));
  EXPECT_TRUE(FitsPattern(Pattern::Dense(), Matrix::Ones(1, 32)));
  EXPECT_TRUE(FitsPattern({2, 4}, Row({0, 0, 0, 0, 1, 2})));
  EXPECT_FALSE(FitsPattern({2, 4}, Row({0, 0, 0, 0, 1, 2, 3})));
}

TEST(CheckZerosTest, NamesAMatrixThatWouldLoseWeights) {
  FloatEncoder encoder = EncoderOf(Repeated({1, 2, 0, 0}));
  STA_ASSERT_OK_AND_ASSIGN(const PatternAssignment fits,
                           PatternAssignment::Parse("2:4,*.0=dense,*.1=keep"));
  EXPECT_THAT(CheckZeros(fits, encoder), IsOk());
  STA_ASSERT_OK_AND_ASSIGN(const PatternAssignment prunes, PatternAssignment::Parse("2:4,*.3=1:4"));
  EXPECT_THAT(CheckZeros(prunes, encoder),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       "matrix 'matrix.3' has more weights than 1:4 leaves: it was not trained for "
                       "that"));
}

TEST(PruneEncoderTest, AppliesRulesAndTellsThePatterns) {
  FloatEncoder encoder = EncoderOf(Repeated({1, 2, 0, 0}));
  STA_ASSERT_OK_AND_ASSIGN(const PatternAssignment rules,
                           PatternAssignment::Parse("keep,*.0=1:4,*.1=dense"));
  STA_ASSERT_OK_AND_ASSIGN(const auto patterns, PruneEncoder(rules, encoder));
  EXPECT_EQ(patterns.at("matrix.0"), (Pattern{1, 4}));
  EXPECT_EQ(encoder.layers[0].query.weight, Repeated({0, 2, 0, 0}));
  EXPECT_EQ(patterns.at("matrix.1"), Pattern::Dense());
  EXPECT_EQ(patterns.at("matrix.2"), (Pattern{2, 4}));
  EXPECT_EQ(encoder.layers[0].value.weight, Repeated({1, 2, 0, 0}));
}

TEST(PruneEncoderTest, NamesAMatrixThatFitsNoPattern) {
  FloatEncoder encoder = EncoderOf(Repeated({1, 2, 0, 0}));
  encoder.layers[0].intermediate.weight = Matrix::Ones(1, 32);
  STA_ASSERT_OK_AND_ASSIGN(const PatternAssignment rules, PatternAssignment::Parse("keep"));
  EXPECT_THAT(PruneEncoder(rules, encoder),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       "matrix 'matrix.4' fits no sparse pattern; give it one, such as "
                       "'matrix.4=dense' after 'keep'"));
}

}  // namespace
}  // namespace sta
