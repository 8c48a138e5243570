// SPDX-License-Identifier: Apache-2.0
//
// The kernels with the flags of the whole build: on x86-64 that is SSE2.
#define STA_VECTOR_BYTES 16
#include "accel/emulator/kernels-inl.h"

namespace sta::emulator {

const KernelTable& GenericKernels() {
  static constexpr KernelTable kTable = MakeTable("generic");
  return kTable;
}

}  // namespace sta::emulator
