// SPDX-License-Identifier: Apache-2.0
#include "client/load/length_distribution.h"

#include <gtest/gtest.h>

#include <set>

#include "tests/support/status_matchers.h"

namespace sta::client {
namespace {

TEST(LengthDistributionTest, DrawsWhatItSays) {
  std::mt19937_64 engine(1);
  STA_ASSERT_OK_AND_ASSIGN(const LengthDistribution fixed, LengthDistribution::Parse("fixed:128"));
  EXPECT_EQ(fixed.Draw(engine), 128);
  STA_ASSERT_OK_AND_ASSIGN(const LengthDistribution uniform,
                           LengthDistribution::Parse("uniform:3:5"));
  std::set<int64_t> drawn;
  for (int i = 0; i < 100; ++i) drawn.insert(uniform.Draw(engine));
  EXPECT_EQ(drawn, (std::set<int64_t>{3, 4, 5}));
}

TEST(LengthDistributionTest, RefusesEverythingElse) {
  for (const char* text : {"", "fixed", "fixed:", "fixed:0", "fixed:-1", "fixed:1:2", "uniform:5:3",
                           "uniform:1", "uniform:0:3", "uniform:1:65537", "normal:3:1", "128"}) {
    EXPECT_THAT(LengthDistribution::Parse(text), StatusIs(absl::StatusCode::kInvalidArgument))
        << text;
  }
}

}  // namespace
}  // namespace sta::client
