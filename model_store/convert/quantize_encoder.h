// SPDX-License-Identifier: Apache-2.0
//
// A calibrated float encoder to the integers of a package: docs/arithmetic.md section 9, items 1 to
// 8. Pure; thread-safe.
#ifndef MODEL_STORE_CONVERT_QUANTIZE_ENCODER_H_
#define MODEL_STORE_CONVERT_QUANTIZE_ENCODER_H_

#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "model_store/codec/pattern.h"
#include "model_store/convert/calibration.h"
#include "model_store/convert/float_encoder.h"
#include "model_store/package/encoder_parameters.h"

namespace sta {

// `patterns` has every matrix by name, and the weights fit theirs; `embedding_step` is S_e.
// INVALID_ARGUMENT names the matrix or LayerNorm whose numbers do not fit the integer formats.
absl::StatusOr<EncoderParameters> QuantizeEncoder(const FloatEncoder& encoder,
                                                  const Calibration& calibration,
                                                  const std::map<std::string, Pattern>& patterns,
                                                  double embedding_step);

}  // namespace sta

#endif  // MODEL_STORE_CONVERT_QUANTIZE_ENCODER_H_
