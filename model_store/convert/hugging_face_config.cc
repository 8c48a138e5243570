// SPDX-License-Identifier: Apache-2.0
#include "model_store/convert/hugging_face_config.h"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <sstream>
#include <utility>
#include <vector>

#include "model_store/json/strict_json.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

constexpr int64_t kMaxFileBytes = int64_t{64} << 20;
constexpr int64_t kMaxSize = 1 << 24;

// How the supported model types spell the same things.
struct Keys {
  std::string_view model_type;
  std::string_view hidden_size, intermediate_size, layers, heads, activation;
  int64_t position_offset;
};
constexpr Keys kKeys[] = {
    {"bert", "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads",
     "hidden_act", 0},
    {"roberta", "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads",
     "hidden_act", 2},
    {"distilbert", "dim", "hidden_dim", "n_layers", "n_heads", "activation", 0},
};

absl::Status Invalid(std::string_view message) {
  return absl::InvalidArgumentError(StrCat("config.json: ", message));
}

absl::StatusOr<const Keys*> FindKeys(const nlohmann::json& json) {
  const absl::StatusOr<std::string> type = GetString(json, "model_type");
  if (!type.ok()) return Invalid(StdView(type.status().message()));
  const auto found = std::ranges::find(kKeys, *type, &Keys::model_type);
  if (found != std::end(kKeys)) return found;
  return Invalid(StrCat("model_type '", *type,
                        "' is not supported; supported are bert, roberta and distilbert"));
}

// The value of a string key must be `wanted` where the key is there at all.
absl::Status Require(const nlohmann::json& json, std::string_view key, std::string_view wanted) {
  if (!json.contains(key)) return absl::OkStatus();
  const absl::StatusOr<std::string> value = GetString(json, key);
  if (!value.ok()) return Invalid(StdView(value.status().message()));
  if (*value == wanted) return absl::OkStatus();
  return Invalid(StrCat(key, " '", *value, "' is not supported; supported is '", wanted, "'"));
}

absl::Status CheckSupported(const nlohmann::json& json, const Keys& keys) {
  absl::Status status = Require(json, keys.activation, "gelu");
  status.Update(Require(json, "position_embedding_type", "absolute"));
  for (const std::string_view key : {"is_decoder", "add_cross_attention"}) {
    if (json.contains(key) && GetBool(json, key).value_or(true)) {
      status.Update(Invalid(StrCat(key, " must be false: only encoders are supported")));
    }
  }
  return status;
}

