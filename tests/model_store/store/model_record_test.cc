// SPDX-License-Identifier: Apache-2.0
#include "model_store/store/model_record.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/status_matchers.h"

namespace sta {
namespace {

using absl::StatusCode;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

const std::string kDigest(64, 'a');

ModelRecord SomeRecord() {
  ModelRecord record;
  record.Add(3, {.digest = kDigest, .key = "k\"ä", .created = absl::FromUnixMicros(1'234'567'890)});
  record.Add(1, {.digest = kDigest, .key = "", .created = absl::UnixEpoch()});
  record.aliases["prod"] = {.version = 3, .previous = 1};
  record.Delete(7);
  return record;
}

TEST(ModelRecordTest, ComesBackAsItWasWritten) {
  const ModelRecord record = SomeRecord();
  EXPECT_EQ(record.next_version, 8);
  STA_ASSERT_OK_AND_ASSIGN(const std::string text, FormatModelRecord(record));
  EXPECT_THAT(ParseModelRecord(text), IsOkAndHolds(record));
  STA_ASSERT_OK_AND_ASSIGN(const std::string none, FormatModelRecord(ModelRecord()));
  EXPECT_THAT(ParseModelRecord(none), IsOkAndHolds(ModelRecord()));
}

TEST(ModelRecordTest, DeletesVersionsWithTheirAliases) {
  ModelRecord record = SomeRecord();
  record.Delete(3);
  EXPECT_FALSE(record.versions.contains(3));
  EXPECT_TRUE(record.aliases.empty());
  record.aliases["prod"] = {.version = 2, .previous = 1};
  record.Delete(1);
  EXPECT_EQ(record.aliases["prod"], (AliasInfo{2, 1}));
}

TEST(ModelRecordTest, JoinsRangesOfDeletedVersions) {
  ModelRecord record;
  for (const int64_t version : {5, 1, 3, 9}) record.Delete(version);
  EXPECT_THAT(record.deleted, ElementsAre(Pair(1, 1), Pair(3, 3), Pair(5, 5), Pair(9, 9)));
  record.Delete(4);
  EXPECT_THAT(record.deleted, ElementsAre(Pair(1, 1), Pair(3, 5), Pair(9, 9)));
  record.Delete(2);
  record.Delete(2);
  EXPECT_THAT(record.deleted, ElementsAre(Pair(1, 5), Pair(9, 9)));
  for (const int64_t version : {1, 3, 5, 9}) EXPECT_TRUE(record.IsDeleted(version)) << version;
  for (const int64_t version : {6, 8, 10}) EXPECT_FALSE(record.IsDeleted(version)) << version;
  EXPECT_EQ(record.next_version, 10);
}

TEST(ModelRecordTest, DoesNotGrowForever) {
  ModelRecord record;
  for (int64_t i = 1; i <= 5000; ++i) record.Delete(2 * i);
  EXPECT_EQ(record.deleted.size(), kMaxDeletedRanges);
  for (int64_t i = 1; i <= 5000; ++i) ASSERT_TRUE(record.IsDeleted(2 * i));
  EXPECT_FALSE(record.IsDeleted(9999));
}

TEST(ModelRecordTest, RefusesWhatIsMalformed) {
  STA_ASSERT_OK_AND_ASSIGN(const std::string good, FormatModelRecord(SomeRecord()));
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string text = good;
    const size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return text.replace(at, from.size(), to);
  };
  for (const std::string& bad : {std::string(),
                                 std::string("[]"),
                                 std::string("{}"),
                                 with("next_version", "next"),
                                 with("\"aliases\": {", "\"more\": 1, \"aliases\": {"),
                                 with("\"next_version\": 8", "\"next_version\": 0"),
                                 with("\"next_version\": 8", "\"next_version\": 3"),
                                 with("\"prod\"", "\"9\""),
                                 with("\"prod\"", "\"../x\""),
                                 with("\"previous\": 1", "\"previous\": -1"),
                                 with("\"previous\": 1", "\"other\": 1"),
                                 with("\"3\"", "\"03\""),
                                 with("\"3\"", "\"0\""),
                                 with("\"3\"", "\"x\""),
                                 with(kDigest, std::string(63, 'a')),
                                 with(kDigest, std::string(64, 'A')),
                                 with("T00:", " 00:"),
                                 with("\"deleted\": [", "\"deleted\": [1, "),
                                 with("\"deleted\": [", "\"deleted\": [[7, 7], "),
                                 with("\"deleted\": [", "\"deleted\": [[3, 2], "),
                                 with("\"deleted\": [", "\"deleted\": [[0, 2], ")}) {
    EXPECT_THAT(ParseModelRecord(bad), StatusIs(StatusCode::kDataLoss, HasSubstr("damaged record")))
        << bad;
  }
}

TEST(ModelRecordTest, RefusesKeysThatAreNoText) {
  ModelRecord record;
  record.Add(1, {.digest = kDigest, .key = "\xff", .created = absl::UnixEpoch()});
  EXPECT_THAT(FormatModelRecord(record), StatusIs(StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace sta
