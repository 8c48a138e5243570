// SPDX-License-Identifier: Apache-2.0
#include "client/load/hdr_histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

namespace sta::client {
namespace {

TEST(HdrHistogramTest, IsExactForSmallValues) {
  HdrHistogram histogram;
  for (int64_t value = 1; value <= 1000; ++value) histogram.Record(value);
  EXPECT_EQ(histogram.count(), 1000);
  EXPECT_EQ(histogram.Percentile(50), 500);
  EXPECT_EQ(histogram.Percentile(99), 990);
  EXPECT_EQ(histogram.Percentile(99.9), 999);
  EXPECT_EQ(histogram.Percentile(100), 1000);
  EXPECT_EQ(histogram.Percentile(0), 1);
  EXPECT_EQ(histogram.max(), 1000);
  EXPECT_DOUBLE_EQ(histogram.Mean(), 500.5);
}

TEST(HdrHistogramTest, KeepsThreeDigitsOverTheWholeRange) {
  std::mt19937_64 engine(7);
  std::vector<int64_t> values;
  HdrHistogram histogram;
  for (int i = 0; i < 20000; ++i) {
    const double exponent = std::uniform_real_distribution<double>(0, 41.9)(engine);
    values.push_back(static_cast<int64_t>(std::exp2(exponent)));
    histogram.Record(values.back());
  }
  std::ranges::sort(values);
  for (const double percentile : {1.0, 10.0, 50.0, 90.0, 99.0, 99.9, 100.0}) {
    const auto rank = static_cast<size_t>(std::llround(percentile * 200)) - 1;
    const auto exact = static_cast<double>(values[rank]);
    const auto measured = static_cast<double>(histogram.Percentile(percentile));
    EXPECT_GE(measured, exact);
    EXPECT_LE(measured, exact * 1.001) << percentile;
  }
}

TEST(HdrHistogramTest, ClampsWhatIsOutOfRange) {
  HdrHistogram histogram;
  histogram.Record(-5);
  EXPECT_EQ(histogram.Percentile(100), 0);
  histogram.Record(INT64_MAX);
  EXPECT_EQ(histogram.max(), INT64_MAX);
  EXPECT_GE(histogram.Percentile(100), (int64_t{1} << 42) - 1);
}

TEST(HdrHistogramTest, MergesAndIsEmptyAtFirst) {
  HdrHistogram a;
  EXPECT_EQ(a.Percentile(50), 0);
  EXPECT_EQ(a.Mean(), 0.0);
  HdrHistogram b;
  a.Record(10);
  b.Record(30);
  b.Record(20);
  a.Merge(b);
  EXPECT_EQ(a.count(), 3);
  EXPECT_EQ(a.Percentile(50), 20);
  EXPECT_EQ(a.max(), 30);
  EXPECT_DOUBLE_EQ(a.Mean(), 20.0);
}

}  // namespace
}  // namespace sta::client
