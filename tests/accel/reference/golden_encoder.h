// SPDX-License-Identifier: Apache-2.0
//
// The two-layer encoder of tests/golden/arithmetic/encoder.json as EncoderParameters.
#ifndef TESTS_ACCEL_REFERENCE_GOLDEN_ENCODER_H_
#define TESTS_ACCEL_REFERENCE_GOLDEN_ENCODER_H_

#include <nlohmann/json.hpp>

#include "model_store/package/encoder_parameters.h"

namespace sta {

// `model` is the member "model" of the golden file; throws where it is broken. The file's zeros are
// stored as 4:8 where they fit the pattern, else dense: both ways are exercised.
EncoderParameters ReadGoldenEncoder(const nlohmann::json& model);

}  // namespace sta

#endif  // TESTS_ACCEL_REFERENCE_GOLDEN_ENCODER_H_
