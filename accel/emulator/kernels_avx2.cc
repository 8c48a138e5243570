// SPDX-License-Identifier: Apache-2.0
//
// The kernels for avx2; CMakeLists.txt gives the flags of the instruction set where the processor
// family has it. CPU condition: dispatch.cc.
#include "accel/emulator/kernels.h"

#ifdef __AVX2__
#define STA_VECTOR_BYTES 32
#include "accel/emulator/kernels-inl.h"

namespace sta::emulator {

const KernelTable* Avx2Kernels() {
  static constexpr KernelTable kTable = MakeTable("avx2");
  return &kTable;
}

}  // namespace sta::emulator
#else
namespace sta::emulator {

const KernelTable* Avx2Kernels() { return nullptr; }

}  // namespace sta::emulator
#endif
