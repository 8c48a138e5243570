// SPDX-License-Identifier: Apache-2.0
#include "model_store/store/store_json.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/status_matchers.h"

namespace sta {
namespace {

using absl::StatusCode;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

const std::string kSomeSha256 = "0123456789abcdef" + std::string(48, 'f');

auto IsInvalidJson(const std::string& text) {
  return StatusIs(StatusCode::kInvalidArgument, HasSubstr(text));
}

TEST(StoreJsonTest, KeysMayBeMissingButNotUnknown) {
  EXPECT_THAT(CheckKeys(nlohmann::json::object(), {}), IsOk());
  EXPECT_THAT(CheckKeys({{"a", 1}}, {"a", "b"}), IsOk());
  EXPECT_THAT(CheckKeys({{"a", 1}, {"c", 2}}, {"a", "b"}), IsInvalidJson("unknown key 'c'"));
  EXPECT_THAT(CheckKeys({{"A", 1}}, {"a"}), IsInvalidJson("unknown key 'A'"));
}

TEST(StoreJsonTest, DoesNotRepeatAllOfALongKey) {
  EXPECT_THAT(CheckKeys({{std::string(1000, 'k'), 1}}, {}),
              StatusIs(StatusCode::kInvalidArgument, AllOf(HasSubstr(std::string(64, 'k')),
                                                           Not(HasSubstr(std::string(65, 'k'))))));
}

TEST(StoreJsonTest, OnlyAnObjectHasKeys) {
  for (const char* text : {"null", "1", "\"a\"", "[]", "[\"a\", 1]"}) {
    EXPECT_THAT(CheckKeys(nlohmann::json::parse(text), {"a"}), IsInvalidJson("not a JSON object"))
        << text;
  }
}

TEST(StoreJsonTest, TimesAreRfc3339InUtcAndKeepTheirNanoseconds) {
  EXPECT_EQ(FormatStoreTime(absl::UnixEpoch()), "1970-01-01T00:00:00+00:00");
  for (const int64_t nanoseconds : {int64_t{0}, int64_t{1}, int64_t{1'796'000'000'123'456'789}}) {
    const absl::Time time = absl::FromUnixNanos(nanoseconds);
    EXPECT_THAT(GetStoreTime({{"at", FormatStoreTime(time)}}, "at"), IsOkAndHolds(time));
  }
}

TEST(StoreJsonTest, TakesTimesOfOtherZones) {
  const absl::Time noon = absl::FromUnixSeconds(12 * 3600);
  for (const char* text :
       {"1970-01-01T12:00:00Z", "1970-01-01T13:30:00+01:30", "1970-01-01T07:00:00.000-05:00"}) {
    EXPECT_THAT(GetStoreTime({{"at", text}}, "at"), IsOkAndHolds(noon)) << text;
  }
}

TEST(StoreJsonTest, RefusesWhatIsNoTime) {
  for (const char* text :
       {"", "yesterday", "1970-01-01", "12:00:00Z", "1970-01-01T12:00:00", "1970-01-01 12:00:00Z",
        "1970-13-01T12:00:00Z", "1970-02-30T12:00:00Z", "1970-01-01T25:00:00Z",
        "1970-01-01T12:00:00Zx", "infinite-future", "infinite-past"}) {
    EXPECT_THAT(GetStoreTime({{"at", text}}, "at"), IsInvalidJson("'at' is no RFC 3339 time"))
        << text;
  }
  EXPECT_THAT(GetStoreTime({{"at", 12}}, "at"), IsInvalidJson("'at'"));
  EXPECT_THAT(GetStoreTime(nlohmann::json::object(), "at"), IsInvalidJson("'at'"));
}

TEST(StoreJsonTest, ASha256Is64LowerCaseDigits) {
  EXPECT_TRUE(IsSha256Hex(kSomeSha256));
  EXPECT_THAT(GetSha256({{"digest", kSomeSha256}}, "digest"), IsOkAndHolds(kSomeSha256));
  std::string upper = kSomeSha256;
  upper.back() = 'F';
  std::string other = kSomeSha256;
  other.front() = 'g';
  std::string zero = kSomeSha256;
  zero.front() = '\0';
  for (const std::string& bad : {std::string(), kSomeSha256.substr(1), kSomeSha256 + "0",
                                 kSomeSha256 + kSomeSha256, upper, other, zero}) {
    EXPECT_FALSE(IsSha256Hex(bad)) << bad;
    EXPECT_THAT(GetSha256({{"digest", bad}}, "digest"), IsInvalidJson("'digest' is no SHA-256"))
        << bad;
  }
  EXPECT_THAT(GetSha256({{"digest", 1}}, "digest"), IsInvalidJson("'digest'"));
  EXPECT_THAT(GetSha256({{"other", kSomeSha256}}, "digest"), IsInvalidJson("'digest'"));
}

TEST(StoreJsonTest, WritesLinesThatPeopleCanRead) {
  EXPECT_THAT(FormatStoreJson({{"b", 1}, {"a", "ä"}}),
              IsOkAndHolds(std::string("{\n \"a\": \"ä\",\n \"b\": 1\n}\n")));
}

TEST(StoreJsonTest, WritesNoTextThatIsNotUtf8) {
  EXPECT_THAT(FormatStoreJson({{"a", "\xff"}}), IsInvalidJson("UTF-8"));
  EXPECT_THAT(FormatStoreJson({{"\xc3", 1}}), IsInvalidJson("UTF-8"));
}

}  // namespace
}  // namespace sta
