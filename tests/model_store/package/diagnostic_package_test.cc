// SPDX-License-Identifier: Apache-2.0
//
// Packages without weights, through Package.
#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "model_store/package/package.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/tiny_package.h"

namespace sta {
namespace {

using absl::StatusCode;
using testing::HasSubstr;

namespace fs = std::filesystem;

DiagnosticConfig FloatIdentity() {
  return {.max_batch_size = 4,
          .inputs = {{"INPUT0", Datatype::kFp32, {64}}},
          .outputs = {{"OUTPUT0", Datatype::kFp32, {64}}}};
}

class DiagnosticPackageTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_THAT(WriteDiagnosticPackage(FloatIdentity(), {.tool = "a test"}, directory_), IsOk());
  }
  void EditManifest(const std::string& from, const std::string& to) const {
    std::string text;
    std::getline(std::ifstream(directory_ / "manifest.json"), text, '\0');
    const size_t at = text.find(from);
    ASSERT_NE(at, std::string::npos) << from;
    text.replace(at, from.size(), to);
    std::ofstream(directory_ / "manifest.json") << text;
  }

  const TemporaryDirectory root_;
  const fs::path directory_ = root_.path() / "identity" / "1";
};

TEST_F(DiagnosticPackageTest, ReadsWhatWasWritten) {
  STA_ASSERT_OK_AND_ASSIGN(const auto package, Package::Open(directory_, PackageCheck::kHashes));
  EXPECT_EQ(package->kind(), PackageKind::kDiagnostic);
  EXPECT_EQ(package->diagnostic(), FloatIdentity());
  EXPECT_EQ(package->manifest().provenance.tool, "a test");
  EXPECT_EQ(package->manifest().files.size(), 1);
  EXPECT_THAT(WriteDiagnosticPackage(FloatIdentity(), {}, directory_),
              StatusIs(StatusCode::kAlreadyExists, HasSubstr("exists")));
}

TEST_F(DiagnosticPackageTest, HasNoEncoder) {
  STA_ASSERT_OK_AND_ASSIGN(const auto package, Package::Open(directory_, PackageCheck::kStructure));
  EXPECT_THAT(package->ReadEncoder(),
              StatusIs(StatusCode::kFailedPrecondition,
                       "the package is a diagnostic model: it has no encoder"));
  EXPECT_THAT(package->ReadHead(), StatusIs(StatusCode::kFailedPrecondition, HasSubstr("encoder")));
}

TEST_F(DiagnosticPackageTest, AnEncodersManifestDoesNotSayItsKind) {
  const fs::path encoder = root_.path() / "encoder";
  ASSERT_THAT(WriteTinyPackage(encoder), IsOk());
  STA_ASSERT_OK_AND_ASSIGN(const auto package, Package::Open(encoder, PackageCheck::kStructure));
  EXPECT_EQ(package->kind(), PackageKind::kEncoder);
  STA_ASSERT_OK_AND_ASSIGN(const std::string text, FormatManifest(package->manifest()));
  EXPECT_EQ(text.find("\"kind\""), std::string::npos);
}

TEST_F(DiagnosticPackageTest, RefusesKindsThatItDoesNotKnow) {
  EditManifest("\"diagnostic\"", "\"poem\"");
  EXPECT_THAT(
      Package::Open(directory_, PackageCheck::kStructure),
      StatusIs(StatusCode::kFailedPrecondition,
               "manifest.json: kind is 'poem', this build knows encoder and diagnostic only"));
}

TEST_F(DiagnosticPackageTest, AKindIsAString) {
  EditManifest("\"diagnostic\"", "7");
  EXPECT_THAT(Package::Open(directory_, PackageCheck::kStructure),
              StatusIs(StatusCode::kDataLoss, HasSubstr("manifest.json: key 'kind'")));
}

TEST_F(DiagnosticPackageTest, IsNotTakenForAnEncoder) {
  EditManifest("\"diagnostic\"", "\"encoder\"");
  EXPECT_THAT(Package::Open(directory_, PackageCheck::kStructure),
              StatusIs(StatusCode::kDataLoss, HasSubstr("'arithmetic_version'")));
}

TEST_F(DiagnosticPackageTest, NeedsItsConfig) {
  fs::remove(directory_ / "config.json");
  EXPECT_THAT(Package::Open(directory_, PackageCheck::kStructure),
              StatusIs(StatusCode::kDataLoss, "file 'config.json' is missing"));
  EditManifest("\"config.json\"", "\"other.json\"");
  EXPECT_THAT(Package::Open(directory_, PackageCheck::kStructure),
              StatusIs(StatusCode::kDataLoss, "the manifest does not list 'config.json'"));
}

TEST_F(DiagnosticPackageTest, DamageIsSeen) {
  const fs::path config = directory_ / "config.json";
  std::string text;
  std::getline(std::ifstream(config), text, '\0');
  text[text.find("64")] = '7';
  std::ofstream(config) << text;
  EXPECT_THAT(Package::Open(directory_, PackageCheck::kHashes),
              StatusIs(StatusCode::kDataLoss, HasSubstr("'config.json' is damaged")));
  EXPECT_THAT(Package::Open(directory_, PackageCheck::kStructure),
              StatusIs(StatusCode::kDataLoss, HasSubstr("file 'config.json': 'OUTPUT0' must")));
}

TEST_F(DiagnosticPackageTest, IsNotWrittenWhereItsTensorsDoNotFit) {
  DiagnosticConfig config = FloatIdentity();
  config.outputs.front().dims = {65};
  EXPECT_THAT(WriteDiagnosticPackage(config, {}, root_.path() / "bad"),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("'OUTPUT0' must")));
  EXPECT_FALSE(fs::exists(root_.path() / "bad"));
}

}  // namespace
}  // namespace sta
