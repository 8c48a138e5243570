// SPDX-License-Identifier: Apache-2.0
#include "server/observability/latency_window.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "histogram/bucket_counts.h"

namespace sta {
namespace {

using testing::ElementsAre;
using testing::Pair;

class LatencyWindowTest : public testing::Test {
 protected:
  // Looks when so many seconds have passed since the start and so many requests have come.
  LatencyWindow::View Look(int64_t seconds, int64_t requests) {
    return window_.Look({{{"m", 1}, {requests, 0}}}, start_ + absl::Seconds(seconds));
  }
  static int64_t Total(const LatencyWindow::View& view) {
    return TotalOf(view.counts.at({"m", 1}));
  }

  const absl::Time start_ = absl::FromUnixSeconds(1'000'000);
  LatencyWindow window_{absl::Seconds(60), start_};
};

TEST_F(LatencyWindowTest, TheFirstLookIsOfAllSinceTheStart) {
  const LatencyWindow::View view = Look(600, 7);
  EXPECT_EQ(view.length, absl::Seconds(600));
  EXPECT_EQ(Total(view), 7);
}

TEST_F(LatencyWindowTest, LaterLooksAreOfTheLastMinute) {
  Look(600, 7);
  EXPECT_EQ(Total(Look(630, 10)), 10);  // no look is a minute old
  const LatencyWindow::View view = Look(660, 12);
  EXPECT_EQ(view.length, absl::Seconds(60));
  EXPECT_EQ(Total(view), 5);
  EXPECT_EQ(Total(Look(690, 12)), 2);
  EXPECT_EQ(Total(Look(750, 12)), 0);
}

TEST_F(LatencyWindowTest, LooksInTheSameSecondAreOne) {
  Look(10, 1);
  for (int64_t requests = 2; requests < 1000; ++requests) Look(10, requests);
  const LatencyWindow::View view = Look(70, 1000);
  EXPECT_EQ(view.length, absl::Seconds(60));
  EXPECT_EQ(Total(view), 999);
}

TEST_F(LatencyWindowTest, AVersionThatBeganAnewIsNew) {
  Look(10, 100);
  EXPECT_EQ(Total(Look(70, 3)), 3);
}

TEST_F(LatencyWindowTest, TellsOfVersionsThatAreThereNow) {
  Look(10, 5);
  const LatencyWindow::View view = window_.Look({{{"n", 2}, {4, 0}}}, start_ + absl::Seconds(70));
  EXPECT_THAT(view.counts, ElementsAre(Pair(Pair("n", 2), ElementsAre(4, 0))));
}

}  // namespace
}  // namespace sta
