// SPDX-License-Identifier: Apache-2.0
#include "model_store/convert/convert_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <functional>
#include <set>

#include "model_store/model/loaded_model.h"
#include "model_store/package/package.h"
#include "tests/support/hugging_face_directory.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/tiny_package.h"

namespace sta {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class ConvertModelTest : public testing::Test {
 protected:
  void SetUp() override { std::ofstream(text_) << TinySentences(80, 3); }

  absl::StatusOr<ConvertReport> Convert(const HuggingFaceDirectory& model,
                                        const std::string& patterns,
                                        const HuggingFaceDirectory::Format& format = {}) {
    std::filesystem::remove_all(model_);
    std::filesystem::remove_all(package_);
    if (absl::Status written = model.Write(model_, format); !written.ok()) return written;
    return ConvertModel(Options(patterns), nullptr);
  }
  ConvertOptions Options(const std::string& patterns) const {
    return {.model_directory = model_,
            .output_directory = package_,
            .patterns = patterns,
            .calibration_text = text_,
            .task = task_};
  }
  absl::StatusOr<std::shared_ptr<const LoadedModel>> Load() const {
    absl::StatusOr<std::shared_ptr<const Package>> package =
        Package::Open(package_, PackageCheck::kHashes);
    if (!package.ok()) return package.status();
    return LoadedModel::Load(*std::move(package));
  }

  TemporaryDirectory root_;
  std::filesystem::path model_ = root_.path() / "tiny-model";
  std::filesystem::path package_ = root_.path() / "store" / "tiny" / "1";
  std::filesystem::path text_ = root_.path() / "sentences.txt";
  std::optional<Task> task_;
};

double CosineToPruned(const ConvertReport& report) {
  return report.manifest.provenance.accuracy.at(kCosineToPruned);
}

// By how they end: ".query" and the like are the same in every layer.
std::set<std::string> PatternsOf(const ConvertReport& report, std::string_view part) {
  std::set<std::string> patterns;
  for (const MatrixEntry& matrix : report.manifest.matrices) {
    if (matrix.name.find(part) != std::string::npos) patterns.insert(matrix.pattern.ToString());
  }
  return patterns;
}

TEST_F(ConvertModelTest, EveryModelTypeStaysCloseToItsFloatingPointSelf) {
  for (const char* type : {"bert", "distilbert", "roberta"}) {
    STA_ASSERT_OK_AND_ASSIGN(const ConvertReport report,
                             Convert(HuggingFaceDirectory({.model_type = type}), "dense"));
    EXPECT_GT(CosineToPruned(report), 0.997) << type;
    EXPECT_EQ(report.manifest.provenance.accuracy.at(kCosineToDense), CosineToPruned(report));
    EXPECT_EQ(report.calibration_sentences, 72);
    EXPECT_EQ(report.held_back_sentences, 8);
    EXPECT_EQ(report.manifest.matrices.size(), 12u);
    EXPECT_EQ(report.manifest.provenance.source, "tiny-model");
    EXPECT_EQ(report.manifest.provenance.calibration, "72 sentences of sentences.txt");
    EXPECT_THAT(Load(), IsOk());
  }
}

TEST_F(ConvertModelTest, AppliesPatternsByGlob) {
  STA_ASSERT_OK_AND_ASSIGN(
      const ConvertReport report,
      Convert(HuggingFaceDirectory({}), "2:8,*.layer.0.*=4:8,*.query.*=dense"));
  EXPECT_THAT(PatternsOf(report, ".query"), ElementsAre("dense"));
  EXPECT_THAT(PatternsOf(report, ".layer.0.attention.self.key"), ElementsAre("4:8"));
  EXPECT_THAT(PatternsOf(report, ".layer.0.output"), ElementsAre("4:8"));
  EXPECT_THAT(PatternsOf(report, ".layer.1.attention.self.key"), ElementsAre("2:8"));
  EXPECT_GT(CosineToPruned(report), 0.99);
  EXPECT_LT(report.manifest.provenance.accuracy.at(kCosineToDense), CosineToPruned(report));
}

TEST_F(ConvertModelTest, KeepsZerosAsTheyAre) {
  const HuggingFaceDirectory model({.zeros = {2, 8}});
  STA_ASSERT_OK_AND_ASSIGN(const ConvertReport report, Convert(model, "keep"));
  EXPECT_THAT(PatternsOf(report, "encoder"), ElementsAre("2:8"));
  // Nothing was pruned, so both measures compare with the same model.
  EXPECT_EQ(report.manifest.provenance.accuracy.at(kCosineToDense), CosineToPruned(report));
  STA_ASSERT_OK_AND_ASSIGN(const auto package, Package::Open(package_, PackageCheck::kHashes));
  STA_ASSERT_OK_AND_ASSIGN(const EncoderParameters encoder, package->ReadEncoder());
  const std::vector<float>& before =
      model.tensors.at("bert.encoder.layer.1.intermediate.dense.weight").values;
  const std::vector<int8_t> after = encoder.layers[1].intermediate.weights.ToDense();
  ASSERT_EQ(after.size(), before.size());
  for (size_t i = 0; i < after.size(); ++i) {
    if (before[i] == 0.0f) {
      ASSERT_EQ(after[i], 0) << i;
    }
  }
}

TEST_F(ConvertModelTest, NamesAMatrixThatDoesNotFitWhatIsKept) {
  HuggingFaceDirectory model({.zeros = {2, 8}});
  auto& key = model.tensors.at("bert.encoder.layer.1.attention.self.key.weight").values;
  std::ranges::fill(key, 1.0f);
  EXPECT_THAT(Convert(model, "keep"),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("matrix 'encoder.layer.1.attention.self.key.weight' fits no "
                                 "sparse pattern")));
  EXPECT_FALSE(std::filesystem::exists(package_));
  STA_ASSERT_OK_AND_ASSIGN(const ConvertReport report,
                           Convert(model, "keep,*.layer.1.*.key.*=dense"));
  EXPECT_THAT(PatternsOf(report, ".layer.1.attention.self.key"), ElementsAre("dense"));
}

