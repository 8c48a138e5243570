// SPDX-License-Identifier: Apache-2.0
#include "model_store/store/upload_files.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "model_store/store/store_names.h"
#include "tests/support/status_matchers.h"

namespace sta {
namespace {

using absl::StatusCode;
using testing::HasSubstr;

const std::string kUploadDigest(64, 'a');

UploadHeader SomeHeader() {
  return {.id = "id",
          .name = "minilm",
          .version = 3,
          .digest = kUploadDigest,
          .key = "k\"ä",
          .started = absl::FromUnixNanos(1'796'000'000'123'456'789)};
}

// `text` with `to` in the place of `from`, which is in it.
std::string HeaderWith(std::string text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

TEST(UploadFilesTest, AHeaderComesBackAsItWasWritten) {
  const UploadHeader header = SomeHeader();
  STA_ASSERT_OK_AND_ASSIGN(const std::string text, FormatUploadHeader(header));
  EXPECT_LE(std::ssize(text), kMaxUploadFileBytes);
  STA_ASSERT_OK_AND_ASSIGN(const UploadHeader parsed, ParseUploadHeader(text, "id"));
  EXPECT_EQ(parsed.id, header.id);
  EXPECT_EQ(parsed.name, header.name);
  EXPECT_EQ(parsed.version, header.version);
  EXPECT_EQ(parsed.digest, header.digest);
  EXPECT_EQ(parsed.key, header.key);
  EXPECT_EQ(parsed.started, header.started);
}

TEST(UploadFilesTest, TheIdIsThatOfTheDirectory) {
  STA_ASSERT_OK_AND_ASSIGN(const std::string text, FormatUploadHeader(SomeHeader()));
  STA_ASSERT_OK_AND_ASSIGN(const UploadHeader parsed, ParseUploadHeader(text, "another"));
  EXPECT_EQ(parsed.id, "another");
}

TEST(UploadFilesTest, TakesEveryVersionThatAStoreKnows) {
  for (const int64_t version : {int64_t{1}, kMaxVersion}) {
    UploadHeader header = SomeHeader();
    header.version = version;
    STA_ASSERT_OK_AND_ASSIGN(const std::string text, FormatUploadHeader(header));
    STA_ASSERT_OK_AND_ASSIGN(const UploadHeader parsed, ParseUploadHeader(text, "id"));
    EXPECT_EQ(parsed.version, version);
  }
}

TEST(UploadFilesTest, RefusesAMalformedHeader) {
  STA_ASSERT_OK_AND_ASSIGN(const std::string good, FormatUploadHeader(SomeHeader()));
  const std::vector<std::string> bad = {
      "",
      "{",
      "[]",
      "{}",
      good.substr(0, good.size() / 2),
      good + good,
      HeaderWith(good, "\"name\"", "\"model\""),
      HeaderWith(good, "\"minilm\"", "\"../x\""),
      HeaderWith(good, "\"minilm\"", "\"\""),
      HeaderWith(good, "\"minilm\"", "7"),
      HeaderWith(good, "\"version\": 3", "\"version\": 0"),
      HeaderWith(good, "\"version\": 3", "\"version\": -1"),
      HeaderWith(good, "\"version\": 3", "\"version\": 9007199254740993"),
      HeaderWith(good, "\"version\": 3", "\"version\": 3.5"),
      HeaderWith(good, "\"version\": 3", "\"version\": \"3\""),
      HeaderWith(good, "\"version\": 3", "\"version\": 3, \"more\": 1"),
      HeaderWith(good, "\"version\": 3", "\"version\": 3, \"version\": 3"),
      HeaderWith(good, kUploadDigest, std::string(63, 'a')),
      HeaderWith(good, kUploadDigest, std::string(64, 'A')),
      HeaderWith(good, "\"idempotency_key\"", "\"key\""),
      HeaderWith(good, "\"k\\\"ä\"", "null"),
      HeaderWith(good, "\"started\": \"", "\"started\": \"x"),
      HeaderWith(good, "\"started\": \"", "\"started\": 1, \"x\": \""),
  };
  for (const std::string& text : bad) {
    EXPECT_THAT(ParseUploadHeader(text, "id"),
                StatusIs(StatusCode::kDataLoss, HasSubstr("upload.json")))
        << text;
  }
}

TEST(UploadFilesTest, RefusesAKeyThatIsNoText) {
  UploadHeader header = SomeHeader();
  header.key = "\xff";
  EXPECT_THAT(FormatUploadHeader(header), StatusIs(StatusCode::kInvalidArgument));
}

TEST(UploadFilesTest, ProgressComesBackAsItWasWritten) {
  for (const UploadProgress& progress :
       {UploadProgress(),
        UploadProgress{{"config.json", 0}, {"encoder.safetensors", int64_t{1} << 40}}}) {
    STA_ASSERT_OK_AND_ASSIGN(const std::string text, FormatUploadProgress(progress));
    EXPECT_THAT(ParseUploadProgress(text), IsOkAndHolds(progress));
  }
}

TEST(UploadFilesTest, RefusesMalformedProgress) {
  for (const char* bad :
       {"", "{", "[]", "null", "1", "{} {}", R"({"a": -1})", R"({"a": 1.5})", R"({"a": "1"})",
        R"({"a": null})", R"({"a": {}})", R"({"a": 9223372036854775808})", R"({"a": 1, "a": 2})"}) {
    EXPECT_THAT(ParseUploadProgress(bad),
                StatusIs(StatusCode::kDataLoss, HasSubstr("progress.json")))
        << bad;
  }
}

}  // namespace
}  // namespace sta
