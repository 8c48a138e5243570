// SPDX-License-Identifier: Apache-2.0
//
// Range checks of a Program's constants, one function a table: internal to accel/program. Each
// returns INVALID_ARGUMENT with what is wrong, the value and what is allowed; the caller says
// where.
#ifndef ACCEL_PROGRAM_CONSTANTS_CHECK_H_
#define ACCEL_PROGRAM_CONSTANTS_CHECK_H_

#include "absl/status/status.h"
#include "model_store/package/encoder_parameters.h"

namespace sta {

absl::Status CheckLinear(const LinearParameters& linear);
absl::Status CheckLayerNorm(const LayerNormParameters& layer_norm);
absl::Status CheckInt8View(const Int8ViewParameters& view);
absl::Status CheckGelu(const GeluParameters& gelu);
absl::Status CheckAttention(const AttentionParameters& attention);

}  // namespace sta

#endif  // ACCEL_PROGRAM_CONSTANTS_CHECK_H_
