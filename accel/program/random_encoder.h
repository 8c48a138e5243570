// SPDX-License-Identifier: Apache-2.0
//
// Random but plausible encoders, for tests and for probing devices: multipliers and shifts are
// chosen so that activations spread over their ranges instead of saturating or vanishing, whatever
// the sizes and patterns.
//
//   EncoderParameters encoder = RandomEncoder({.seed = 7, .pattern = {2, 8}});
//
// Deterministic in its options.
#ifndef ACCEL_PROGRAM_RANDOM_ENCODER_H_
#define ACCEL_PROGRAM_RANDOM_ENCODER_H_

#include <cstdint>

#include "model_store/codec/pattern.h"
#include "model_store/package/encoder_parameters.h"

namespace sta {

struct RandomEncoderOptions {
  uint64_t seed = 1;
  int64_t hidden_size = 32;  // a multiple of `heads`
  int64_t intermediate_size = 64;
  int64_t layers = 2;
  int32_t heads = 2;
  Pattern pattern = Pattern::Dense();  // of every matrix
};

EncoderParameters RandomEncoder(const RandomEncoderOptions& options);

// A random matrix whose kept weights are spread over -127..127.
NmMatrix RandomMatrix(uint64_t seed, int64_t rows, int64_t columns, Pattern pattern);

}  // namespace sta

#endif  // ACCEL_PROGRAM_RANDOM_ENCODER_H_
