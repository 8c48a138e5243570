// SPDX-License-Identifier: Apache-2.0
//
// Steps on a block of rows in plain code: moving rows in and out, and the operations that a
// compiled encoder has fused into a kernel but a Program may have on their own. Layouts as in
// kernels.h. Pure; thread-safe.
#ifndef ACCEL_EMULATOR_UNFUSED_STEPS_H_
#define ACCEL_EMULATOR_UNFUSED_STEPS_H_

#include <cstdint>

#include "model_store/package/encoder_parameters.h"

namespace sta::emulator {

// `rows` rows of `width` values, dense outside, at the stride of an int16 slot inside.
void LoadRows(const int16_t* from, int64_t width, int64_t rows, int16_t* slot);
void StoreRows(const int16_t* slot, int64_t width, int64_t rows, int16_t* to);

void Int8View(const Int8ViewParameters& view, int64_t rows, uint8_t zero_code, const int16_t* x,
              int64_t chunk_stride, uint8_t* y);
void Gelu(const GeluParameters& gelu, int64_t rows, uint8_t zero_code, int64_t chunk_stride,
          const uint8_t* x, uint8_t* y);
void ResidualAdd(int64_t width, int64_t rows, const int16_t* x, const int16_t* y, int16_t* sum);

}  // namespace sta::emulator

#endif  // ACCEL_EMULATOR_UNFUSED_STEPS_H_
