// SPDX-License-Identifier: Apache-2.0
//
// The kernels of the set avx512, see ../kernels.h. Internal to this folder.
#ifndef ACCEL_EMULATOR_AVX512_AVX512_H_
#define ACCEL_EMULATOR_AVX512_AVX512_H_

#include "accel/emulator/kernels.h"

namespace sta::emulator::avx512 {

PackedMatrix Pack(const NmMatrix& matrix);
void Linear(const LinearArgs& args);
void LayerNorm(const LayerNormArgs& args);
void Attention(const AttentionArgs& args);

}  // namespace sta::emulator::avx512

#endif  // ACCEL_EMULATOR_AVX512_AVX512_H_