TEST_F(ConvertModelTest, HalvesAndShardsGiveTheSamePackageAsTheirValues) {
  HuggingFaceDirectory model({});
  for (auto& [name, tensor] : model.tensors) {  // values that BF16 and F16 hold exactly
    for (float& value : tensor.values) value = std::round(value * 64) / 64;
    for (float& value : tensor.values) value = std::clamp(value, -3.0f, 3.0f);
  }
  std::map<std::string, std::string> hashes;
  for (const auto& format : {HuggingFaceDirectory::Format{.type = TensorType::kF32},
                             {.type = TensorType::kF16, .shards = 2},
                             {.type = TensorType::kBF16, .shards = 5}}) {
    STA_ASSERT_OK_AND_ASSIGN(const ConvertReport report, Convert(model, "2:4", format));
    for (const auto& [name, entry] : report.manifest.files) {
      const auto [found, is_new] = hashes.emplace(name, entry.sha256);
      EXPECT_EQ(found->second, entry.sha256) << name;
    }
  }
}

TEST_F(ConvertModelTest, TheNumberOfThreadsChangesNothing) {
  ASSERT_THAT(HuggingFaceDirectory({}).Write(model_), IsOk());
  std::set<std::string> hashes;
  for (const int threads : {1, 3}) {
    std::filesystem::remove_all(package_);
    ConvertOptions options = Options("2:8");
    options.threads = threads;
    STA_ASSERT_OK_AND_ASSIGN(const ConvertReport report, ConvertModel(options, nullptr));
    for (const auto& [name, entry] : report.manifest.files) hashes.insert(name + entry.sha256);
    EXPECT_EQ(hashes.size(), report.manifest.files.size());
  }
}