absl::Status ReadSizes(const nlohmann::json& json, const Keys& keys, ModelConfig& config) {
  int64_t positions = 0;
  const std::tuple<std::string_view, int64_t*> wanted[] = {
      {keys.hidden_size, &config.hidden_size}, {keys.intermediate_size, &config.intermediate_size},
      {keys.layers, &config.layer_count},      {keys.heads, &config.head_count},
      {"vocab_size", &config.vocabulary_size}, {"max_position_embeddings", &positions},
  };
  for (const auto& [key, out] : wanted) {
    const absl::StatusOr<int64_t> value = GetInteger(json, key, 1, kMaxSize);
    if (!value.ok()) return Invalid(StdView(value.status().message()));
    *out = *value;
  }
  config.token_type_count = 0;
  if (keys.model_type != "distilbert") {
    // Absent in some old files; BERT's default is 2.
    config.token_type_count = std::min<int64_t>(
        2, json.contains("type_vocab_size") ? GetInteger(json, "type_vocab_size", 0, 16).value_or(2)
                                            : 2);
  }
  config.position_offset = keys.position_offset;
  config.max_sequence_tokens = positions - keys.position_offset;
  if (config.max_sequence_tokens < 3) {
    return Invalid(StrCat("max_position_embeddings ", positions, " leaves no room for text"));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> ReadLabels(const nlohmann::json& json) {
  std::vector<std::string> labels;
  const auto found = json.find("id2label");
  if (found == json.end()) return std::vector<std::string>{"LABEL_0", "LABEL_1"};  // the default
  if (!found->is_object()) return Invalid("id2label must be an object");
  labels.resize(found->size());
  for (const auto& [id, label] : found->items()) {
    size_t index = labels.size();
    for (size_t i = 0; i < labels.size(); ++i) {
      if (StrCat(i) == id) index = i;
    }
    if (index == labels.size() || !label.is_string()) {
      return Invalid(StrCat("id2label: key '", id, "' is not in 0..", labels.size() - 1,
                            " or its label is no string"));
    }
    labels[index] = label.get<std::string>();
  }
  return labels;
}

bool IsClassifier(const nlohmann::json& json) {
  const auto found = json.find("architectures");
  if (found == json.end() || !found->is_array()) return false;
  return std::ranges::any_of(*found, [](const nlohmann::json& name) {
    return name.is_string() &&
           name.get<std::string>().find("ForSequenceClassification") != std::string::npos;
  });
}

// A JSON file that may be absent: null then.
absl::StatusOr<nlohmann::json> ReadOptionalJson(const std::filesystem::path& directory,
                                                std::string_view name) {
  const absl::StatusOr<std::string> text = ReadModelFile(directory, name);
  if (absl::IsNotFound(text.status())) return nlohmann::json();
  if (!text.ok()) return text.status();
  absl::StatusOr<nlohmann::json> json = ParseStrictJson(*text);
  if (!json.ok()) {
    return absl::InvalidArgumentError(StrCat(name, ": ", json.status().message()));
  }
  return json;
}

// `path` is that of the Pooling module.
absl::Status ReadPooling(const std::filesystem::path& directory, std::string_view path,
                         ModelConfig& config) {
  const std::string file = StrCat(path, "/config.json");
  const auto invalid = [&](std::string_view message) {
    return absl::InvalidArgumentError(StrCat(file, ": ", message));
  };
  const absl::StatusOr<nlohmann::json> pooling = ReadOptionalJson(directory, file);
  if (!pooling.ok()) return pooling.status();
  if (pooling->is_null()) {
    return absl::InvalidArgumentError(StrCat("modules.json names ", file, ", which is missing"));
  }
  const auto mode = [&](std::string_view key) { return GetBool(*pooling, key).value_or(false); };
  for (const std::string_view key :
       {"pooling_mode_max_tokens", "pooling_mode_mean_sqrt_len_tokens",
        "pooling_mode_weightedmean_tokens", "pooling_mode_lasttoken"}) {
    if (mode(key)) {
      return invalid(StrCat(key,
                            " is not supported; supported are pooling_mode_mean_tokens and "
                            "pooling_mode_cls_token"));
    }
  }
  const bool is_cls = mode("pooling_mode_cls_token");
  const bool is_mean = mode("pooling_mode_mean_tokens");
  if (is_cls && is_mean) return invalid("two pooling modes at once are not supported");
  if (!is_cls && !is_mean) return invalid("no pooling mode is on");
  config.pooling = is_cls ? Pooling::kCls : Pooling::kMean;
  return absl::OkStatus();
}

absl::Status ReadModule(const std::filesystem::path& directory, const nlohmann::json& module,
                        ModelConfig& config) {
  const absl::StatusOr<std::string> type = GetString(module, "type");
  if (!type.ok()) return absl::InvalidArgumentError("modules.json: a module has no type");
  const std::string kind = type->substr(type->rfind('.') + 1);
  if (kind == "Transformer") return absl::OkStatus();
  if (kind == "Normalize") {
    config.normalize = true;
    return absl::OkStatus();
  }
  if (kind != "Pooling") {
    return absl::InvalidArgumentError(
        StrCat("modules.json: module '", *type,
               "' is not supported; supported are Transformer, Pooling and Normalize"));
  }
  const std::string path = GetString(module, "path").value_or("");
  if (path.empty() || path.front() == '.' || path.find('/') != std::string::npos) {
    return absl::InvalidArgumentError(
        StrCat("modules.json: path '", path, "' of a module must be a plain name"));
  }
  return ReadPooling(directory, path, config);
}

// sentence-transformers' modules.json: a transformer, a pooling and perhaps a normalization.
absl::Status ReadModules(const std::filesystem::path& directory, ModelConfig& config) {
  const absl::StatusOr<nlohmann::json> modules = ReadOptionalJson(directory, "modules.json");
  if (!modules.ok()) return modules.status();
  if (modules->is_null()) return absl::OkStatus();
  if (!modules->is_array()) return absl::InvalidArgumentError("modules.json: not a JSON array");
  config.normalize = false;
  for (const nlohmann::json& module : *modules) {
    if (absl::Status read = ReadModule(directory, module, config); !read.ok()) return read;
  }
  return absl::OkStatus();
}

absl::Status ReadTruncation(const std::filesystem::path& directory, ModelConfig& config) {
  config.text_truncation_tokens = config.max_sequence_tokens;
  // sentence-transformers' own limit goes before the tokenizer's.
  for (const auto& [file, key] : {std::pair{"sentence_bert_config.json", "max_seq_length"},
                                  {"tokenizer_config.json", "model_max_length"}}) {
    const absl::StatusOr<nlohmann::json> json = ReadOptionalJson(directory, file);
    if (!json.ok()) return json.status();
    const absl::StatusOr<int64_t> limit = GetInteger(*json, key, 3, config.max_sequence_tokens);
    if (!limit.ok()) continue;  // absent, null, or "no limit" written as a huge number
    config.text_truncation_tokens = *limit;
    break;
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> ReadModelFile(const std::filesystem::path& directory,
                                          std::string_view name) {
  const std::filesystem::path path = directory / name;
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) {
    return absl::NotFoundError(StrCat("'", directory.string(), "' has no file '", name, "'"));
  }
  if (std::filesystem::file_size(path, error) > static_cast<uintmax_t>(kMaxFileBytes) || error) {
    return absl::InvalidArgumentError(
        StrCat("file '", name, "' is larger than ", kMaxFileBytes, " bytes"));
  }
  std::ifstream file(path, std::ios::binary);
  std::ostringstream content;
  content << file.rdbuf();
  if (!file) return absl::NotFoundError(StrCat("cannot read file '", path.string(), "'"));
  return content.str();
}

absl::StatusOr<HuggingFaceConfig> ReadHuggingFaceConfig(const std::filesystem::path& directory,
                                                        std::optional<Task> task) {
  HuggingFaceConfig result;
  absl::StatusOr<std::string> text = ReadModelFile(directory, "config.json");
  if (!text.ok()) return text.status();
  const absl::StatusOr<nlohmann::json> json = ParseStrictJson(*text);
  if (!json.ok()) return Invalid(StdView(json.status().message()));
  if (!json->is_object()) return Invalid("not a JSON object");
  result.config_json = *std::move(text);
  const absl::StatusOr<const Keys*> keys = FindKeys(*json);
  if (!keys.ok()) return keys.status();

  ModelConfig& config = result.config;
  config.model_type = (*keys)->model_type;
  absl::Status status = CheckSupported(*json, **keys);
  status.Update(ReadSizes(*json, **keys, config));
  if (status.ok()) status.Update(ReadModules(directory, config));
  if (status.ok()) status.Update(ReadTruncation(directory, config));
  if (!status.ok()) return status;
  config.task =
      task.value_or(IsClassifier(*json) ? Task::kSequenceClassification : Task::kSentenceEmbedding);
  if (config.task == Task::kSequenceClassification) {
    absl::StatusOr<std::vector<std::string>> labels = ReadLabels(*json);
    if (!labels.ok()) return labels.status();
    config.labels = *std::move(labels);
  }
  result.layer_norm_epsilon =
      static_cast<float>(GetNumber(*json, "layer_norm_eps").value_or(1e-12));
  return result;
}

}  // namespace sta
