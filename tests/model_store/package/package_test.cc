// SPDX-License-Identifier: Apache-2.0
#include "model_store/package/package.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <fstream>
#include <functional>
#include <sstream>
#include <thread>

#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/tiny_package.h"

namespace sta {
namespace {

using testing::AnyOf;
using testing::HasSubstr;

namespace fs = std::filesystem;

std::string ReadFile(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream content;
  content << file.rdbuf();
  return content.str();
}

void WriteFile(const fs::path& path, const std::string& content) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << content;
}

class PackageTest : public testing::Test {
 protected:
  absl::StatusOr<std::shared_ptr<const Package>> Open(
      PackageCheck check = PackageCheck::kStructure) {
    return Package::Open(directory_, check);
  }
  // Replaces `from`, which must be there, in a file of the package.
  void Edit(const std::string& name, const std::string& from, const std::string& to) {
    std::string content = ReadFile(directory_ / name);
    const size_t at = content.find(from);
    ASSERT_NE(at, std::string::npos) << from;
    content.replace(at, from.size(), to);
    WriteFile(directory_ / name, content);
  }

  const TemporaryDirectory temporary_;
  const fs::path root_ = temporary_.path() / "store";
  const fs::path directory_ = root_ / "model" / "1";
};

TEST_F(PackageTest, ReadsWhatWasWritten) {
  for (const Task task : {Task::kSentenceEmbedding, Task::kSequenceClassification}) {
    fs::remove_all(directory_);
    const TinyPackage tiny({.task = task});
    ASSERT_THAT(WritePackage(tiny.contents, directory_), IsOk());
    STA_ASSERT_OK_AND_ASSIGN(const auto package, Open(PackageCheck::kHashes));
    EXPECT_EQ(package->config(), tiny.contents.config);
    STA_ASSERT_OK_AND_ASSIGN(const EncoderParameters encoder, package->ReadEncoder());
    EXPECT_EQ(encoder, tiny.contents.encoder);
    STA_ASSERT_OK_AND_ASSIGN(const HeadParameters head, package->ReadHead());
    EXPECT_EQ(head, tiny.contents.head);
    STA_ASSERT_OK_AND_ASSIGN(const std::string vocabulary, package->ReadTextFile("vocab.txt"));
    EXPECT_EQ(vocabulary, tiny.contents.text_files.at("vocab.txt"));
    const EmbeddingTableView& word = package->embeddings().word;
    const EmbeddingTableView& expected = tiny.contents.embeddings.word;
    ASSERT_EQ(word.rows, expected.rows);
    EXPECT_EQ(word.shift, expected.shift);
    EXPECT_TRUE(std::equal(word.codes, word.codes + word.rows * word.columns, expected.codes));
    EXPECT_TRUE(std::equal(word.multipliers, word.multipliers + word.rows, expected.multipliers));
  }
}

TEST_F(PackageTest, TheSameContentsGiveTheSameBytes) {
  ASSERT_THAT(WriteTinyPackage(directory_), IsOk());
  ASSERT_THAT(WriteTinyPackage(root_ / "again"), IsOk());
  EXPECT_EQ(ReadFile(directory_ / "manifest.json"), ReadFile(root_ / "again" / "manifest.json"));
}

TEST_F(PackageTest, NeverWritesOverAnythingAndLeavesNoStaging) {
  ASSERT_THAT(WriteTinyPackage(directory_), IsOk());
  EXPECT_THAT(WriteTinyPackage(directory_), StatusIs(absl::StatusCode::kAlreadyExists));
  TinyPackage bad({});
  bad.contents.config.vocabulary_size += 1;
  EXPECT_THAT(WritePackage(bad.contents, root_ / "model" / "2"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("word table's rows")));
  EXPECT_EQ(std::distance(fs::directory_iterator(root_ / "model"), fs::directory_iterator()), 1);
}

TEST_F(PackageTest, WriterRefusesContentsThatDoNotFit) {
  const std::vector<std::pair<const char*, std::function<void(PackageContents&)>>> cases = {
      {"layer count", [](PackageContents& c) { c.encoder.layers.pop_back(); }},
      {"query.bias", [](PackageContents& c) { c.encoder.layers[0].query.bias.pop_back(); }},
      {"key.weight", [](PackageContents& c) { c.encoder.layers[1].key.weights.rows = 7; }},
      {"-128", [](PackageContents& c) { c.encoder.layers[0].value.weights.values[0] = -128; }},
      {"'../x'", [](PackageContents& c) { c.text_files["../x"] = ""; }},
      {"'config.json'", [](PackageContents& c) { c.text_files["config.json"] = ""; }},
      {"UTF-8", [](PackageContents& c) { c.provenance.source = "\xff"; }},
      {"JSON", [](PackageContents& c) { c.hugging_face_config = "{"; }},
  };
  for (const auto& [message, damage] : cases) {
    TinyPackage tiny({});
    damage(tiny.contents);
    EXPECT_THAT(WritePackage(tiny.contents, directory_),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(message)));
    EXPECT_FALSE(fs::exists(directory_));
  }
}

