// SPDX-License-Identifier: Apache-2.0
//
// Calibration: what the activations of a float encoder look like on text, as docs/arithmetic.md
// section 9 asks: absolute maxima and second moments per channel, and a sample of rows, at every
// tap of every layer.
#ifndef MODEL_STORE_CONVERT_CALIBRATION_H_
#define MODEL_STORE_CONVERT_CALIBRATION_H_

#include <array>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "model_store/convert/float_encoder.h"

namespace sta {

struct TapStatistics {
  Vector absolute_maximum;         // per channel, A_c
  Eigen::VectorXd sum_of_squares;  // per channel
  int64_t rows = 0;
  Matrix sample;  // [sampled rows][channels]

  float Maximum() const { return absolute_maximum.maxCoeff(); }
  // E[x_c^2].
  Eigen::VectorXd MeanSquare() const { return sum_of_squares / static_cast<double>(rows); }
};

struct Calibration {
  // [layer][tap]; kFinal in the last layer only.
  std::vector<std::array<TapStatistics, kTapCount>> layers;

  const TapStatistics& At(size_t layer, Tap tap) const {
    return layers[layer][static_cast<size_t>(tap)];
  }
};

// Runs the encoder over all sequences on `threads` threads. The result depends on neither their
// number nor their timing. `progress` is called with (done, total) sequences, one call at a time.
Calibration Calibrate(const FloatEncoder& encoder, std::span<const TokenSequence> sequences,
                      int threads, const std::function<void(int64_t, int64_t)>& progress);

}  // namespace sta

#endif  // MODEL_STORE_CONVERT_CALIBRATION_H_
