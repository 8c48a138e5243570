// SPDX-License-Identifier: Apache-2.0
#include "model_store/package/encoder_tensors.h"

#include <map>
#include <string>
#include <utility>

#include "model_store/codec/matrix_codec.h"
#include "model_store/package/tensor_access.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

// The walk below names every tensor once; a reader and a writer go along it, so that what is
// written is what is read. A walker has Matrix(name, matrix, rows, columns) and
// Vector(name, values, shape); both remember the first error.

template <typename Walker, typename Linear>
void WalkLinear(Walker& walker, const std::string& name, Linear& linear, int64_t rows,
                int64_t columns) {
  walker.Matrix(name + ".weight", linear.weights, rows, columns);
  walker.Vector(name + ".bias", linear.bias, {rows});
  walker.Vector(name + ".shift", linear.shift, {rows});
  walker.Vector(name + ".multiplier", linear.multiplier, {rows});
}

template <typename Walker, typename LayerNorm>
void WalkLayerNorm(Walker& walker, const std::string& name, LayerNorm& layer_norm, int64_t width) {
  walker.Vector(name + ".gain", layer_norm.gain, {width});
  walker.Vector(name + ".bias", layer_norm.bias, {width});
  std::vector<int64_t> epsilon = {layer_norm.epsilon};
  walker.Vector(name + ".epsilon", epsilon, {1});
  if constexpr (Walker::kReads) layer_norm.epsilon = epsilon.front();
}

template <typename Walker, typename Attention>
void WalkAttention(Walker& walker, const std::string& name, Attention& attention) {
  std::vector<int32_t> scales = {attention.logit_shift, attention.logit_multiplier,
                                 attention.context_shift, attention.context_multiplier};
  walker.Vector(name + ".requantization", scales, {4});
  if constexpr (Walker::kReads) {
    attention.logit_shift = scales[0];
    attention.logit_multiplier = scales[1];
    attention.context_shift = scales[2];
    attention.context_multiplier = scales[3];
  }
}

template <typename Walker, typename Gelu>
void WalkGelu(Walker& walker, const std::string& name, Gelu& gelu, int64_t width) {
  walker.Vector(name + ".class", gelu.channel_class, {width});
  std::vector<int8_t> tables;
  for (const auto& table : gelu.tables) tables.insert(tables.end(), table.begin(), table.end());
  walker.Vector(name + ".tables", tables, {2, 256});
  if constexpr (Walker::kReads) {
    for (size_t t = 0; t < 2; ++t) {
      std::copy_n(tables.begin() + static_cast<std::ptrdiff_t>(t * 256), 256,
                  gelu.tables[t].begin());
    }
  }
}

template <typename Walker, typename Layer>
void WalkLayer(Walker& walker, const std::string& name, Layer& layer, int64_t hidden,
               int64_t intermediate) {
  const std::string self = name + ".attention.self";
  walker.Vector(self + ".view", layer.attention_view.multiplier, {hidden});
  WalkLinear(walker, self + ".query", layer.query, hidden, hidden);
  WalkLinear(walker, self + ".key", layer.key, hidden, hidden);
  WalkLinear(walker, self + ".value", layer.value, hidden, hidden);
  WalkAttention(walker, self, layer.attention);
  WalkLinear(walker, name + ".attention.output.dense", layer.attention_output, hidden, hidden);
  WalkLayerNorm(walker, name + ".attention.output.LayerNorm", layer.attention_layer_norm, hidden);
  walker.Vector(name + ".intermediate.view", layer.intermediate_view.multiplier, {hidden});
  WalkLinear(walker, name + ".intermediate.dense", layer.intermediate, intermediate, hidden);
  WalkGelu(walker, name + ".intermediate.gelu", layer.gelu, intermediate);
  WalkLinear(walker, name + ".output.dense", layer.output, hidden, intermediate);
  WalkLayerNorm(walker, name + ".output.LayerNorm", layer.output_layer_norm, hidden);
}

template <typename Walker, typename Encoder>
void WalkEncoder(Walker& walker, Encoder& encoder) {
  WalkLayerNorm(walker, "embeddings.LayerNorm", encoder.embedding_layer_norm, encoder.hidden_size);
  for (size_t i = 0; i < encoder.layers.size(); ++i) {
    WalkLayer(walker, StrCat("encoder.layer.", i), encoder.layers[i], encoder.hidden_size,
              encoder.intermediate_size);
  }
}

class WriteWalker {
 public:
  static constexpr bool kReads = false;

  WriteWalker(SafetensorsWriter& writer, std::vector<MatrixEntry>& matrices)
      : writer_(writer), matrices_(matrices) {}

