// SPDX-License-Identifier: Apache-2.0
#include "model_store/store/catalog.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <string>
#include <vector>

#include "model_store/package/sha256.h"
#include "strings/str_cat.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_package.h"
#include "tests/support/simulated_file_system.h"
#include "tests/support/status_matchers.h"

namespace sta {
namespace {

using absl::StatusCode;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::IsNull;
using testing::NotNull;

class CatalogTest : public testing::Test {
 protected:
  CatalogTest() {
    files_.PutDirectory("/s/.sta/models");
    EXPECT_THAT(records_.Load(), IsOk());
  }

  static std::string PathOf(const std::string& name, int64_t version) {
    return StrCat("/s/", name, "/", version);
  }
  void Put(const std::string& name, int64_t version, const FakePackage& package = FakePackage()) {
    const std::string path = PathOf(name, version);
    for (const auto& [file, bytes] : package.files) files_.PutFile(path + "/" + file, bytes);
    files_.PutFile(path + "/manifest.json", package.Manifest());
  }
  // As one that came by an upload.
  void PutUploaded(const std::string& name, int64_t version, const FakePackage& package) {
    Put(name, version, package);
    ModelRecord record = records_.Get(name);
    record.Add(version, {.digest = Sha256Hex(package.Manifest()), .key = "", .created = uploaded_});
    records_.Set(name, record);
  }
  void Scan() { ASSERT_THAT(catalog_.Scan(files_, "/s"), IsOk()); }
  // A scan of which one call fails: which, or nothing where it has not so many.
  std::string FailScanAtCall(Catalog& catalog, int64_t call) {
    files_.SetFault(
        {.kind = FaultKind::kError, .call = files_.calls() + call, .error_number = ENOMEM});
    const absl::Status status = catalog.Scan(files_, "/s");
    EXPECT_TRUE(status.ok() || absl::IsResourceExhausted(status)) << status;
    const std::string struck = files_.struck();
    files_.SetFault({});
    return struck;
  }
  absl::Status Look(const std::string& name, int64_t version) {
    return catalog_.Look(files_, {.name = name, .version = version, .path = PathOf(name, version)});
  }
  std::string DigestOf(const std::string& name, int64_t version) {
    const VersionContent* content = catalog_.Find(name, version);
    return content == nullptr ? "none" : content->info.digest;
  }
  std::vector<int64_t> NumbersOf(const std::string& name) {
    std::vector<int64_t> numbers;
    for (const VersionContent* content : catalog_.VersionsOf(name)) {
      numbers.push_back(content->info.version);
    }
    return numbers;
  }

