// SPDX-License-Identifier: Apache-2.0
//
// PackedMatrix: owns a weight matrix in the layout of one instruction set's `linear` kernel. Made
// once at load, then read-only.
#ifndef ACCEL_EMULATOR_PACKED_MATRIX_H_
#define ACCEL_EMULATOR_PACKED_MATRIX_H_

#include <cstdint>

#include "accel/emulator/aligned_buffer.h"
#include "accel/emulator/kernels.h"

namespace sta::emulator {

struct PackedMatrix {
  int64_t input_chunks = 0;
  int64_t output_channels = 0;
  int64_t steps = 0;
  bool is_dense = false;
  AlignedBuffer<uint8_t> weights;
  AlignedBuffer<uint8_t> patterns;

  MatrixView View() const {
    return {.weights = weights.data(),
            .patterns = patterns.data(),
            .input_chunks = input_chunks,
            .output_channels = output_channels,
            .steps = steps,
            .is_dense = is_dense};
  }
  int64_t size_bytes() const { return weights.size() + patterns.size(); }
};

}  // namespace sta::emulator

#endif  // ACCEL_EMULATOR_PACKED_MATRIX_H_
