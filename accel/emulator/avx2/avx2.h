// SPDX-License-Identifier: Apache-2.0
//
// The kernels of the set avx2, see ../kernels.h. Internal to this folder.
#ifndef ACCEL_EMULATOR_AVX2_AVX2_H_
#define ACCEL_EMULATOR_AVX2_AVX2_H_

#include <cstdint>

#include "accel/emulator/kernels.h"

namespace sta::emulator::avx2 {

// Output channels that one vector of accumulators holds.
inline constexpr int64_t kBlockChannels = 8;
// Inputs that pshufb can gather from.
inline constexpr int64_t kWindowInputs = 16;
inline constexpr int64_t kWindows = 4;  // of a chunk
inline constexpr int64_t kVectorBytes = 32;

// How many steps of each kind one chunk of inputs takes for a block of channels: linear.cc.
struct StepCounts {
  uint8_t single[kWindows];    // from each window alone
  uint8_t pair[kWindows / 2];  // from windows 0 and 1, from windows 2 and 3
  uint8_t quad;                // from all four
  uint8_t unused;
};

PackedMatrix Pack(const NmMatrix& matrix);
void Linear(const LinearArgs& args);
void LayerNorm(const LayerNormArgs& args);
void Attention(const AttentionArgs& args);

}  // namespace sta::emulator::avx2

#endif  // ACCEL_EMULATOR_AVX2_AVX2_H_
