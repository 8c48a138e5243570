// SPDX-License-Identifier: Apache-2.0
#include "accel/device_pool/audit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sta {
namespace {

using testing::Eq;
using testing::Optional;

TEST(AuditTest, OneCardAloneDecidesNothing) {
  EXPECT_EQ(DecideAudit({}), std::nullopt);
  EXPECT_EQ(DecideAudit(std::vector<AuditVote>{{.device = 3, .rows = {1, 2}}}), std::nullopt);
}

TEST(AuditTest, TwoEqualCardsAreRight) {
  const std::vector<AuditVote> votes = {{.device = 0, .rows = {1, 2}},
                                        {.device = 1, .rows = {1, 2}}};
  EXPECT_THAT(DecideAudit(votes), Optional(Eq(0U)));
}

TEST(AuditTest, TwoDifferentCardsNeedAThird) {
  std::vector<AuditVote> votes = {{.device = 0, .rows = {1, 2}}, {.device = 1, .rows = {1, 3}}};
  EXPECT_EQ(DecideAudit(votes), std::nullopt);
  votes.push_back({.device = 2, .rows = {1, 3}});
  EXPECT_THAT(DecideAudit(votes), Optional(Eq(1U)));
}

TEST(AuditTest, WhatIsBelievedWinsAgainstMany) {
  const std::vector<AuditVote> votes = {{.device = 0, .rows = {1, 2}},
                                        {.device = 1, .rows = {1, 2}},
                                        {.device = 2, .is_believed = true, .rows = {5, 5}}};
  EXPECT_THAT(DecideAudit(votes), Optional(Eq(2U)));
}

}  // namespace
}  // namespace sta
