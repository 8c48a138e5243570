// SPDX-License-Identifier: Apache-2.0
#include "model_store/store/upload_manifest.h"

#include <gtest/gtest.h>

#include <string>

#include "model_store/package/sha256.h"
#include "model_store/store/upload_status.h"
#include "tests/support/fake_package.h"
#include "tests/support/status_matchers.h"

namespace sta {
namespace {

using absl::StatusCode;
using testing::HasSubstr;

std::string ManifestOf(const std::map<std::string, FileEntry>& files) {
  Manifest manifest;
  manifest.files = files;
  return FormatManifest(manifest).value();
}

std::map<std::string, FileEntry> SomeFiles() {
  return {{"config.json", {1, std::string(64, '1')}},
          {"embeddings.safetensors", {2, std::string(64, '2')}},
          {"encoder.safetensors", {3, std::string(64, '3')}}};
}

TEST(UploadManifestTest, TakesWhatAPackageHas) {
  STA_ASSERT_OK_AND_ASSIGN(const Manifest manifest, ParseUploadManifest(FakePackage().Manifest()));
  EXPECT_EQ(manifest.files.size(), 3);
  auto files = SomeFiles();
  files["empty.txt"] = {0, Sha256Hex(std::string_view())};
  files["same.txt"] = files["config.json"];
  EXPECT_THAT(ParseUploadManifest(ManifestOf(files)), IsOk());
}

TEST(UploadManifestTest, RefusesWhatIsMalformed) {
  for (const char* bad : {"", "{", "[]", "{}", R"({"format_version": 1})"}) {
    EXPECT_THAT(ParseUploadManifest(bad),
                StatusIs(StatusCode::kInvalidArgument, HasSubstr("manifest.json")))
        << bad;
  }
  EXPECT_THAT(ParseUploadManifest(R"({"format_version": 2})"),
              StatusIs(StatusCode::kFailedPrecondition, HasSubstr("format_version is 2")));
}

TEST(UploadManifestTest, NamesTheFileThatIsMissing) {
  for (const auto& [name, entry] : SomeFiles()) {
    auto files = SomeFiles();
    files.erase(name);
    EXPECT_THAT(ParseUploadManifest(ManifestOf(files)),
                StatusIs(StatusCode::kInvalidArgument, HasSubstr("does not list '" + name)));
  }
}

TEST(UploadManifestTest, ADiagnosticModelNeedsItsConfigAlone) {
  Manifest manifest;
  manifest.kind = PackageKind::kDiagnostic;
  manifest.files["config.json"] = SomeFiles()["config.json"];
  STA_ASSERT_OK_AND_ASSIGN(const std::string text, FormatManifest(manifest));
  STA_ASSERT_OK_AND_ASSIGN(const Manifest parsed, ParseUploadManifest(text));
  EXPECT_EQ(parsed.kind, PackageKind::kDiagnostic);
  manifest.files = {{"vocab.txt", SomeFiles()["config.json"]}};
  STA_ASSERT_OK_AND_ASSIGN(const std::string without, FormatManifest(manifest));
  EXPECT_THAT(ParseUploadManifest(without),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("does not list 'config.json'")));
}

TEST(UploadManifestTest, RefusesNamesThatLeaveTheDirectory) {
  for (const char* bad :
       {"../x", "/etc/passwd", "a/b", ".hidden", "manifest.json", "\xc3\xa4", ""}) {
    auto files = SomeFiles();
    files[bad] = {1, std::string(64, '4')};
    EXPECT_THAT(ParseUploadManifest(ManifestOf(files)), StatusIs(StatusCode::kInvalidArgument))
        << bad;
  }
}

TEST(UploadManifestTest, RefusesSizesThatCannotBe) {
  auto files = SomeFiles();
  files["empty.txt"] = {0, std::string(64, '4')};
  EXPECT_THAT(ParseUploadManifest(ManifestOf(files)),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("'empty.txt' cannot have 0")));
  files = SomeFiles();
  files["other.txt"] = {5, files["config.json"].sha256};
  EXPECT_THAT(ParseUploadManifest(ManifestOf(files)),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("cannot have 5 bytes")));
  files = SomeFiles();
  files["other.txt"] = {5, Sha256Hex(std::string_view())};
  EXPECT_THAT(ParseUploadManifest(ManifestOf(files)), StatusIs(StatusCode::kInvalidArgument));
  files = SomeFiles();
  files["config.json"].size_bytes = int64_t{1} << 43;
  EXPECT_THAT(ParseUploadManifest(ManifestOf(files)), StatusIs(StatusCode::kInvalidArgument));
}

TEST(UploadManifestTest, HasBounds) {
  auto files = SomeFiles();
  for (int i = 0; std::ssize(files) < kMaxUploadFiles; ++i) {
    files["f" + std::to_string(i)] = {1, std::string(64, '4')};
  }
  EXPECT_THAT(ParseUploadManifest(ManifestOf(files)), IsOk());
  files["one_more"] = {1, std::string(64, '4')};
  EXPECT_THAT(ParseUploadManifest(ManifestOf(files)),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("lists 1025 files")));
  std::string large = FakePackage().Manifest();
  large.append(static_cast<size_t>(kMaxUploadManifestBytes) - large.size() + 1, ' ');
  EXPECT_THAT(ParseUploadManifest(large),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("allowed are 4194304")));
}

}  // namespace
}  // namespace sta
