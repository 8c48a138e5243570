// SPDX-License-Identifier: Apache-2.0
#include "server/batching/memory_budget.h"

#include <gtest/gtest.h>

#include "server/batching/retry_after.h"
#include "tests/support/status_matchers.h"

namespace sta {
namespace {

using testing::HasSubstr;

TEST(MemoryBudgetTest, GivesUntilItIsUsedUp) {
  MemoryBudget budget(100);
  MemoryBudget::Share first;
  MemoryBudget::Share second;
  EXPECT_THAT(budget.Grow(first, 40), IsOk());
  EXPECT_THAT(budget.Grow(first, 20), IsOk());
  const absl::Status refused = budget.Grow(second, 41);
  EXPECT_THAT(refused, StatusIs(absl::StatusCode::kResourceExhausted,
                                HasSubstr("takes 41 bytes of memory and 60 of at most 100")));
  EXPECT_TRUE(RetryAfterOf(refused).has_value());
  EXPECT_EQ(second.bytes(), 0);
  EXPECT_THAT(budget.Grow(second, 40), IsOk());
  EXPECT_EQ(budget.used_bytes(), 100);
}

TEST(MemoryBudgetTest, AShareGivesBackWhatItHas) {
  MemoryBudget budget(100);
  {
    MemoryBudget::Share share;
    EXPECT_THAT(budget.Grow(share, 60), IsOk());
    EXPECT_THAT(budget.Grow(share, 60), StatusIs(absl::StatusCode::kResourceExhausted, testing::_));
    EXPECT_EQ(share.bytes(), 60);
  }
  EXPECT_EQ(budget.used_bytes(), 0);
}

TEST(MemoryBudgetTest, WhatNeverFitsIsNotToBeTriedAgain) {
  MemoryBudget budget(100);
  MemoryBudget::Share share;
  EXPECT_EQ(RetryAfterOf(budget.Grow(share, 101)), std::nullopt);
}

}  // namespace
}  // namespace sta
