// SPDX-License-Identifier: Apache-2.0
#include "model_store/convert/residual_steps.h"

#include <algorithm>
#include <cmath>

namespace sta {
namespace {

// Room that the LayerNorm which feeds a sum needs: its largest possible output.
double LayerNormReach(const FloatLayerNorm& layer_norm) {
  const double gamma = layer_norm.gamma.cwiseAbs().maxCoeff();
  const double beta = layer_norm.beta.cwiseAbs().maxCoeff();
  return std::max(gamma * std::sqrt(static_cast<double>(layer_norm.gamma.size())), beta);
}

double SumStep(const TapStatistics& projection, const TapStatistics& sum,
               const FloatLayerNorm& feeding) {
  // Twice the projection keeps acc >> s inside int16 for the smallest multiplier.
  return std::max({2.0 * projection.Maximum(), 1.25 * sum.Maximum(), LayerNormReach(feeding)}) /
         32767.0;
}

}  // namespace

ResidualSteps ChooseResidualSteps(const FloatEncoder& encoder, const Calibration& calibration) {
  ResidualSteps result;
  const FloatLayerNorm* feeding = &encoder.embedding_layer_norm;
  for (size_t i = 0; i < encoder.layers.size(); ++i) {
    const FloatLayer& layer = encoder.layers[i];
    result.steps.push_back(SumStep(calibration.At(i, Tap::kAttentionOutput),
                                   calibration.At(i, Tap::kAttentionSum), *feeding));
    result.steps.push_back(SumStep(calibration.At(i, Tap::kOutput),
                                   calibration.At(i, Tap::kOutputSum), layer.attention_layer_norm));
    feeding = &layer.output_layer_norm;
  }
  const TapStatistics& final_rows = calibration.At(encoder.layers.size() - 1, Tap::kFinal);
  result.steps.push_back(std::max(1.25 * final_rows.Maximum(), LayerNormReach(*feeding)) / 32767.0);
  return result;
}

}  // namespace sta
