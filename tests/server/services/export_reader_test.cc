// SPDX-License-Identifier: Apache-2.0
#include "server/services/export_reader.h"

#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include "checksum/crc32c.h"
#include "model_store/package/sha256.h"
#include "model_store/store/posix_file_system.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace sta {
namespace {

using absl::StatusCode;
using testing::HasSubstr;

using Contents = std::map<std::string, std::string>;

class ExportReaderTest : public testing::Test {
 protected:
  void SetUp() override {
    Manifest manifest;
    for (const auto& [name, content] : contents_) {
      manifest.files[name] = {.size_bytes = std::ssize(content), .sha256 = Sha256Hex(content)};
      Write(name, content);
    }
    STA_ASSERT_OK_AND_ASSIGN(manifest_, FormatManifest(manifest));
    Write("manifest.json", manifest_);
  }

  void Write(const std::string& name, const std::string& content) const {
    std::ofstream(version_.path / name, std::ios::binary) << content;
  }

  absl::StatusOr<std::unique_ptr<ExportReader>> Open(const std::set<std::string>& known = {}) {
    return ExportReader::Open(files_, version_, known);
  }

  static absl::StatusOr<Contents> ReadAll(ExportReader& reader) {
    Contents contents;
    v1::ExportResponse message;
    while (true) {
      const absl::StatusOr<bool> has_chunk = reader.Next(message);
      if (!has_chunk.ok()) return has_chunk.status();
      if (!*has_chunk) return contents;
      std::string& content = contents[message.file()];
      EXPECT_EQ(message.offset(), std::ssize(content));
      EXPECT_EQ(message.crc32c(), Crc32c(message.data()));
      EXPECT_LE(std::ssize(message.data()), kExportChunkBytes);
      content += message.data();
    }
  }

  const Contents contents_ = {
      {"a.bin", std::string(static_cast<size_t>(2 * kExportChunkBytes + 5), 'a')},
      {"b.bin", std::string(static_cast<size_t>(kExportChunkBytes), 'b')},
      {"empty.txt", ""},
      {"small.txt", "small"}};
  const TemporaryDirectory directory_;
  PosixFileSystem files_;
  const VersionInfo version_ = {.name = "tiny", .version = 3, .path = directory_.path()};
  std::string manifest_;
};

TEST_F(ExportReaderTest, GivesEveryFileByteByByteAndTheManifestFirst) {
  STA_ASSERT_OK_AND_ASSIGN(const std::unique_ptr<ExportReader> reader, Open());
  v1::ExportResponse first;
  ASSERT_THAT(reader->Next(first), IsOkAndHolds(true));
  EXPECT_EQ(first.file(), "manifest.json");
  EXPECT_EQ(first.data(), manifest_);
  EXPECT_THAT(ReadAll(*reader), IsOkAndHolds(contents_));
  EXPECT_THAT(reader->Next(first), IsOkAndHolds(false));
}

TEST_F(ExportReaderTest, LeavesOutWhatIsKnownButNotTheManifest) {
  STA_ASSERT_OK_AND_ASSIGN(
      const std::unique_ptr<ExportReader> reader,
      Open({Sha256Hex(contents_.at("a.bin")), Sha256Hex(manifest_), "not a hash"}));
  STA_ASSERT_OK_AND_ASSIGN(const Contents contents, ReadAll(*reader));
  EXPECT_EQ(contents.size(), 4u);
  EXPECT_EQ(contents.count("a.bin"), 0u);
  EXPECT_EQ(contents.count("manifest.json"), 1u);
}

TEST_F(ExportReaderTest, GivesAVersionThatIsDeletedMeanwhile) {
  STA_ASSERT_OK_AND_ASSIGN(const std::unique_ptr<ExportReader> reader, Open());
  for (const auto& [name, content] : contents_) std::filesystem::remove(version_.path / name);
  STA_ASSERT_OK_AND_ASSIGN(const Contents contents, ReadAll(*reader));
  EXPECT_EQ(contents.at("a.bin"), contents_.at("a.bin"));
}

TEST_F(ExportReaderTest, RefusesAVersionThatIsGone) {
  std::filesystem::remove(version_.path / "manifest.json");
  EXPECT_THAT(Open(), StatusIs(StatusCode::kNotFound, HasSubstr("'tiny' version 3")));
}

// The path is the server's own business.
TEST_F(ExportReaderTest, RefusesAVersionWithAMissingFileAndKeepsThePathToItself) {
  std::filesystem::remove(version_.path / "b.bin");
  EXPECT_THAT(Open(),
              StatusIs(StatusCode::kNotFound, "model 'tiny' version 3: a file of it is gone"));
}

TEST_F(ExportReaderTest, RefusesAFileThatIsALink) {
  std::filesystem::remove(version_.path / "b.bin");
  std::filesystem::create_symlink("/etc/passwd", version_.path / "b.bin");
  EXPECT_THAT(Open(), StatusIs(StatusCode::kDataLoss));
}

TEST_F(ExportReaderTest, RefusesFilesOfAnotherSize) {
  Write("small.txt", "smaller");
  EXPECT_THAT(Open(),
              StatusIs(StatusCode::kDataLoss, HasSubstr("'small.txt' does not have the 5")));
}

TEST_F(ExportReaderTest, TellsOfAFileThatShrinksMeanwhile) {
  STA_ASSERT_OK_AND_ASSIGN(const std::unique_ptr<ExportReader> reader, Open());
  std::filesystem::resize_file(version_.path / "a.bin", 7);
  EXPECT_THAT(ReadAll(*reader), StatusIs(StatusCode::kDataLoss, HasSubstr("'a.bin'")));
}

TEST_F(ExportReaderTest, RefusesADamagedManifest) {
  Write("manifest.json", "{}");
  EXPECT_THAT(Open(), StatusIs(StatusCode::kDataLoss));
  EXPECT_THAT(ReadManifest(files_, version_), StatusIs(StatusCode::kDataLoss));
}

TEST_F(ExportReaderTest, ReadsAManifest) {
  STA_ASSERT_OK_AND_ASSIGN(const Manifest manifest, ReadManifest(files_, version_));
  EXPECT_EQ(manifest.files.size(), 4u);
}

}  // namespace
}  // namespace sta
