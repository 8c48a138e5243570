// SPDX-License-Identifier: Apache-2.0
#include "model_store/json/strict_json.h"

#include <gtest/gtest.h>

#include "tests/support/status_matchers.h"

namespace sta {
namespace {

using testing::HasSubstr;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

TEST(StrictJsonTest, ReadsADocument) {
  STA_ASSERT_OK_AND_ASSIGN(
      const nlohmann::json json,
      ParseStrictJson(R"({"a": [1, -2, 3.5, true, null], "b": {"a": "text"}})"));
  EXPECT_EQ(json["a"].size(), 5u);
  EXPECT_EQ(json["b"]["a"], "text");
}

TEST(StrictJsonTest, RefusesWhatIsNotJson) {
  for (const char* text : {"", "{", "{} x", "{\"a\": }", "nul", "{\"a\":1,}", "\"\xff\"", "1e999",
                           "[1 2]", "{a: 1}"}) {
    EXPECT_THAT(ParseStrictJson(text), StatusIs(kInvalid)) << text;
  }
}

TEST(StrictJsonTest, RefusesDuplicateKeysOfOneObjectOnly) {
  EXPECT_THAT(ParseStrictJson(R"({"x": {"a": 1, "b": 2, "a": 3}})"),
              StatusIs(kInvalid, HasSubstr("'a' appears twice")));
  EXPECT_THAT(ParseStrictJson(R"({"a": {"a": 1}, "b": [{"a": 1}, {"a": 2}]})"), IsOk());
}

TEST(StrictJsonTest, RefusesDeepNestingWithoutRecursion) {
  EXPECT_THAT(ParseStrictJson(std::string(2'000'000, '[')),
              StatusIs(kInvalid, HasSubstr("deeper than 32")));
  EXPECT_THAT(ParseStrictJson("[[1]]", {.max_depth = 2}), IsOk());
  EXPECT_THAT(ParseStrictJson("[[[1]]]", {.max_depth = 2}), StatusIs(kInvalid));
}

TEST(StrictJsonTest, RefusesDocumentsOverTheLimit) {
  EXPECT_THAT(ParseStrictJson("[1]", {.max_bytes = 2}), StatusIs(kInvalid, HasSubstr("3 bytes")));
}

TEST(StrictJsonTest, ChecksMembers) {
  STA_ASSERT_OK_AND_ASSIGN(
      const nlohmann::json json,
      ParseStrictJson(R"({"i": 7, "big": 18446744073709551615, "s": "x", "b": true, "d": 0.5})"));
  EXPECT_EQ(*GetInteger(json, "i", 0, 7), 7);
  EXPECT_EQ(*GetNumber(json, "d"), 0.5);
  EXPECT_EQ(*GetString(json, "s"), "x");
  EXPECT_EQ(*GetBool(json, "b"), true);
  EXPECT_THAT(GetInteger(json, "i", 0, 6),
              StatusIs(kInvalid, HasSubstr("'i' must be an integer in 0..6")));
  EXPECT_THAT(GetInteger(json, "big", 0, INT64_MAX), StatusIs(kInvalid));
  EXPECT_THAT(GetInteger(json, "d", 0, 9), StatusIs(kInvalid));
  EXPECT_THAT(GetInteger(json, "absent", 0, 9), StatusIs(kInvalid, HasSubstr("'absent'")));
  EXPECT_THAT(GetString(json, "i"), StatusIs(kInvalid));
  EXPECT_THAT(GetBool(json, "i"), StatusIs(kInvalid));
  EXPECT_THAT(GetNumber(json, "s"), StatusIs(kInvalid));
  EXPECT_THAT(GetNumber(nlohmann::json(3), "s"), StatusIs(kInvalid));
}

}  // namespace
}  // namespace sta