  void Matrix(const std::string& name, const NmMatrix& matrix, int64_t rows, int64_t columns) {
    absl::Status valid = matrix.Validate();
    if (valid.ok() && (matrix.rows != rows || matrix.columns != columns)) {
      valid = absl::InvalidArgumentError(StrCat("is ", matrix.rows, " x ", matrix.columns,
                                                ", expected is ", rows, " x ", columns));
    }
    if (!valid.ok()) {
      status_.Update(absl::InvalidArgumentError(StrCat("matrix '", name, "': ", valid.message())));
      return;
    }
    const EncodedMatrix encoded = EncodeMatrix(matrix);
    AddTensor<uint8_t>(writer_, name + ".values", {std::ssize(encoded.values)}, encoded.values);
    AddTensor<uint8_t>(writer_, name + ".positions", {std::ssize(encoded.positions)},
                       encoded.positions);
    matrices_.push_back({.name = name,
                         .rows = rows,
                         .columns = columns,
                         .pattern = matrix.pattern,
                         .value_bytes = std::ssize(encoded.values),
                         .position_bytes = std::ssize(encoded.positions),
                         .values_compressed = encoded.values_compressed});
  }

  template <typename T>
  void Vector(const std::string& name, const std::vector<T>& values, std::vector<int64_t> shape) {
    AddTensor<T>(writer_, name, std::move(shape), values);
  }

  const absl::Status& status() const { return status_; }

 private:
  SafetensorsWriter& writer_;
  std::vector<MatrixEntry>& matrices_;
  absl::Status status_;
};

class ReadWalker {
 public:
  static constexpr bool kReads = true;

  ReadWalker(const SafetensorsFile& file, const Manifest& manifest) : file_(file) {
    for (const MatrixEntry& entry : manifest.matrices) entries_[entry.name] = &entry;
  }

  void Matrix(const std::string& name, NmMatrix& matrix, int64_t rows, int64_t columns) {
    if (!status_.ok()) return;
    absl::StatusOr<NmMatrix> decoded = Decode(name, rows, columns);
    if (decoded.ok()) {
      matrix = *std::move(decoded);
    } else {
      status_ = absl::DataLossError(StrCat("matrix '", name, "': ", decoded.status().message()));
    }
  }

  // On an error `values` keeps its size, so that the walk may go on.
  template <typename T>
  void Vector(const std::string& name, std::vector<T>& values, const std::vector<int64_t>& shape) {
    if (!status_.ok()) return;
    absl::StatusOr<std::vector<T>> read = ReadTensor<T>(file_, name, shape);
    if (read.ok()) {
      values = *std::move(read);
    } else {
      status_ = read.status();
    }
  }

  const absl::Status& status() const { return status_; }

 private:
  absl::StatusOr<NmMatrix> Decode(const std::string& name, int64_t rows, int64_t columns) const {
    const auto found = entries_.find(name);
    if (found == entries_.end()) return absl::DataLossError("the manifest does not list it");
    const MatrixEntry& entry = *found->second;
    if (entry.rows != rows || entry.columns != columns) {
      return absl::DataLossError(StrCat("the manifest says ", entry.rows, " x ", entry.columns,
                                        ", the config ", rows, " x ", columns));
    }
    const absl::StatusOr<TensorView> values =
        FindTensor<uint8_t>(file_, name + ".values", {entry.value_bytes});
    if (!values.ok()) return values.status();
    const absl::StatusOr<TensorView> positions =
        FindTensor<uint8_t>(file_, name + ".positions", {entry.position_bytes});
    if (!positions.ok()) return positions.status();
    const auto bytes = [](const TensorView& view) {
      return std::span(reinterpret_cast<const uint8_t*>(view.data.data()), view.data.size());
    };
    return DecodeMatrix(rows, columns, entry.pattern,
                        {.values_compressed = entry.values_compressed,
                         .values = bytes(*values),
                         .positions = bytes(*positions)});
  }

  const SafetensorsFile& file_;
  std::map<std::string, const MatrixEntry*> entries_;
  absl::Status status_;
};

}  // namespace

absl::Status WriteEncoderTensors(const EncoderParameters& encoder, SafetensorsWriter& writer,
                                 std::vector<MatrixEntry>& matrices) {
  WriteWalker walker(writer, matrices);
  WalkEncoder(walker, encoder);
  return walker.status();
}

absl::StatusOr<EncoderParameters> ReadEncoderTensors(const SafetensorsFile& file,
                                                     const ModelConfig& config,
                                                     const Manifest& manifest) {
  EncoderParameters encoder;
  encoder.hidden_size = config.hidden_size;
  encoder.intermediate_size = config.intermediate_size;
  encoder.output_step = manifest.output_step;
  encoder.layers.resize(static_cast<size_t>(config.layer_count));
  for (LayerParameters& layer : encoder.layers) {
    layer.attention.heads = static_cast<int32_t>(config.head_count);
  }
  ReadWalker walker(file, manifest);
  WalkEncoder(walker, encoder);
  if (!walker.status().ok()) return walker.status();
  return encoder;
}

}  // namespace sta