TEST_F(PackageTest, AMissingPackageIsNotFound) {
  EXPECT_THAT(Open(), StatusIs(absl::StatusCode::kNotFound));
  fs::create_directories(directory_);
  EXPECT_THAT(Open(), StatusIs(absl::StatusCode::kNotFound, HasSubstr("manifest.json")));
}

TEST_F(PackageTest, RefusesDamagedDirectories) {
  const std::vector<std::pair<const char*, std::function<void()>>> cases = {
      {"'extra.txt' is not listed", [&] { WriteFile(directory_ / "extra.txt", "x"); }},
      {"'sub' is not listed", [&] { fs::create_directory(directory_ / "sub"); }},
      {"'vocab.txt' is missing", [&] { fs::remove(directory_ / "vocab.txt"); }},
      {"symbolic link",
       [&] {
         fs::rename(directory_ / "vocab.txt", root_ / "vocab.txt");
         fs::create_symlink(root_ / "vocab.txt", directory_ / "vocab.txt");
       }},
      {"not a regular file",
       [&] {
         fs::remove(directory_ / "vocab.txt");
         fs::create_directory(directory_ / "vocab.txt");
       }},
      {"'vocab.txt' is not a regular file",
       [&] {
         fs::remove(directory_ / "vocab.txt");
         ASSERT_EQ(mkfifo((directory_ / "vocab.txt").c_str(), 0600), 0);
       }},
      {"'manifest.json' is not a regular file",
       [&] {
         fs::remove(directory_ / "manifest.json");
         ASSERT_EQ(mkfifo((directory_ / "manifest.json").c_str(), 0600), 0);
       }},
      {"bytes, the manifest says",
       [&] { fs::resize_file(directory_ / "encoder.safetensors", 100); }},
      {"bytes, the manifest says",
       [&] { fs::resize_file(directory_ / "embeddings.safetensors", 1 << 24); }},
      {"allowed are 67108864",
       [&] { fs::resize_file(directory_ / "manifest.json", (64 << 20) + 1); }},
      {"manifest.json: not valid JSON", [&] { WriteFile(directory_ / "manifest.json", "{"); }},
      {"not allowed", [&] { Edit("manifest.json", "\"vocab.txt\"", "\"../vocab.txt\""); }},
      {"not allowed", [&] { Edit("manifest.json", "\"vocab.txt\"", "\"/etc/passwd\""); }},
      {"sha256 is malformed", [&] { Edit("manifest.json", "\"sha256\": \"", "\"sha256\": \"x"); }},
      {"appears twice", [&] { Edit("manifest.json", "\"files\"", "\"files\": {}, \"files\""); }},
      {"deeper than", [&] { WriteFile(directory_ / "manifest.json", std::string(100000, '[')); }},
      {"does not list 'config.json'",
       [&] {
         Edit("manifest.json", "\"config.json\"", "\"config2.json\"");
         fs::rename(directory_ / "config.json", directory_ / "config2.json");
       }},
      {"output_step",
       [&] { Edit("manifest.json", "\"output_step\": 0.001", "\"output_step\": 0"); }},
      {"pattern", [&] { Edit("manifest.json", "\"pattern\": \"2:8\"", "\"pattern\": \"9:8\""); }},
  };
  for (const auto& [message, damage] : cases) {
    fs::remove_all(root_);
    ASSERT_THAT(WriteTinyPackage(directory_), IsOk());
    damage();
    EXPECT_THAT(Open(), StatusIs(absl::StatusCode::kDataLoss, HasSubstr(message)));
  }
}

TEST_F(PackageTest, RefusesVersionsThatItDoesNotKnow) {
  for (const char* key : {"format_version", "arithmetic_version"}) {
    fs::remove_all(root_);
    ASSERT_THAT(WriteTinyPackage(directory_), IsOk());
    Edit("manifest.json", std::string("\"") + key + "\": 1", std::string("\"") + key + "\": 2");
    EXPECT_THAT(Open(), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr(key)));
  }
}

TEST_F(PackageTest, HashesCatchASingleFlippedBit) {
  ASSERT_THAT(WriteTinyPackage(directory_), IsOk());
  std::string content = ReadFile(directory_ / "embeddings.safetensors");
  content.back() = static_cast<char>(content.back() ^ 1);
  WriteFile(directory_ / "embeddings.safetensors", content);
  EXPECT_THAT(Open(PackageCheck::kStructure), IsOk());
  EXPECT_THAT(Open(PackageCheck::kHashes),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("SHA-256")));
}

