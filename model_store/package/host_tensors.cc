// SPDX-License-Identifier: Apache-2.0
//
// Embedding tables and heads: what the host computes with.
#include <algorithm>
#include <cmath>
#include <utility>

#include "model_store/package/encoder_tensors.h"
#include "model_store/package/tensor_access.h"

namespace sta {
namespace {

constexpr int32_t kMaxWideningShift = 15;

void WriteTable(const EmbeddingTableView& table, const std::string& name,
                SafetensorsWriter& writer) {
  if (table.rows == 0) return;
  const auto rows = static_cast<size_t>(table.rows);
  const auto columns = static_cast<size_t>(table.columns);
  AddTensor<int8_t>(writer, name + ".codes", {table.rows, table.columns},
                    std::span(table.codes, rows * columns));
  AddTensor<int16_t>(writer, name + ".multipliers", {table.rows},
                     std::span(table.multipliers, rows));
  AddTensor<int32_t>(writer, name + ".shift", {1}, std::span(&table.shift, 1));
}

absl::StatusOr<EmbeddingTableView> ReadTable(const SafetensorsFile& file, const std::string& name,
                                             int64_t rows, int64_t columns) {
  EmbeddingTableView table;
  if (rows == 0) return table;
  const absl::StatusOr<TensorView> codes =
      FindTensor<int8_t>(file, name + ".codes", {rows, columns});
  if (!codes.ok()) return codes.status();
  const absl::StatusOr<TensorView> multipliers =
      FindTensor<int16_t>(file, name + ".multipliers", {rows});
  if (!multipliers.ok()) return multipliers.status();
  const absl::StatusOr<std::vector<int32_t>> shift =
      ReadTensor<int32_t>(file, name + ".shift", {1});
  if (!shift.ok()) return shift.status();
  if (shift->front() < 0 || shift->front() > kMaxWideningShift) {
    return absl::DataLossError(StrCat("tensor '", name, ".shift' is ", shift->front(),
                                      ", allowed are 0..", kMaxWideningShift));
  }
  if (reinterpret_cast<uintptr_t>(multipliers->data.data()) % alignof(int16_t) != 0) {
    return absl::DataLossError(StrCat("tensor '", name, ".multipliers' is not aligned"));
  }
  table = {.rows = rows,
           .columns = columns,
           .codes = reinterpret_cast<const int8_t*>(codes->data.data()),
           .multipliers = reinterpret_cast<const int16_t*>(multipliers->data.data()),
           .shift = shift->front()};
  const std::span all(table.multipliers, static_cast<size_t>(rows));
  if (std::ranges::any_of(all, [](int16_t multiplier) { return multiplier < 0; })) {
    return absl::DataLossError(StrCat("tensor '", name, ".multipliers' holds a negative number"));
  }
  return table;
}

absl::StatusOr<std::vector<float>> ReadFinite(const SafetensorsFile& file, const std::string& name,
                                              const std::vector<int64_t>& shape) {
  absl::StatusOr<std::vector<float>> values = ReadTensor<float>(file, name, shape);
  if (values.ok() && !std::ranges::all_of(*values, [](float v) { return std::isfinite(v); })) {
    return absl::DataLossError(StrCat("tensor '", name, "' holds a number that is not finite"));
  }
  return values;
}

}  // namespace

absl::Status WriteEmbeddingTensors(const EmbeddingTables& tables, SafetensorsWriter& writer) {
  if (tables.word.rows < 1 || tables.position.rows < 1) {
    return absl::InvalidArgumentError("a model needs word and position embeddings");
  }
  WriteTable(tables.word, "embeddings.word_embeddings", writer);
  WriteTable(tables.position, "embeddings.position_embeddings", writer);
  WriteTable(tables.token_type, "embeddings.token_type_embeddings", writer);
  return absl::OkStatus();
}

absl::StatusOr<EmbeddingTables> ReadEmbeddingTensors(const SafetensorsFile& file,
                                                     const ModelConfig& config) {
  EmbeddingTables tables;
  for (const auto& [name, rows, out] :
       {std::tuple{"embeddings.word_embeddings", config.vocabulary_size, &tables.word},
        std::tuple{"embeddings.position_embeddings",
                   config.max_sequence_tokens + config.position_offset, &tables.position},
        std::tuple{"embeddings.token_type_embeddings", config.token_type_count,
                   &tables.token_type}}) {
    absl::StatusOr<EmbeddingTableView> table = ReadTable(file, name, rows, config.hidden_size);
    if (!table.ok()) return table.status();
    *out = *table;
  }
  return tables;
}

void WriteHeadTensors(const HeadParameters& head, const ModelConfig& config,
                      SafetensorsWriter& writer) {
  if (!head.pooler_weight.empty()) {
    AddTensor<float>(writer, "pooler.dense.weight", {config.hidden_size, config.hidden_size},
                     head.pooler_weight);
    AddTensor<float>(writer, "pooler.dense.bias", {config.hidden_size}, head.pooler_bias);
    const uint8_t is_relu = head.pooler_is_relu ? 1 : 0;
    AddTensor<uint8_t>(writer, "pooler.activation", {1}, std::span(&is_relu, 1));
  }
  if (!head.classifier_weight.empty()) {
    const auto labels = std::ssize(config.labels);
    AddTensor<float>(writer, "classifier.weight", {labels, config.hidden_size},
                     head.classifier_weight);
    AddTensor<float>(writer, "classifier.bias", {labels}, head.classifier_bias);
  }
}

absl::StatusOr<HeadParameters> ReadHeadTensors(const SafetensorsFile& file,
                                               const ModelConfig& config) {
  HeadParameters head;
  const int64_t hidden = config.hidden_size;
  const int64_t labels = std::ssize(config.labels);
  struct Wanted {
    std::string name;
    std::vector<int64_t> shape;
    std::vector<float>* out;
  };
  std::vector<Wanted> wanted;
  if (file.Contains("pooler.dense.weight")) {
    wanted.push_back({"pooler.dense.weight", {hidden, hidden}, &head.pooler_weight});
    wanted.push_back({"pooler.dense.bias", {hidden}, &head.pooler_bias});
    const absl::StatusOr<std::vector<uint8_t>> activation =
        ReadTensor<uint8_t>(file, "pooler.activation", {1});
    if (!activation.ok()) return activation.status();
    if (activation->front() > 1) {
      return absl::DataLossError(StrCat("tensor 'pooler.activation' is ", activation->front(),
                                        ", allowed are 0 (tanh) and 1 (ReLU)"));
    }
    head.pooler_is_relu = activation->front() == 1;
  }
  if (config.task == Task::kSequenceClassification) {
    wanted.push_back({"classifier.weight", {labels, hidden}, &head.classifier_weight});
    wanted.push_back({"classifier.bias", {labels}, &head.classifier_bias});
  }
  for (const Wanted& tensor : wanted) {
    absl::StatusOr<std::vector<float>> values = ReadFinite(file, tensor.name, tensor.shape);
    if (!values.ok()) return values.status();
    *tensor.out = *std::move(values);
  }
  return head;
}

}  // namespace sta
