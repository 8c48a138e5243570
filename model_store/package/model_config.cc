// SPDX-License-Identifier: Apache-2.0
#include "model_store/package/model_config.h"

#include <algorithm>
#include <array>
#include <utility>

#include "model_store/json/strict_json.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

constexpr std::string_view kSection = "sta";
constexpr int64_t kMaxHiddenSize = 4096;  // the accumulator's bound, docs/arithmetic.md section 1
constexpr int64_t kMaxLayers = 1024;
constexpr int64_t kMaxVocabulary = int64_t{1} << 24;
constexpr int64_t kMaxPositions = int64_t{1} << 20;
constexpr int64_t kMaxLabels = int64_t{1} << 16;

template <typename T>
struct Named {
  T value;
  std::string_view name;
};

constexpr std::array<Named<Task>, 3> kTasks = {{
    {Task::kSentenceEmbedding, "sentence_embedding"},
    {Task::kSequenceClassification, "sequence_classification"},
    {Task::kLastHiddenState, "last_hidden_state"},
}};
constexpr std::array<Named<Pooling>, 2> kPoolings = {{
    {Pooling::kMean, "mean"},
    {Pooling::kCls, "cls"},
}};

template <typename T, size_t N>
std::string_view NameOf(const std::array<Named<T>, N>& table, T value) {
  return std::ranges::find(table, value, &Named<T>::value)->name;
}

template <typename T, size_t N>
absl::StatusOr<T> ParseNamed(const std::array<Named<T>, N>& table, std::string_view what,
                             std::string_view name) {
  const auto found = std::ranges::find(table, name, &Named<T>::name);
  if (found != table.end()) return found->value;
  std::string message = StrCat(what, " '", name.substr(0, 64), "' is not known; allowed are");
  for (const Named<T>& entry : table) StrAppend(&message, " ", entry.name);
  return absl::InvalidArgumentError(message);
}

// Reads members of one object and keeps the first error, so that a reader is a list of lines.
class SectionReader {
 public:
  explicit SectionReader(const nlohmann::json& section) : section_(section) {}

  void Integer(std::string_view key, int64_t lowest, int64_t highest, int64_t& out) {
    Store(GetInteger(section_, key, lowest, highest), out);
  }
  void Bool(std::string_view key, bool& out) { Store(GetBool(section_, key), out); }
  void String(std::string_view key, std::string& out) { Store(GetString(section_, key), out); }
  template <typename T>
  void Parsed(std::string_view key, absl::StatusOr<T> (*parse)(std::string_view), T& out) {
    std::string name;
    String(key, name);
    if (status_.ok()) Store(parse(name), out);
  }

  const absl::Status& status() const { return status_; }

 private:
  template <typename T>
  void Store(absl::StatusOr<T> value, T& out) {
    if (value.ok()) {
      out = *std::move(value);
    } else {
      status_.Update(value.status());
    }
  }

  const nlohmann::json& section_;
  absl::Status status_;
};

absl::StatusOr<std::vector<std::string>> ReadLabels(const nlohmann::json& section) {
  std::vector<std::string> labels;
  const auto found = section.find("labels");
  if (found == section.end()) return labels;
  if (!found->is_array() || std::ssize(*found) > kMaxLabels) {
    return absl::InvalidArgumentError(
        StrCat("key 'labels' must be a list of at most ", kMaxLabels, " strings"));
  }
  for (const nlohmann::json& label : *found) {
    if (!label.is_string()) return absl::InvalidArgumentError("key 'labels' holds a non-string");
    labels.push_back(label.get<std::string>());
  }
  return labels;
}

absl::Status CheckTogether(const ModelConfig& config) {
  if (config.hidden_size % config.head_count != 0) {
    return absl::InvalidArgumentError(StrCat("hidden_size ", config.hidden_size,
                                             " is not a multiple of head_count ",
                                             config.head_count));
  }
  if (config.text_truncation_tokens > config.max_sequence_tokens) {
    return absl::InvalidArgumentError(
        StrCat("text_truncation_tokens ", config.text_truncation_tokens,
               " is over max_sequence_tokens ", config.max_sequence_tokens));
  }
  if (config.task == Task::kSequenceClassification && config.labels.empty()) {
    return absl::InvalidArgumentError("a sequence_classification model needs labels");
  }
  return absl::OkStatus();
}

}  // namespace