  const absl::Time uploaded_ = absl::FromUnixSeconds(3600);
  FakeClock clock_;
  SimulatedFileSystem files_{clock_};
  const StoreLayout layout_{"/s"};
  ModelRecords records_{files_, layout_};
  Catalog catalog_;
};

TEST_F(CatalogTest, AnEmptyStoreHasNothing) {
  Scan();
  EXPECT_THAT(catalog_.Find("m", 1), IsNull());
  EXPECT_THAT(NumbersOf("m"), IsEmpty());
  EXPECT_FALSE(catalog_.IsThere("m", 1));
  EXPECT_TRUE(catalog_.IsRead("m"));
  EXPECT_EQ(catalog_.HighestNumber("m"), 0);
  EXPECT_EQ(catalog_.MakeSnapshot(records_), StoreSnapshot());
}

TEST_F(CatalogTest, FindsWholeVersionsByNumber) {
  Put("m", 10);
  Put("m", 9, FakePackage("nine"));
  Put("m2", 1);
  Scan();
  EXPECT_THAT(NumbersOf("m"), ElementsAre(9, 10));
  EXPECT_THAT(NumbersOf("m2"), ElementsAre(1));
  EXPECT_EQ(DigestOf("m", 9), Sha256Hex(FakePackage("nine").Manifest()));
  EXPECT_THAT(catalog_.Find("m", 1), IsNull());
  EXPECT_EQ(catalog_.HighestNumber("m"), 10);
}

TEST_F(CatalogTest, AVersionThatIsNotWholeIsThereButNotFound) {
  Put("m", 1);
  Put("m", 2);
  files_.RemoveAll("/s/m/2/config.json");
  Scan();
  EXPECT_THAT(catalog_.Find("m", 2), IsNull());
  EXPECT_TRUE(catalog_.IsThere("m", 2));
  EXPECT_THAT(NumbersOf("m"), ElementsAre(1));
  EXPECT_EQ(catalog_.HighestNumber("m"), 2);
}

TEST_F(CatalogTest, WhateverHasAVersionsNameTakesItsNumber) {
  Put("m", 1);
  files_.PutFile("/s/m/5", "x");
  files_.PutFile("/s/m/07", "x");
  files_.PutSymlink("/s/n/3");
  files_.PutFile("/s/mm/9", "x");
  files_.PutFile("/s/mx9", "x");
  Scan();
  EXPECT_EQ(catalog_.HighestNumber("m"), 5);
  EXPECT_EQ(catalog_.HighestNumber("n"), 3);
  EXPECT_FALSE(catalog_.IsThere("m", 5));
}

TEST_F(CatalogTest, WhatComesAndGoesIsSeenByTheNextScan) {
  Put("m", 1);
  Scan();
  Put("m", 2);
  files_.RemoveAll("/s/m/1");
  EXPECT_THAT(NumbersOf("m"), ElementsAre(1));
  Scan();
  EXPECT_THAT(NumbersOf("m"), ElementsAre(2));
  EXPECT_FALSE(catalog_.IsThere("m", 1));
}

TEST_F(CatalogTest, ReadsAgainOnlyWhatLooksDifferent) {
  const std::string first = Sha256Hex(FakePackage("1").Manifest());
  const std::string second = Sha256Hex(FakePackage("2").Manifest());
  Put("m", 1, FakePackage("1"));
  Scan();
  Put("m", 1, FakePackage("2"));  // other bytes, but the same names, sizes and times
  Scan();
  EXPECT_EQ(DigestOf("m", 1), first);
  clock_.Advance(absl::Nanoseconds(1));
  Put("m", 1, FakePackage("2"));
  Scan();
  EXPECT_EQ(DigestOf("m", 1), second);
}

TEST_F(CatalogTest, AVersionIsWholeOnceItsLastFileIsThere) {
  Put("m", 1);
  files_.RemoveAll("/s/m/1/config.json");
  Scan();
  EXPECT_THAT(catalog_.Find("m", 1), IsNull());
  files_.PutFile("/s/m/1/config.json", "{}");
  Scan();
  EXPECT_THAT(catalog_.Find("m", 1), NotNull());
  files_.PutFile("/s/m/1/manifest.json", "{");
  Scan();
  EXPECT_THAT(catalog_.Find("m", 1), IsNull());
}

TEST_F(CatalogTest, AWholeVersionStaysWhileTheDiskTellsNothing) {
  Put("m", 1);
  Put("n", 1);
  Scan();
  files_.Deny("/s/m/1");
  Scan();
  EXPECT_THAT(catalog_.Find("m", 1), NotNull());
  EXPECT_TRUE(catalog_.IsRead("m"));
  files_.Deny("/s/m");
  Scan();
  EXPECT_THAT(catalog_.Find("m", 1), NotNull());
  EXPECT_FALSE(catalog_.IsRead("m"));
  EXPECT_TRUE(catalog_.IsRead("n"));
  files_.Deny("");
  files_.RemoveAll("/s/m/1");
  Scan();
  EXPECT_THAT(catalog_.Find("m", 1), IsNull());
  EXPECT_TRUE(catalog_.IsRead("m"));
}

TEST_F(CatalogTest, WhatCouldNotBeReadIsReadOnceItCanBe) {
  Put("m", 1);
  files_.Deny("/s/m/1/manifest.json");
  Scan();
  EXPECT_THAT(catalog_.Find("m", 1), IsNull());
  EXPECT_TRUE(catalog_.IsThere("m", 1));
  files_.Deny("");
  Scan();
  EXPECT_THAT(catalog_.Find("m", 1), NotNull());
}

TEST_F(CatalogTest, ACallThatFailsHidesAVersionOnlyUntilTheNextScan) {
  Put("m", 1);
  int64_t call = 0;
  std::string struck;
  do {
    Catalog catalog;
    struck = FailScanAtCall(catalog, ++call);
    ASSERT_THAT(catalog.Scan(files_, "/s"), IsOk());
    EXPECT_THAT(catalog.Find("m", 1), NotNull()) << struck;
  } while (!struck.empty());
  EXPECT_GT(call, 10);
}

TEST_F(CatalogTest, ACallThatFailsHidesNoVersionThatWasSeen) {
  Put("m", 1);
  Scan();
  int64_t call = 0;
  std::string struck;
  do {
    clock_.Advance(absl::Seconds(1));
    Put("m", 1);  // so that it has to be read again
    struck = FailScanAtCall(catalog_, ++call);
    EXPECT_THAT(catalog_.Find("m", 1), NotNull()) << struck;
  } while (!struck.empty());
  EXPECT_GT(call, 10);
}

TEST_F(CatalogTest, AScanThatFailsChangesNothing) {
  Put("m", 1);
  files_.PutFile("/s/m/2", "x");
  Scan();
  EXPECT_THAT(catalog_.Scan(files_, "/none"), StatusIs(StatusCode::kNotFound));
  files_.Deny("/s");
  EXPECT_THAT(catalog_.Scan(files_, "/s"), StatusIs(StatusCode::kPermissionDenied));
  EXPECT_THAT(NumbersOf("m"), ElementsAre(1));
  EXPECT_EQ(catalog_.HighestNumber("m"), 2);
}

TEST_F(CatalogTest, LooksAtOneVersion) {
  Put("m", 1);
  Put("m", 2);
  ASSERT_THAT(Look("m", 2), IsOk());
  EXPECT_THAT(NumbersOf("m"), ElementsAre(2));
  files_.RemoveAll("/s/m/2/config.json");
  EXPECT_THAT(Look("m", 2), StatusIs(StatusCode::kFailedPrecondition, HasSubstr("config.json")));
  EXPECT_THAT(catalog_.Find("m", 2), IsNull());
  EXPECT_THAT(Look("m", 3), StatusIs(StatusCode::kNotFound));
  files_.PutFile("/s/m/1/manifest.json", "{");
  EXPECT_THAT(Look("m", 1), StatusIs(StatusCode::kDataLoss));
}

TEST_F(CatalogTest, ForgetsWhatIsRemoved) {
  Put("m", 1);
  Put("m", 2);
  Scan();
  catalog_.Remove("m", 2);
  catalog_.Remove("m", 3);
  EXPECT_THAT(NumbersOf("m"), ElementsAre(1));
  EXPECT_FALSE(catalog_.IsThere("m", 2));
  EXPECT_EQ(catalog_.HighestNumber("m"), 1);
}

TEST_F(CatalogTest, DescribesAnUploadByTheRecordOfTheSameDigest) {
  PutUploaded("m", 1, FakePackage("1"));
  PutUploaded("m", 2, FakePackage("2"));
  Put("m", 2, FakePackage("3"));  // somebody else's since
  Put("m", 3, FakePackage("4"));
  Scan();
  const ModelRecord& record = records_.Get("m");
  const VersionInfo first = Catalog::Describe(*catalog_.Find("m", 1), record);
  EXPECT_TRUE(first.uploaded);
  EXPECT_EQ(first.created, uploaded_);
  EXPECT_EQ(first.path, "/s/m/1");
  for (const int64_t version : {2, 3}) {
    const VersionInfo other = Catalog::Describe(*catalog_.Find("m", version), record);
    EXPECT_FALSE(other.uploaded) << version;
    EXPECT_EQ(other.created, clock_.Now()) << version;
  }
}

TEST_F(CatalogTest, ASnapshotHasTheNewestFirstAndSaysWhatIsSkipped) {
  PutUploaded("b", 1, FakePackage("1"));
  Put("b", 10);
  Put("b", 9);
  Put("a", 2);
  Put("a", 1);
  files_.RemoveAll("/s/a/1/config.json");
  files_.PutFile("/s/b/x", "");
  files_.PutFile("/s/README", "");
  Scan();
  const StoreSnapshot snapshot = catalog_.MakeSnapshot(records_);
  std::vector<std::string> versions;
  for (const VersionInfo& info : snapshot.versions) {
    versions.push_back(StrCat(info.name, "/", info.version, info.uploaded ? " uploaded" : ""));
  }
  EXPECT_THAT(versions, ElementsAre("a/2", "b/10", "b/9", "b/1 uploaded"));
  std::vector<std::string> skipped;
  for (const SkippedEntry& entry : snapshot.skipped) {
    skipped.push_back(StrCat(entry.path, ": ", entry.reason));
  }
  EXPECT_THAT(skipped, ElementsAre(HasSubstr("README: is no directory"),
                                   HasSubstr("a/1: file 'config.json' is missing"),
                                   HasSubstr("b/x: is no version")));
}

TEST_F(CatalogTest, ASnapshotHasTheAliasesThatThereAre) {
  ModelRecord record;
  record.aliases["prod"] = {.version = 3, .previous = 1};
  records_.Set("m", record);
  records_.Set("none", ModelRecord());
  const StoreSnapshot snapshot = catalog_.MakeSnapshot(records_);
  EXPECT_EQ(snapshot.aliases.size(), 1);
  ASSERT_THAT(snapshot.FindAlias("m", "prod"), NotNull());
  EXPECT_EQ(*snapshot.FindAlias("m", "prod"), record.aliases["prod"]);
}

TEST_F(CatalogTest, UploadsShareEqualFilesAndOthersDoNot) {
  const FakePackage one("1");
  const FakePackage two("2");  // another encoder, of the same size
  const int64_t manifest = std::ssize(one.Manifest());
  const int64_t encoder = std::ssize(one.files.at("encoder.safetensors"));
  PutUploaded("m", 1, one);
  PutUploaded("m", 2, two);
  Scan();
  EXPECT_EQ(catalog_.BytesOf("m", records_.Get("m")).total(),
            one.FileBytes() + encoder + 2 * manifest);
  Put("m", 3, one);
  Scan();
  const int64_t model_bytes = 2 * one.FileBytes() + encoder + 3 * manifest;
  EXPECT_EQ(catalog_.BytesOf("m", records_.Get("m")).total(), model_bytes);
  EXPECT_EQ(catalog_.BytesOf("n", records_.Get("n")).total(), 0);
  PutUploaded("n", 1, two);
  Scan();
  EXPECT_EQ(catalog_.BytesOf("n", records_.Get("n")).total(), two.FileBytes() + manifest);
  EXPECT_EQ(catalog_.Bytes(records_).total(), model_bytes + manifest);
}

}  // namespace
}  // namespace sta
