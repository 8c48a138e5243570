// SPDX-License-Identifier: Apache-2.0
//
// GoogleTest matchers for absl::Status and StatusOr (Debian's Abseil has none).
// A test names the code that it expects: there is deliberately no "not OK" matcher.
//
//   EXPECT_THAT(Pattern::Parse("3:2"), StatusIs(absl::StatusCode::kInvalidArgument,
//                                               HasSubstr("3:2")));
//   STA_ASSERT_OK_AND_ASSIGN(const Pattern pattern, Pattern::Parse("2:8"));
#ifndef TESTS_SUPPORT_STATUS_MATCHERS_H_
#define TESTS_SUPPORT_STATUS_MATCHERS_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace sta {

inline const absl::Status& StatusOf(const absl::Status& status) { return status; }
template <typename T>
const absl::Status& StatusOf(const absl::StatusOr<T>& value) {
  return value.status();
}

MATCHER(IsOk, "is OK") {
  *result_listener << StatusOf(arg).ToString();
  return StatusOf(arg).ok();
}

MATCHER_P(StatusIs, code, "has the status code " + absl::StatusCodeToString(code)) {
  *result_listener << StatusOf(arg).ToString();
  return StatusOf(arg).code() == code;
}

MATCHER_P2(StatusIs, code, message_matcher,
           "has the status code " + absl::StatusCodeToString(code) + " and a matching message") {
  *result_listener << StatusOf(arg).ToString();
  return StatusOf(arg).code() == code &&
         testing::ExplainMatchResult(message_matcher, std::string(StatusOf(arg).message()),
                                     result_listener);
}

MATCHER_P(IsOkAndHolds, value_matcher, "is OK and holds a matching value") {
  *result_listener << StatusOf(arg).ToString();
  return StatusOf(arg).ok() && testing::ExplainMatchResult(value_matcher, *arg, result_listener);
}

}  // namespace sta

#define STA_TEST_CONCAT_INNER(a, b) a##b
#define STA_TEST_CONCAT(a, b) STA_TEST_CONCAT_INNER(a, b)
#define STA_ASSERT_OK_AND_ASSIGN_IMPL(holder, declaration, expression) \
  auto holder = (expression);                                          \
  ASSERT_THAT(holder, ::sta::IsOk());                                  \
  declaration = *std::move(holder)
#define STA_ASSERT_OK_AND_ASSIGN(declaration, expression)                                 \
  STA_ASSERT_OK_AND_ASSIGN_IMPL(STA_TEST_CONCAT(sta_test_holder_, __LINE__), declaration, \
                                expression)

#endif  // TESTS_SUPPORT_STATUS_MATCHERS_H_
