// SPDX-License-Identifier: Apache-2.0
#include "accel/emulator/avx512/avx512.h"
#include "accel/emulator/packed_matrix.h"

namespace sta::emulator {

const KernelTable* Avx512Kernels() {
  static constexpr KernelTable kTable = {.name = "avx512",
                                         .zero_code = 128,
                                         .pack = avx512::Pack,
                                         .linear = avx512::Linear,
                                         .layer_norm = avx512::LayerNorm,
                                         .attention = avx512::Attention};
  return &kTable;
}

}  // namespace sta::emulator
