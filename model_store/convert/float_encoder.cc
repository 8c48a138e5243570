// SPDX-License-Identifier: Apache-2.0
#include "model_store/convert/float_encoder.h"

#include <cmath>
#include <numbers>

namespace sta {
namespace {

Matrix ApplyLinear(const FloatLinear& linear, const Matrix& rows) {
  Matrix result = rows * linear.weight.transpose();
  result.rowwise() += linear.bias.transpose();
  return result;
}

Matrix ApplyLayerNorm(const FloatLayerNorm& layer_norm, float epsilon, const Matrix& rows) {
  Matrix result(rows.rows(), rows.cols());
  for (Eigen::Index row = 0; row < rows.rows(); ++row) {
    // Double: the mean of squares of large outliers would lose the small channels.
    const Eigen::RowVectorXd centered =
        rows.row(row).cast<double>().array() - rows.row(row).cast<double>().mean();
    const double variance = centered.squaredNorm() / static_cast<double>(rows.cols());
    const Eigen::RowVectorXf normalized =
        (centered / std::sqrt(variance + static_cast<double>(epsilon))).cast<float>();
    result.row(row) =
        normalized.cwiseProduct(layer_norm.gamma.transpose()) + layer_norm.beta.transpose();
  }
  return result;
}

Matrix ApplyGelu(Matrix rows) {
  return rows.unaryExpr(
      [](float x) { return 0.5f * x * (1.0f + std::erf(x / std::numbers::sqrt2_v<float>)); });
}

// One head of one sequence: softmax(q k^T / sqrt(d)) v.
Matrix Attend(const Matrix& query, const Matrix& key, const Matrix& value) {
  Matrix scores = query * key.transpose() / std::sqrt(static_cast<float>(query.cols()));
  for (Eigen::Index row = 0; row < scores.rows(); ++row) {
    scores.row(row) = (scores.row(row).array() - scores.row(row).maxCoeff()).exp();
    scores.row(row) /= scores.row(row).sum();
  }
  return scores * value;
}

Matrix ApplyAttention(const Matrix& query, const Matrix& key, const Matrix& value, int64_t heads,
                      std::span<const TokenSequence> sequences) {
  Matrix context(query.rows(), query.cols());
  const Eigen::Index size = query.cols() / heads;
  Eigen::Index first = 0;
  for (const TokenSequence& sequence : sequences) {
    const auto length = static_cast<Eigen::Index>(sequence.ids.size());
    for (Eigen::Index column = 0; column < query.cols(); column += size) {
      const auto head = [&](const Matrix& rows) {
        return Matrix(rows.block(first, column, length, size));
      };
      context.block(first, column, length, size) = Attend(head(query), head(key), head(value));
    }
    first += length;
  }
  return context;
}

Matrix Embed(const FloatEncoder& encoder, std::span<const TokenSequence> sequences) {
  Eigen::Index tokens = 0;
  for (const TokenSequence& sequence : sequences) tokens += std::ssize(sequence.ids);
  Matrix rows(tokens, encoder.word.cols());
  Eigen::Index row = 0;
  for (const TokenSequence& sequence : sequences) {
    for (size_t i = 0; i < sequence.ids.size(); ++i, ++row) {
      const auto position = static_cast<Eigen::Index>(i) + encoder.config.position_offset;
      rows.row(row) = encoder.word.row(sequence.ids[i]) + encoder.position.row(position);
      if (encoder.token_type.rows() > 0) {
        rows.row(row) += encoder.token_type.row(sequence.types.empty() ? 0 : sequence.types[i]);
      }
    }
  }
  return rows;
}

Vector Pool(const ModelConfig& config, const Matrix& hidden) {
  Vector pooled = config.pooling == Pooling::kCls ? Vector(hidden.row(0).transpose())
                                                  : Vector(hidden.colwise().mean().transpose());
  if (config.normalize) pooled.normalize();
  return pooled;
}

}  // namespace

Matrix FloatEncoder::Forward(std::span<const TokenSequence> sequences, TapSink* taps) const {
  Matrix x = ApplyLayerNorm(embedding_layer_norm, layer_norm_epsilon, Embed(*this, sequences));
  for (size_t i = 0; i < layers.size(); ++i) {
    const FloatLayer& layer = layers[i];
    const auto record = [&](Tap tap, const Matrix& rows) {
      if (taps != nullptr) taps->Record(i, tap, rows);
    };
    record(Tap::kAttentionInput, x);
    const Matrix query = ApplyLinear(layer.query, x);
    const Matrix key = ApplyLinear(layer.key, x);
    const Matrix value = ApplyLinear(layer.value, x);
    record(Tap::kQuery, query);
    record(Tap::kKey, key);
    record(Tap::kValue, value);
    const Matrix context = ApplyAttention(query, key, value, config.head_count, sequences);
    record(Tap::kContext, context);
    const Matrix attention = ApplyLinear(layer.attention_output, context);
    record(Tap::kAttentionOutput, attention);
    const Matrix attention_sum = x + attention;
    record(Tap::kAttentionSum, attention_sum);
    const Matrix h = ApplyLayerNorm(layer.attention_layer_norm, layer_norm_epsilon, attention_sum);
    record(Tap::kIntermediateInput, h);
    const Matrix gelu = ApplyGelu(ApplyLinear(layer.intermediate, h));
    record(Tap::kGeluOutput, gelu);
    const Matrix output = ApplyLinear(layer.output, gelu);
    record(Tap::kOutput, output);
    const Matrix output_sum = h + output;
    record(Tap::kOutputSum, output_sum);
    x = ApplyLayerNorm(layer.output_layer_norm, layer_norm_epsilon, output_sum);
    if (i + 1 == layers.size()) record(Tap::kFinal, x);
  }
  return x;
}

std::vector<Vector> FloatEncoder::SentenceVectors(std::span<const TokenSequence> sequences) const {
  const Matrix hidden = Forward(sequences, nullptr);
  std::vector<Vector> vectors;
  Eigen::Index first = 0;
  for (const TokenSequence& sequence : sequences) {
    const auto length = static_cast<Eigen::Index>(sequence.ids.size());
    vectors.push_back(Pool(config, hidden.middleRows(first, length)));
    first += length;
  }
  return vectors;
}

}  // namespace sta
