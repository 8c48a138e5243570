// SPDX-License-Identifier: Apache-2.0
#include "server/observability/model_statistics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sta {
namespace {

using testing::ElementsAre;
using testing::Pair;

const absl::Time kEarly = absl::FromUnixSeconds(1000);
const absl::Time kLate = absl::FromUnixSeconds(2000);

AnswerTimes Answer(absl::Time arrived, int64_t rows) {
  return {.arrived = arrived,
          .rows = rows,
          .total = absl::Milliseconds(10),
          .queue = absl::Milliseconds(1),
          .input = absl::Milliseconds(2),
          .compute = absl::Milliseconds(3),
          .output = absl::Milliseconds(4)};
}

TEST(ModelStatisticsTest, AddsUpWhatWasAnswered) {
  ModelStatistics statistics;
  statistics.CountAnswer("m", 1, Answer(kLate, 2));
  statistics.CountAnswer("m", 1, Answer(kEarly, 3));  // ended later, although it came earlier
  statistics.CountBatch("m", 1, 5, absl::Milliseconds(3));
  const VersionTotals totals = statistics.Of("m", 1);
  EXPECT_EQ(totals.last_request, kLate);
  EXPECT_EQ(totals.rows, 5);
  EXPECT_EQ(totals.batches, 1);
  EXPECT_EQ(totals.success, (TimedCount{2, absl::Milliseconds(20)}));
  EXPECT_EQ(totals.queue, (TimedCount{2, absl::Milliseconds(2)}));
  EXPECT_EQ(totals.input, (TimedCount{2, absl::Milliseconds(4)}));
  EXPECT_EQ(totals.compute, (TimedCount{2, absl::Milliseconds(6)}));
  EXPECT_EQ(totals.output, (TimedCount{2, absl::Milliseconds(8)}));
  EXPECT_EQ(totals.failure, TimedCount());
}

TEST(ModelStatisticsTest, CountsBatchesBySize) {
  ModelStatistics statistics;
  statistics.CountBatch("m", 1, 2, absl::Milliseconds(1));
  statistics.CountBatch("m", 1, 7, absl::Milliseconds(4));
  statistics.CountBatch("m", 1, 2, absl::Milliseconds(2));
  statistics.CountBatch("m", 1, kLargestBatchSize, absl::Milliseconds(8));
  statistics.CountBatch("m", 1, kLargestBatchSize + 1, absl::Milliseconds(16));
  const VersionTotals totals = statistics.Of("m", 1);
  EXPECT_EQ(totals.batches, 5);
  EXPECT_THAT(totals.batches_by_size,
              ElementsAre(Pair(2, TimedCount{2, absl::Milliseconds(3)}),
                          Pair(7, TimedCount{1, absl::Milliseconds(4)}),
                          Pair(kLargestBatchSize, TimedCount{2, absl::Milliseconds(24)})));
}

TEST(ModelStatisticsTest, CountsAnswersByHowLongTheyTook) {
  ModelStatistics statistics;
  const size_t buckets = DurationBuckets().size() + 1;
  EXPECT_EQ(statistics.Of("m", 1).latency, std::vector<int64_t>(buckets));
  for (const absl::Duration total :
       {absl::Microseconds(50), absl::Microseconds(51), absl::Hours(1), absl::Hours(2)}) {
    AnswerTimes times = Answer(kEarly, 1);
    times.total = total;
    statistics.CountAnswer("m", 1, times);
  }
  statistics.CountFailure("m", 1, kEarly, absl::Microseconds(1));
  std::vector<int64_t> expected(buckets);
  expected[0] = 1;
  expected[1] = 1;
  expected.back() = 2;
  EXPECT_EQ(statistics.Of("m", 1).latency, expected);
}

TEST(ModelStatisticsTest, KnowsWhatWaits) {
  ModelStatistics statistics;
  statistics.CountQueued("m", 1, 1, 30);
  statistics.CountQueued("m", 2, 1, 5);
  statistics.CountQueued("m", 1, 1, 12);
  statistics.CountQueued("m", 1, -1, -30);
  EXPECT_EQ(statistics.Of("m", 1).queued_requests, 1);
  EXPECT_EQ(statistics.Of("m", 1).queued_tokens, 12);
}

TEST(ModelStatisticsTest, AFailureCountsAsNothingElse) {
  ModelStatistics statistics;
  statistics.CountFailure("m", 1, kEarly, absl::Seconds(1));
  const VersionTotals totals = statistics.Of("m", 1);
  EXPECT_EQ(totals.last_request, kEarly);
  EXPECT_EQ(totals.failure, (TimedCount{1, absl::Seconds(1)}));
  EXPECT_EQ(totals.rows, 0);
  EXPECT_EQ(totals.success, TimedCount());
  EXPECT_EQ(totals.queue, TimedCount());
}

TEST(ModelStatisticsTest, VersionsAreApartUntilTheyAreForgotten) {
  ModelStatistics statistics;
  statistics.CountAnswer("m", 1, Answer(kEarly, 1));
  statistics.CountAnswer("m", 2, Answer(kEarly, 10));
  statistics.CountAnswer("n", 1, Answer(kEarly, 100));
  EXPECT_EQ(statistics.Of("m", 1).rows, 1);
  EXPECT_EQ(statistics.Of("m", 2).rows, 10);
  EXPECT_EQ(statistics.Of("n", 1).rows, 100);
  EXPECT_EQ(statistics.Of("m", 3).rows, 0);
  EXPECT_EQ(statistics.Of("o", 1).last_request, absl::InfinitePast());
  statistics.Forget("m", 1);
  statistics.Forget("m", 7);  // nothing is there: no harm
  statistics.Forget("o", 7);
  EXPECT_EQ(statistics.Of("m", 1).rows, 0);
  EXPECT_EQ(statistics.Of("m", 2).rows, 10);
}

}  // namespace
}  // namespace sta
