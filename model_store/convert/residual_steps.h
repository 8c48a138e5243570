// SPDX-License-Identifier: Apache-2.0
//
// Steps of the residual stream: docs/arithmetic.md section 9.2. Internal to this folder; pure.
#ifndef MODEL_STORE_CONVERT_RESIDUAL_STEPS_H_
#define MODEL_STORE_CONVERT_RESIDUAL_STEPS_H_

#include <vector>

#include "model_store/convert/calibration.h"

namespace sta {

struct ResidualSteps {
  // S before each LayerNorm: two a layer, then S_out. steps[2i] belongs to the sum with attention
  // of layer i, steps[2i + 1] to the sum with its feed-forward part.
  std::vector<double> steps;

  double AttentionSum(size_t layer) const { return steps[2 * layer]; }
  double OutputSum(size_t layer) const { return steps[2 * layer + 1]; }
  // Of the rows that layer `layer` hands on: the next layer's first sum, or S_out.
  double LayerOutput(size_t layer) const { return steps[2 * layer + 2]; }
};

ResidualSteps ChooseResidualSteps(const FloatEncoder& encoder, const Calibration& calibration);

}  // namespace sta

#endif  // MODEL_STORE_CONVERT_RESIDUAL_STEPS_H_
