// SPDX-License-Identifier: Apache-2.0
//
// Lowers the parameters of an encoder to a Program: one instruction an operation, in the order of
// docs/arithmetic.md section 8, buffers reused as soon as their last reader has run.
#ifndef ACCEL_PROGRAM_COMPILER_H_
#define ACCEL_PROGRAM_COMPILER_H_

#include <memory>

#include "absl/status/statusor.h"
#include "accel/program/program.h"
#include "model_store/package/encoder_parameters.h"

namespace sta {

// Consumes `encoder` (weights are moved, not copied). INVALID_ARGUMENT where the parameters do not
// fit together; the returned Program has passed Validate().
absl::StatusOr<std::shared_ptr<const Program>> CompileProgram(EncoderParameters encoder);

}  // namespace sta

#endif  // ACCEL_PROGRAM_COMPILER_H_
