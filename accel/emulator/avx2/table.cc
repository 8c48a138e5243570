// SPDX-License-Identifier: Apache-2.0
#include "accel/emulator/avx2/avx2.h"
#include "accel/emulator/packed_matrix.h"

namespace sta::emulator {

const KernelTable* Avx2Kernels() {
  static constexpr KernelTable kTable = {.name = "avx2",
                                         .zero_code = 0,
                                         .pack = avx2::Pack,
                                         .linear = avx2::Linear,
                                         .layer_norm = avx2::LayerNorm,
                                         .attention = avx2::Attention};
  return &kTable;
}

}  // namespace sta::emulator
