// SPDX-License-Identifier: Apache-2.0
//
// FloatEncoder: a post-LN encoder in float32 and its forward pass: the referee of model accuracy
// and the source of calibration statistics. Weights are [out][in].
//
//   Matrix hidden = encoder.Forward(sequences, nullptr);      // [tokens][hidden]
//
// Plain data; Forward is const and thread-safe.
#ifndef MODEL_STORE_CONVERT_FLOAT_ENCODER_H_
#define MODEL_STORE_CONVERT_FLOAT_ENCODER_H_

#include <Eigen/Core>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "model_store/package/encoder_parameters.h"
#include "model_store/package/model_config.h"
#include "model_store/tokenizer/token_sequence.h"

namespace sta {

using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Vector = Eigen::VectorXf;

struct FloatLinear {
  std::string name;  // of the weight, as packages call it: "encoder.layer.0....query.weight"
  Matrix weight;     // [out][in]
  Vector bias;       // [out]
};

struct FloatLayerNorm {
  Vector gamma;
  Vector beta;
};

struct FloatLayer {
  FloatLinear query, key, value, attention_output, intermediate, output;
  FloatLayerNorm attention_layer_norm, output_layer_norm;

  // All six, in the order in which they run.
  std::vector<FloatLinear*> Linears() {
    return {&query, &key, &value, &attention_output, &intermediate, &output};
  }
};

// Places of a layer where calibration looks.
enum class Tap {
  kAttentionInput,  // x: what q, k and v are computed from
  kQuery,
  kKey,
  kValue,
  kContext,            // c
  kAttentionOutput,    // o, before the sum
  kAttentionSum,       // x + o
  kIntermediateInput,  // h
  kGeluOutput,
  kOutput,     // f, before the sum
  kOutputSum,  // h + f
  kFinal,      // the layer's result, of the last layer only
};
inline constexpr size_t kTapCount = 12;

class TapSink {
 public:
  virtual ~TapSink() = default;
  // `rows` is [tokens][width].
  virtual void Record(size_t layer, Tap tap, const Matrix& rows) = 0;
};

struct FloatEncoder {
  ModelConfig config;
  float layer_norm_epsilon = 1e-12f;
  Matrix word;        // [vocabulary][hidden]
  Matrix position;    // [max_sequence_tokens + position_offset][hidden]
  Matrix token_type;  // [types][hidden]; no rows where the model has no types
  FloatLayerNorm embedding_layer_norm;
  std::vector<FloatLayer> layers;
  HeadParameters head;

  // Runs sequences packed end to end; `taps` may be null. Returns the last hidden states
  // [tokens][hidden]. Ids, types and lengths were checked.
  Matrix Forward(std::span<const TokenSequence> sequences, TapSink* taps) const;

  // One vector a sequence: the sentence embedding as the config pools and normalizes it (mean
  // pooling for models of another task).
  std::vector<Vector> SentenceVectors(std::span<const TokenSequence> sequences) const;
};

}  // namespace sta

#endif  // MODEL_STORE_CONVERT_FLOAT_ENCODER_H_
