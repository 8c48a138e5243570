// SPDX-License-Identifier: Apache-2.0
#include "model_store/model/head.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

namespace sta {
namespace {

// weight: [out][in], row-major.
void Affine(std::span<const float> weight, std::span<const float> bias,
            std::span<const double> input, std::span<double> output) {
  for (size_t o = 0; o < output.size(); ++o) {
    output[o] = std::inner_product(input.begin(), input.end(),
                                   weight.begin() + static_cast<std::ptrdiff_t>(o * input.size()),
                                   static_cast<double>(bias[o]));
  }
}

}  // namespace

void PoolSentence(std::span<const int16_t> rows, double step, Pooling pooling, bool normalize,
                  std::span<float> embedding) {
  const size_t hidden = embedding.size();
  const size_t tokens = pooling == Pooling::kCls ? 1 : rows.size() / hidden;
  std::vector<int64_t> sums(hidden);  // exact
  for (size_t t = 0; t < tokens; ++t) {
    for (size_t c = 0; c < hidden; ++c) sums[c] += rows[t * hidden + c];
  }
  double scale = step / static_cast<double>(tokens);
  if (normalize) {
    double squares = 0.0;
    for (const int64_t sum : sums) squares += static_cast<double>(sum) * static_cast<double>(sum);
    if (squares > 0.0) scale = 1.0 / std::sqrt(squares);
  }
  for (size_t c = 0; c < hidden; ++c) {
    embedding[c] = static_cast<float>(static_cast<double>(sums[c]) * scale);
  }
}

void ClassifySequence(const HeadParameters& head, std::span<const int16_t> rows, double step,
                      std::span<float> logits, std::span<float> probabilities) {
  const size_t hidden = head.classifier_weight.size() / head.classifier_bias.size();
  std::vector<double> features(hidden);
  for (size_t c = 0; c < hidden; ++c) features[c] = rows[c] * step;
  if (!head.pooler_weight.empty()) {
    std::vector<double> pooled(hidden);
    Affine(head.pooler_weight, head.pooler_bias, features, pooled);
    for (size_t c = 0; c < hidden; ++c) {
      features[c] = head.pooler_is_relu ? std::max(0.0, pooled[c]) : std::tanh(pooled[c]);
    }
  }
  std::vector<double> scores(head.classifier_bias.size());
  Affine(head.classifier_weight, head.classifier_bias, features, scores);
  std::ranges::copy(scores, logits.begin());

  const double highest = *std::ranges::max_element(scores);
  double sum = 0.0;
  for (double& score : scores) sum += score = std::exp(score - highest);
  for (size_t i = 0; i < scores.size(); ++i) {
    probabilities[i] = static_cast<float>(scores[i] / sum);
  }
}

}  // namespace sta