TEST_F(ConvertModelTest, ClassifiersKeepHeadAndLabels) {
  for (const char* type : {"bert", "distilbert", "roberta"}) {
    const HuggingFaceDirectory model({.model_type = type, .is_classifier = true});
    STA_ASSERT_OK_AND_ASSIGN(const ConvertReport report, Convert(model, "4:8"));
    EXPECT_EQ(report.config.task, Task::kSequenceClassification);
    STA_ASSERT_OK_AND_ASSIGN(const auto package, Package::Open(package_, PackageCheck::kHashes));
    EXPECT_THAT(package->config().labels, ElementsAre("bad", "so-so", "good"));
    STA_ASSERT_OK_AND_ASSIGN(const HeadParameters head, package->ReadHead());
    EXPECT_EQ(head.pooler_is_relu, std::string_view(type) == "distilbert");
    EXPECT_EQ(head.pooler_weight.size(), 32u * 32u) << type;
    EXPECT_EQ(head.classifier_bias.size(), 3u) << type;
  }
}

TEST_F(ConvertModelTest, ServesTheLastHiddenStateIfAsked) {
  task_ = Task::kLastHiddenState;
  STA_ASSERT_OK_AND_ASSIGN(const ConvertReport report,
                           Convert(HuggingFaceDirectory({.is_classifier = true}), "2:8"));
  EXPECT_EQ(report.config.task, Task::kLastHiddenState);
  STA_ASSERT_OK_AND_ASSIGN(const auto package, Package::Open(package_, PackageCheck::kHashes));
  EXPECT_THAT(package->config().labels, IsEmpty());
}

TEST_F(ConvertModelTest, AClassifierWithoutItsHeadIsNamed) {
  task_ = Task::kSequenceClassification;
  EXPECT_THAT(Convert(HuggingFaceDirectory({}), "2:8"),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       "the checkpoint has no tensor 'bert.pooler.dense.weight'"));
}

TEST_F(ConvertModelTest, PoolingOfSentenceTransformersReachesThePackage) {
  HuggingFaceDirectory model({});
  model.files["modules.json"] =
      R"([{"path": "1_Pooling", "type": "sentence_transformers.models.Pooling"}])";
  model.files["1_Pooling/config.json"] = R"({"pooling_mode_cls_token": true})";
  ASSERT_THAT(Convert(model, "2:8"), IsOk());
  STA_ASSERT_OK_AND_ASSIGN(const auto package, Package::Open(package_, PackageCheck::kHashes));
  EXPECT_EQ(package->config().pooling, Pooling::kCls);
  EXPECT_FALSE(package->config().normalize);
}

TEST_F(ConvertModelTest, TokenizerJsonServesInPlaceOfTheVocabulary) {
  HuggingFaceDirectory model({});
  ASSERT_THAT(Convert(model, "2:8"), IsOk());
  STA_ASSERT_OK_AND_ASSIGN(const auto with_vocabulary, Load());
  nlohmann::json words;
  for (const std::string& word : TinyVocabulary()) words[word] = words.size();
  const auto special = [](const char* name) {
    return nlohmann::json{{"SpecialToken", {{"id", name}, {"type_id", 0}}}};
  };
  const nlohmann::json body = {{"Sequence", {{"id", "A"}, {"type_id", 0}}}};
  const nlohmann::json second = {{"Sequence", {{"id", "B"}, {"type_id", 1}}}};
  const nlohmann::json last = {{"SpecialToken", {{"id", "[SEP]"}, {"type_id", 1}}}};
  const nlohmann::json tokenizer = {
      {"added_tokens", nlohmann::json::array()},
      {"normalizer", {{"type", "BertNormalizer"}, {"lowercase", true}}},
      {"pre_tokenizer", {{"type", "BertPreTokenizer"}}},
      {"post_processor",
       {{"type", "TemplateProcessing"},
        {"single", {special("[CLS]"), body, special("[SEP]")}},
        {"pair", {special("[CLS]"), body, special("[SEP]"), second, last}},
        {"special_tokens",
         {{"[CLS]", {{"id", "[CLS]"}, {"ids", {2}}, {"tokens", {"[CLS]"}}}},
          {"[SEP]", {{"id", "[SEP]"}, {"ids", {3}}, {"tokens", {"[SEP]"}}}}}}}},
      {"model", {{"type", "WordPiece"}, {"unk_token", "[UNK]"}, {"vocab", words}}}};
  model.files.erase("vocab.txt");
  model.files["tokenizer.json"] = tokenizer.dump();
  ASSERT_THAT(Convert(model, "2:8"), IsOk());
  STA_ASSERT_OK_AND_ASSIGN(const auto with_json, Load());
  EXPECT_EQ(with_json->Tokenize("The dogs sat!", std::nullopt).value(),
            with_vocabulary->Tokenize("The dogs sat!", std::nullopt).value());
}

