// SPDX-License-Identifier: Apache-2.0
#include "client/console/ordered_window.h"

#include <vector>

#include "tests/support/status_matchers.h"

namespace sta::client {
namespace {

TEST(OrderedWindowTest, HandsOutResultsInTheOrderOfTheirStart) {
  OrderedWindow<int> window(3);
  std::vector<std::function<void(absl::StatusOr<int>)>> done;
  for (int i = 0; i < 3; ++i) {
    EXPECT_FALSE(window.IsFull());
    done.push_back(window.Start());
  }
  EXPECT_TRUE(window.IsFull());
  done[2](2);
  done[0](0);
  done[1](absl::AbortedError("no"));
  EXPECT_EQ(window.WaitForFront().value(), 0);
  EXPECT_FALSE(window.IsFull());
  EXPECT_THAT(window.WaitForFront(), StatusIs(absl::StatusCode::kAborted));
  EXPECT_EQ(window.WaitForFront().value(), 2);
  EXPECT_TRUE(window.IsEmpty());
}

TEST(OrderedWindowTest, ItsCallbacksMayOutliveIt) {
  std::function<void(absl::StatusOr<int>)> done;
  {
    OrderedWindow<int> window(1);
    done = window.Start();
  }
  done(1);
}

}  // namespace
}  // namespace sta::client
