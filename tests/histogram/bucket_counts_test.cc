// SPDX-License-Identifier: Apache-2.0
#include "histogram/bucket_counts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sta {
namespace {

using testing::ElementsAre;

const std::vector<double> kBounds = {1, 2, 4};

std::optional<double> Quantile(std::vector<int64_t> counts, double share) {
  return QuantileOf(kBounds, counts, share);
}

TEST(BucketCountsTest, ABoundBelongsToItsBucket) {
  EXPECT_EQ(BucketOf(kBounds, 0), 0U);
  EXPECT_EQ(BucketOf(kBounds, 1), 0U);
  EXPECT_EQ(BucketOf(kBounds, 1.5), 1U);
  EXPECT_EQ(BucketOf(kBounds, 4), 2U);
  EXPECT_EQ(BucketOf(kBounds, 4.1), 3U);
}

TEST(BucketCountsTest, QuantilesAreReadWithinABucket) {
  EXPECT_EQ(Quantile({4, 0, 0, 0}, 0.5), 0.5);
  EXPECT_EQ(Quantile({50, 0, 50, 0}, 0.25), 0.5);
  EXPECT_EQ(Quantile({50, 0, 50, 0}, 0.5), 1);
  EXPECT_EQ(Quantile({50, 0, 50, 0}, 0.75), 3);
  EXPECT_EQ(Quantile({98, 1, 1, 0}, 0.99), 2);
}

TEST(BucketCountsTest, WhatIsOverTheLastBoundIsToldAsThat) {
  EXPECT_EQ(Quantile({1, 0, 0, 99}, 0.5), 4);
  EXPECT_EQ(Quantile({0, 0, 0, 1}, 0.01), 4);
}

TEST(BucketCountsTest, WithoutCountsThereIsNoQuantile) {
  EXPECT_EQ(Quantile({0, 0, 0, 0}, 0.5), std::nullopt);
  EXPECT_EQ(Quantile({}, 0.5), std::nullopt);
  EXPECT_EQ(Quantile({1, 2, 3}, 0.5), std::nullopt);  // one is missing
  EXPECT_EQ(QuantileOf({}, std::vector<int64_t>{1}, 0.5), std::nullopt);
}

TEST(BucketCountsTest, CountsSinceAnEarlierLook) {
  const std::vector<int64_t> before = {1, 2, 3};
  EXPECT_THAT(CountsSince(std::vector<int64_t>{1, 4, 6}, before), ElementsAre(0, 2, 3));
  EXPECT_THAT(CountsSince(before, before), ElementsAre(0, 0, 0));
}

TEST(BucketCountsTest, CountsThatBeganAnewAreAllNew) {
  const std::vector<int64_t> before = {1, 2, 3};
  EXPECT_THAT(CountsSince(std::vector<int64_t>{9, 1, 9}, before), ElementsAre(9, 1, 9));
  EXPECT_THAT(CountsSince(std::vector<int64_t>{1, 2, 3, 4}, before), ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(CountsSince(before, {}), ElementsAre(1, 2, 3));
}

}  // namespace
}  // namespace sta
