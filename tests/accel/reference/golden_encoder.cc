// SPDX-License-Identifier: Apache-2.0
#include "tests/accel/reference/golden_encoder.h"

#include <cstdint>
#include <stdexcept>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "model_store/codec/nm_matrix.h"

namespace sta {
namespace {

using nlohmann::json;

NmMatrix ReadMatrix(const json& rows) {
  std::vector<int8_t> dense;
  for (const json& row : rows) {
    for (const json& weight : row) dense.push_back(weight.get<int8_t>());
  }
  const auto row_count = static_cast<int64_t>(rows.size());
  const auto column_count = static_cast<int64_t>(rows[0].size());
  absl::StatusOr<NmMatrix> sparse = NmMatrix::FromDense(dense, row_count, column_count, {4, 8});
  if (sparse.ok()) return *std::move(sparse);
  absl::StatusOr<NmMatrix> matrix =
      NmMatrix::FromDense(dense, row_count, column_count, Pattern::Dense());
  if (!matrix.ok()) throw std::runtime_error(matrix.status().ToString());
  return *std::move(matrix);
}

LinearParameters ReadLinear(const json& linear) {
  return {.weights = ReadMatrix(linear["w"]),
          .bias = linear["b"],
          .shift = linear["s"],
          .multiplier = linear["m"]};
}

LayerNormParameters ReadLayerNorm(const json& layer_norm) {
  return {.gain = layer_norm["g"], .bias = layer_norm["b"], .epsilon = layer_norm["eps"]};
}

LayerParameters ReadLayer(const json& layer, int32_t heads) {
  LayerParameters result;
  result.attention_view.multiplier = layer["kx"].get<std::vector<int16_t>>();
  result.query = ReadLinear(layer["q"]);
  result.key = ReadLinear(layer["k"]);
  result.value = ReadLinear(layer["v"]);
  result.attention = {.heads = heads,
                      .logit_shift = layer["lg"]["s"],
                      .logit_multiplier = layer["lg"]["m"],
                      .context_shift = layer["pv"]["k"],
                      .context_multiplier = layer["pv"]["cm"]};
  result.attention_output = ReadLinear(layer["o"]);
  result.attention_layer_norm = ReadLayerNorm(layer["ln1"]);
  result.intermediate_view.multiplier = layer["kh"].get<std::vector<int16_t>>();
  result.intermediate = ReadLinear(layer["f1"]);
  result.gelu.channel_class = layer["cls"].get<std::vector<uint8_t>>();
  for (size_t t = 0; t < 2; ++t) {
    for (size_t i = 0; i < 256; ++i) result.gelu.tables[t][i] = layer["gelu"][t][i].get<int8_t>();
  }
  result.output = ReadLinear(layer["f2"]);
  result.output_layer_norm = ReadLayerNorm(layer["ln2"]);
  return result;
}

}  // namespace

EncoderParameters ReadGoldenEncoder(const json& model) {
  EncoderParameters encoder;
  encoder.hidden_size = model["H"];
  encoder.embedding_layer_norm = ReadLayerNorm(model["ln_e"]);
  for (const json& layer : model["layers"]) {
    encoder.layers.push_back(ReadLayer(layer, model["heads"]));
  }
  encoder.intermediate_size = encoder.layers.front().intermediate.weights.rows;
  encoder.output_step = model["S_out"];
  return encoder;
}

}  // namespace sta