std::string_view TaskName(Task task) { return NameOf(kTasks, task); }
absl::StatusOr<Task> ParseTask(std::string_view name) { return ParseNamed(kTasks, "task", name); }
std::string_view PoolingName(Pooling pooling) { return NameOf(kPoolings, pooling); }
absl::StatusOr<Pooling> ParsePooling(std::string_view name) {
  return ParseNamed(kPoolings, "pooling", name);
}

absl::StatusOr<ModelConfig> ParseModelConfig(std::string_view json) {
  const absl::StatusOr<nlohmann::json> document = ParseStrictJson(json);
  if (!document.ok()) return document.status();
  if (!document->is_object() || !document->contains(kSection) ||
      !(*document)[kSection].is_object()) {
    return absl::InvalidArgumentError("there is no 'sta' section: not a config.json of a package");
  }
  const nlohmann::json& section = (*document)[kSection];
  ModelConfig config;
  SectionReader reader(section);
  reader.String("model_type", config.model_type);
  reader.Parsed("task", &ParseTask, config.task);
  reader.Parsed("pooling", &ParsePooling, config.pooling);
  reader.Bool("normalize", config.normalize);
  reader.Integer("hidden_size", 1, kMaxHiddenSize, config.hidden_size);
  reader.Integer("intermediate_size", 1, kMaxHiddenSize, config.intermediate_size);
  reader.Integer("layer_count", 1, kMaxLayers, config.layer_count);
  reader.Integer("head_count", 1, kMaxHiddenSize, config.head_count);
  reader.Integer("vocabulary_size", 1, kMaxVocabulary, config.vocabulary_size);
  reader.Integer("token_type_count", 0, 2, config.token_type_count);
  reader.Integer("max_sequence_tokens", 1, kMaxPositions, config.max_sequence_tokens);
  reader.Integer("text_truncation_tokens", 1, kMaxPositions, config.text_truncation_tokens);
  reader.Integer("position_offset", 0, 16, config.position_offset);
  if (!reader.status().ok()) return reader.status();
  absl::StatusOr<std::vector<std::string>> labels = ReadLabels(section);
  if (!labels.ok()) return labels.status();
  config.labels = *std::move(labels);
  if (absl::Status fits = CheckTogether(config); !fits.ok()) return fits;
  return config;
}

absl::StatusOr<std::string> FormatModelConfig(const ModelConfig& config,
                                              std::string_view hugging_face_config) {
  absl::StatusOr<nlohmann::json> document = ParseStrictJson(hugging_face_config);
  if (!document.ok()) return document.status();
  if (!document->is_object()) {
    return absl::InvalidArgumentError("the model's config.json is not a JSON object");
  }
  (*document)[kSection] = {{"model_type", config.model_type},
                           {"task", TaskName(config.task)},
                           {"pooling", PoolingName(config.pooling)},
                           {"normalize", config.normalize},
                           {"hidden_size", config.hidden_size},
                           {"intermediate_size", config.intermediate_size},
                           {"layer_count", config.layer_count},
                           {"head_count", config.head_count},
                           {"vocabulary_size", config.vocabulary_size},
                           {"token_type_count", config.token_type_count},
                           {"max_sequence_tokens", config.max_sequence_tokens},
                           {"text_truncation_tokens", config.text_truncation_tokens},
                           {"position_offset", config.position_offset},
                           {"labels", config.labels}};
  try {
    return document->dump(2) + "\n";
  } catch (const nlohmann::json::exception&) {  // a label that is not UTF-8
    return absl::InvalidArgumentError("a label is not valid UTF-8");
  }
}

}  // namespace sta
