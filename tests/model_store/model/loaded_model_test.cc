// SPDX-License-Identifier: Apache-2.0
#include "model_store/model/loaded_model.h"

#include <gtest/gtest.h>

#include <functional>

#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/tiny_package.h"

namespace sta {
namespace {

using testing::HasSubstr;

namespace fs = std::filesystem;

class LoadedModelTest : public testing::Test {
 protected:
  absl::StatusOr<std::shared_ptr<const LoadedModel>> Load(const PackageContents& contents) {
    fs::remove_all(directory_);
    if (absl::Status written = WritePackage(contents, directory_); !written.ok()) return written;
    auto package = Package::Open(directory_, PackageCheck::kStructure);
    if (!package.ok()) return package.status();
    return LoadedModel::Load(*package);
  }

  const TemporaryDirectory temporary_;
  const fs::path directory_ = temporary_.path() / "model";
};

TEST_F(LoadedModelTest, TokenizesCutsAndEmbeds) {
  STA_ASSERT_OK_AND_ASSIGN(const auto model,
                           Load(TinyPackage({.max_sequence_tokens = 8}).contents));
  STA_ASSERT_OK_AND_ASSIGN(const TokenSequence tokens, model->Tokenize("The cat.", std::nullopt));
  EXPECT_EQ(tokens.ids, (std::vector<int32_t>{2, 5, 7, 20, 3}));  // [CLS] the cat . [SEP]
  EXPECT_THAT(model->ValidateTokens(tokens), IsOk());
  std::vector<int16_t> rows(tokens.ids.size() * 32);
  model->Embed(tokens, rows);
  EXPECT_NE(rows, std::vector<int16_t>(rows.size()));

  STA_ASSERT_OK_AND_ASSIGN(const TokenSequence cut,
                           model->Tokenize("a a a a a a a a a a a a", std::nullopt));
  EXPECT_EQ(cut.ids.size(), 8u);
  STA_ASSERT_OK_AND_ASSIGN(const TokenSequence pair, model->Tokenize("a", "the"));
  EXPECT_EQ(pair.types, (std::vector<uint8_t>{0, 0, 0, 1, 1}));
  EXPECT_THAT(model->Tokenize("\xff", std::nullopt),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("UTF-8")));
}

TEST_F(LoadedModelTest, AModelWithoutTypesTakesPairsUnmarked) {
  TinyPackage tiny({});
  tiny.contents.config.token_type_count = 0;
  tiny.contents.embeddings.token_type = {};
  STA_ASSERT_OK_AND_ASSIGN(const auto model, Load(tiny.contents));
  STA_ASSERT_OK_AND_ASSIGN(const TokenSequence pair, model->Tokenize("a", "the"));
  EXPECT_EQ(pair.ids.size(), 5u);
  EXPECT_TRUE(pair.types.empty());
  EXPECT_THAT(model->ValidateTokens({.ids = {1}, .types = {1}}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("token type 1")));
}

TEST_F(LoadedModelTest, ValidatesIds) {
  STA_ASSERT_OK_AND_ASSIGN(const auto model,
                           Load(TinyPackage({.max_sequence_tokens = 4}).contents));
  const int32_t vocabulary = static_cast<int32_t>(model->config().vocabulary_size);
  const auto expect_refused = [&](const TokenSequence& tokens, const char* message) {
    EXPECT_THAT(model->ValidateTokens(tokens),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(message)));
  };
  EXPECT_THAT(model->ValidateTokens({.ids = {0, vocabulary - 1}, .types = {0, 1}}), IsOk());
  expect_refused({}, "length 0");
  expect_refused({.ids = {1, 1, 1, 1, 1}}, "length 5 is not in 1..4");
  expect_refused({.ids = {0, -1}}, "place 1: token id -1");
  expect_refused({.ids = {vocabulary}}, "token id");
  expect_refused({.ids = {1, 1}, .types = {1}}, "1 token types for 2 tokens");
  expect_refused({.ids = {1}, .types = {2}}, "token type 2 is not in 0..1");
}

TEST_F(LoadedModelTest, RefusesPackagesWhosePartsDoNotFit) {
  const std::vector<std::pair<const char*, std::function<void(PackageContents&)>>> cases = {
      {"vocab", [](PackageContents& c) { c.text_files.erase("vocab.txt"); }},
      {"the word table has", [](PackageContents& c) { c.text_files["vocab.txt"] += "extra\n"; }},
      {"shift", [](PackageContents& c) { c.encoder.layers[0].key.shift[3] = 32; }},
      {"bias", [](PackageContents& c) { c.encoder.layers[0].query.bias[0] = 1 << 30; }},
  };
  for (const auto& [message, damage] : cases) {
    TinyPackage tiny({});
    damage(tiny.contents);
    const auto model = Load(tiny.contents);
    ASSERT_FALSE(model.ok()) << message;
    EXPECT_THAT(std::string(model.status().message()), HasSubstr(message));
  }
}

TEST_F(LoadedModelTest, RowsOfEmbeddingsThatWereCutShortAreDataLoss) {
  STA_ASSERT_OK_AND_ASSIGN(const auto model, Load(TinyPackage({}).contents));
  const TokenSequence tokens = {.ids = {5, 7}};
  std::vector<int16_t> rows(tokens.ids.size() * 32);
  model->Embed(tokens, rows);
  EXPECT_THAT(model->CheckIntact(), IsOk());
  EXPECT_FALSE(model->damaged());
  // The encoder was copied when the model was loaded.
  fs::resize_file(directory_ / "encoder.safetensors", 0);
  EXPECT_THAT(model->CheckIntact(), IsOk());
  fs::resize_file(directory_ / "embeddings.safetensors", 0);
  model->Embed(tokens, rows);
  EXPECT_EQ(rows, std::vector<int16_t>(rows.size()));
  EXPECT_TRUE(model->damaged());
  EXPECT_THAT(model->CheckIntact(),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("'embeddings.safetensors'")));
}

TEST_F(LoadedModelTest, HeadsUseTheOutputStep) {
  TinyPackage tiny({.normalize = false});
  tiny.contents.encoder.output_step = 0.25;
  STA_ASSERT_OK_AND_ASSIGN(const auto model, Load(tiny.contents));
  const std::vector<int16_t> rows(64, 8);
  std::vector<float> embedding(32);
  model->SentenceEmbedding(rows, embedding);
  EXPECT_EQ(embedding, std::vector<float>(32, 2.0f));
  std::vector<float> hidden(64);
  model->LastHiddenState(rows, hidden);
  EXPECT_EQ(hidden, std::vector<float>(64, 2.0f));
}

}  // namespace
}  // namespace sta
