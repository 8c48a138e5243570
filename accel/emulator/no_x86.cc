// SPDX-License-Identifier: Apache-2.0
//
// For builds for other processor families: the sets that they do not have.
#include "accel/emulator/kernels.h"

namespace sta::emulator {

const KernelTable* Avx2Kernels() { return nullptr; }
const KernelTable* Avx512Kernels() { return nullptr; }

}  // namespace sta::emulator