TEST_F(ConvertModelTest, RefusesWhatItCannotUse) {
  const HuggingFaceDirectory model({});
  ASSERT_THAT(model.Write(model_), IsOk());
  const auto convert = [&](const std::function<void(ConvertOptions&)>& change) {
    ConvertOptions options = Options("2:8");
    change(options);
    return ConvertModel(options, nullptr);
  };
  EXPECT_THAT(convert([](ConvertOptions& o) { o.model_directory = "/nowhere"; }),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("'/nowhere'")));
  EXPECT_THAT(convert([&](ConvertOptions& o) { o.output_directory = model_; }),
              StatusIs(absl::StatusCode::kAlreadyExists, HasSubstr(model_.string())));
  // At once, not after the work.
  EXPECT_THAT(
      convert([&](ConvertOptions& o) { o.output_directory = model_ / "config.json" / "package"; }),
      StatusIs(absl::StatusCode::kFailedPrecondition,
               HasSubstr("config.json' is no writable directory")));
  EXPECT_THAT(convert([](ConvertOptions& o) { o.patterns = "2:7"; }),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("pattern rule '2:7'")));
  EXPECT_THAT(convert([](ConvertOptions& o) { o.calibration_text = ""; }),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("calibration text")));
  EXPECT_THAT(convert([](ConvertOptions& o) { o.threads = 0; }),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("0 threads")));
  std::ofstream(text_) << TinySentences(30, 1) << "broken \xFF\n";
  EXPECT_THAT(convert([](ConvertOptions&) {}),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("line 31 is not valid UTF-8 at byte 7")));
  std::filesystem::remove(model_ / "vocab.txt");
  std::ofstream(text_) << TinySentences(30, 1);
  EXPECT_THAT(convert([](ConvertOptions&) {}),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("neither tokenizer.json nor vocab.txt")));
  EXPECT_FALSE(std::filesystem::exists(package_));
}

TEST_F(ConvertModelTest, RefusesATokenizerWithMoreTokensThanTheModel) {
  HuggingFaceDirectory model({});
  model.files["vocab.txt"] += "surplus\n";
  EXPECT_THAT(Convert(model, "2:8"), StatusIs(absl::StatusCode::kInvalidArgument,
                                              HasSubstr("config.json's vocab_size is")));
}

TEST_F(ConvertModelTest, TellsHowFarItIs) {
  ASSERT_THAT(HuggingFaceDirectory({}).Write(model_), IsOk());
  std::vector<std::string> finished;
  int64_t last_done = -1;
  const auto progress = [&](std::string_view phase, int64_t done, int64_t total) {
    EXPECT_LE(done, total);
    if (done == total) finished.emplace_back(phase);
    if (phase == "calibrate") {
      EXPECT_GT(done, last_done);
      last_done = done;
    }
  };
  ASSERT_THAT(ConvertModel(Options("2:8"), progress), IsOk());
  EXPECT_THAT(finished, ElementsAre("read", "calibrate", "quantize", "measure", "write"));
  EXPECT_EQ(last_done, 72);
}

}  // namespace
}  // namespace sta