TEST_F(PackageTest, ManifestAndTensorsMustAgree) {
  ASSERT_THAT(WriteTinyPackage(directory_), IsOk());
  Edit("manifest.json", "\"pattern\": \"2:8\"", "\"pattern\": \"3:8\"");
  STA_ASSERT_OK_AND_ASSIGN(const auto package, Open());
  EXPECT_THAT(package->ReadEncoder(),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("with pattern 3:8 needs 94")));
}

TEST_F(PackageTest, ReadsOnlyListedTextFiles) {
  ASSERT_THAT(WriteTinyPackage(directory_), IsOk());
  STA_ASSERT_OK_AND_ASSIGN(const auto package, Open());
  for (const char* name : {"tokenizer.json", "../1/vocab.txt", "", "manifest.json"}) {
    EXPECT_THAT(package->ReadTextFile(name), StatusIs(absl::StatusCode::kNotFound)) << name;
  }
}

TEST_F(PackageTest, ManifestListsMatricesInModelOrderWithTheirSizes) {
  ASSERT_THAT(WriteTinyPackage(directory_), IsOk());
  STA_ASSERT_OK_AND_ASSIGN(const auto package, Open());
  const std::vector<MatrixEntry>& matrices = package->manifest().matrices;
  ASSERT_EQ(matrices.size(), 2u * 6u);
  EXPECT_EQ(matrices[0].name, "encoder.layer.0.attention.self.query.weight");
  EXPECT_EQ(matrices[11].name, "encoder.layer.1.output.dense.weight");
  // 2 of 8: 256 values; 128 groups of 28 combinations, 63 bits for 13 groups, 53 for the last 11.
  EXPECT_EQ(matrices[0].value_bytes, 256);
  EXPECT_EQ(matrices[0].position_bytes, (9 * 63 + 53 + 7) / 8);
}

TEST_F(PackageTest, FilesThatAreCutShortWhileItIsOpenAreDataLoss) {
  ASSERT_THAT(WriteTinyPackage(directory_), IsOk());
  STA_ASSERT_OK_AND_ASSIGN(const auto package, Open());
  const auto is_damage_of = [](const std::string& name) {
    return StatusIs(absl::StatusCode::kDataLoss, "file '" + name +
                                                     "' was cut short, changed or unreadable "
                                                     "while it was in use");
  };
  fs::resize_file(directory_ / "encoder.safetensors", 0);
  EXPECT_THAT(package->ReadEncoder(), is_damage_of("encoder.safetensors"));
  EXPECT_THAT(package->ReadHead(), is_damage_of("encoder.safetensors"));
  EXPECT_THAT(package->CheckEmbeddings(), IsOk());
  EXPECT_FALSE(package->embeddings_damaged());

  fs::resize_file(directory_ / "embeddings.safetensors", 0);
  const EmbeddingTableView& word = package->embeddings().word;
  const std::vector<int8_t> codes(word.codes, word.codes + word.rows * word.columns);
  EXPECT_EQ(codes, std::vector<int8_t>(codes.size()));
  EXPECT_TRUE(package->embeddings_damaged());
  EXPECT_THAT(package->CheckEmbeddings(), is_damage_of("embeddings.safetensors"));
}

// Somebody copies weights over those of a package again and again while it is opened: Open either
// has seen all of them or says what is wrong.
TEST_F(PackageTest, OpensOrRefusesFilesThatShrinkMeanwhile) {
  ASSERT_THAT(WriteTinyPackage(directory_, {.max_sequence_tokens = 4096}), IsOk());
  std::map<fs::path, std::string> contents;
  for (const char* name : {"embeddings.safetensors", "encoder.safetensors"}) {
    contents[directory_ / name] = ReadFile(directory_ / name);
  }
  std::atomic<bool> done = false;
  std::thread writer([&] {
    while (!done) {
      for (const auto& [path, content] : contents) {
        fs::resize_file(path, 0);
        fs::resize_file(path, content.size());
        WriteFile(path, content);
      }
    }
  });
  for (int i = 0; i < 300; ++i) {
    const auto package = Open(i % 2 == 0 ? PackageCheck::kHashes : PackageCheck::kStructure);
    absl::Status status = package.status();
    if (status.ok()) status = (*package)->ReadEncoder().status();
    EXPECT_THAT(status, AnyOf(IsOk(), StatusIs(absl::StatusCode::kDataLoss)));
  }
  done = true;
  writer.join();
  EXPECT_THAT(Open(PackageCheck::kHashes), IsOk());
}

}  // namespace
}  // namespace sta
