// SPDX-License-Identifier: Apache-2.0
#include "tests/support/tiny_package.h"

#include <random>

#include "strings/str_cat.h"

namespace sta {

struct TinyPackage::Table {
  std::vector<int8_t> codes;
  std::vector<int16_t> multipliers;
};

namespace {

std::vector<float> RandomFloats(uint64_t seed, int64_t count, float spread) {
  std::mt19937_64 engine(seed);
  std::normal_distribution<float> normal(0.0f, spread);
  std::vector<float> values(static_cast<size_t>(count));
  for (float& value : values) value = normal(engine);
  return values;
}

}  // namespace

std::vector<std::string> TinyVocabulary() {
  std::vector<std::string> words = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the",  "a",
                                    "cat",   "dog",   "sat",   "on",    "mat",    "good", "bad",
                                    "film",  "hello", "world", "##s",   "##ing",  "##ed", ".",
                                    ",",     "!",     "?",     "'",     "-"};
  for (char letter = 'b'; letter <= 'z'; ++letter) words.push_back(std::string(1, letter));
  for (char letter = 'a'; letter <= 'z'; ++letter) {
    if (letter != 's') words.push_back(StrCat("##", std::string(1, letter)));
  }
  for (char digit = '0'; digit <= '9'; ++digit) {
    words.push_back(std::string(1, digit));
    words.push_back(StrCat("##", std::string(1, digit)));
  }
  return words;
}

TinyPackage::TinyPackage(const TinyPackageOptions& options) {
  const std::vector<std::string> vocabulary = TinyVocabulary();
  const int64_t hidden = options.encoder.hidden_size;
  const bool classifies = options.task == Task::kSequenceClassification;
  contents.encoder = RandomEncoder(options.encoder);
  contents.config = {.task = options.task,
                     .pooling = options.pooling,
                     .normalize = options.normalize,
                     .hidden_size = hidden,
                     .intermediate_size = options.encoder.intermediate_size,
                     .layer_count = options.encoder.layers,
                     .head_count = options.encoder.heads,
                     .vocabulary_size = std::ssize(vocabulary),
                     .token_type_count = 2,
                     .max_sequence_tokens = options.max_sequence_tokens,
                     .text_truncation_tokens = options.max_sequence_tokens,
                     .labels = classifies ? options.labels : std::vector<std::string>()};
  const uint64_t seed = options.encoder.seed;
  contents.embeddings = {.word = AddTable(seed + 1, std::ssize(vocabulary), hidden),
                         .position = AddTable(seed + 2, options.max_sequence_tokens, hidden),
                         .token_type = AddTable(seed + 3, 2, hidden)};
  if (classifies) {
    const auto labels = std::ssize(options.labels);
    contents.head.pooler_weight = RandomFloats(seed + 4, hidden * hidden, 0.1f);
    contents.head.pooler_bias = RandomFloats(seed + 5, hidden, 0.1f);
    contents.head.classifier_weight = RandomFloats(seed + 6, labels * hidden, 0.5f);
    contents.head.classifier_bias = RandomFloats(seed + 7, labels, 0.1f);
  }
  std::string& vocab_txt = contents.text_files["vocab.txt"];
  for (const std::string& word : vocabulary) vocab_txt += word + "\n";
  contents.text_files["tokenizer_config.json"] = R"({"do_lower_case": true})";
  contents.provenance = {.source = "random", .tool = "tiny_package"};
}

EmbeddingTableView TinyPackage::AddTable(uint64_t seed, int64_t rows, int64_t columns) {
  std::mt19937_64 engine(seed);
  auto table = std::make_shared<Table>();
  std::uniform_int_distribution<int> code(-127, 127);
  std::uniform_int_distribution<int> multiplier(2000, 6000);
  for (int64_t i = 0; i < rows * columns; ++i) {
    table->codes.push_back(static_cast<int8_t>(code(engine)));
  }
  for (int64_t i = 0; i < rows; ++i) {
    table->multipliers.push_back(static_cast<int16_t>(multiplier(engine)));
  }
  tables_.push_back(table);
  return {.rows = rows,
          .columns = columns,
          .codes = table->codes.data(),
          .multipliers = table->multipliers.data(),
          .shift = 7};
}

absl::Status WriteTinyPackage(const std::filesystem::path& directory,
                              const TinyPackageOptions& options) {
  return WritePackage(TinyPackage(options).contents, directory);
}

}  // namespace sta
