// SPDX-License-Identifier: Apache-2.0
#include "model_store/convert/pattern_assignment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/status_matchers.h"

namespace sta {
namespace {

using testing::HasSubstr;

constexpr char kFirstQuery[] = "encoder.layer.0.attention.self.query.weight";
constexpr char kKey[] = "encoder.layer.0.attention.self.key.weight";
constexpr char kLaterKey[] = "encoder.layer.1.attention.self.key.weight";

TEST(PatternAssignmentTest, TheLastRuleThatMatchesCounts) {
  STA_ASSERT_OK_AND_ASSIGN(const PatternAssignment assignment,
                           PatternAssignment::Parse("2:8,*.layer.0.*=4:8,*.query.*=dense"));
  EXPECT_THAT(assignment.CheckAgainst({kFirstQuery, kKey, kLaterKey}), IsOk());
  EXPECT_EQ(assignment.For(kLaterKey), (Pattern{2, 8}));
  EXPECT_EQ(assignment.For(kKey), (Pattern{4, 8}));
  EXPECT_EQ(assignment.For(kFirstQuery), Pattern::Dense());
  STA_ASSERT_OK_AND_ASSIGN(const PatternAssignment reversed,
                           PatternAssignment::Parse("*.query.*=dense,*.layer.0.*=4:8,2:8"));
  EXPECT_EQ(reversed.For(kFirstQuery), (Pattern{2, 8}));
}

TEST(PatternAssignmentTest, KeepIsNoPatternYet) {
  STA_ASSERT_OK_AND_ASSIGN(const PatternAssignment assignment,
                           PatternAssignment::Parse("keep,*.key.*=1:4"));
  EXPECT_EQ(assignment.For(kFirstQuery), std::nullopt);
  EXPECT_EQ(assignment.For(kKey), (Pattern{1, 4}));
  EXPECT_TRUE(assignment.Keeps());
  STA_ASSERT_OK_AND_ASSIGN(const PatternAssignment patterns,
                           PatternAssignment::Parse("2:8,*.key.*=dense"));
  EXPECT_FALSE(patterns.Keeps());
}

TEST(PatternAssignmentTest, NamesMalformedRules) {
  for (const char* rule : {"", "2:5", "9:8", "0:4", "2:", ":8", "2:8:", "02:8", "sparse",
                           "*.query.*=", "*.query.*=keeep", "KEEP", " 2:8"}) {
    EXPECT_THAT(PatternAssignment::Parse(std::string("4:8,") + rule),
                StatusIs(absl::StatusCode::kInvalidArgument,
                         HasSubstr("pattern rule '" + std::string(rule) + "'")));
  }
  EXPECT_THAT(PatternAssignment::Parse("=2:8"), StatusIs(absl::StatusCode::kInvalidArgument,
                                                         "pattern rule '=2:8' has an empty glob"));
}

TEST(PatternAssignmentTest, NamesGlobsAndMatricesWithoutPartner) {
  STA_ASSERT_OK_AND_ASSIGN(const PatternAssignment typo,
                           PatternAssignment::Parse("2:8,*.qeury.*=dense"));
  EXPECT_THAT(typo.CheckAgainst({kFirstQuery}),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       "glob '*.qeury.*' matches no matrix; one of the matrices is "
                       "'encoder.layer.0.attention.self.query.weight'"));
  STA_ASSERT_OK_AND_ASSIGN(const PatternAssignment partial,
                           PatternAssignment::Parse("*.query.*=dense"));
  EXPECT_THAT(partial.CheckAgainst({kFirstQuery, kKey}),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("matrix 'encoder.layer.0.attention.self.key.weight' has no "
                                 "pattern")));
}

TEST(MatchesGlobTest, StarsAndQuestionMarks) {
  for (const auto& [glob, text] : {std::pair{"*", ""},
                                   {"*", "abc"},
                                   {"a*c", "abbc"},
                                   {"a*c", "ac"},
                                   {"?b?", "abc"},
                                   {"*b*b*", "abcb"},
                                   {"**a", "a"},
                                   {"a.c", "a.c"},
                                   {"*a", "aa"},
                                   {"a*", "a*"}}) {
    EXPECT_TRUE(MatchesGlob(glob, text)) << glob << " " << text;
  }
  for (const auto& [glob, text] : {std::pair{"", "a"},
                                   {"a", ""},
                                   {"a*c", "abcd"},
                                   {"?", ""},
                                   {"?", "ab"},
                                   {"a.c", "abc"},
                                   {"*b", "abc"},
                                   {"abc", "ab"},
                                   {"[a]", "a"}}) {
    EXPECT_FALSE(MatchesGlob(glob, text)) << glob << " " << text;
  }
}

}  // namespace
}  // namespace sta
