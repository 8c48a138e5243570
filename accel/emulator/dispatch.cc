// SPDX-License-Identifier: Apache-2.0
#include "accel/emulator/dispatch.h"

namespace sta::emulator {
namespace {

#if defined(__x86_64__)
// What x86-64-v3 and x86-64-v4 mean for integer code (and what the kernels are compiled for).
bool HasAvx2() { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2"); }
bool HasAvx512() {
  return HasAvx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
         __builtin_cpu_supports("avx512cd");
}
#else
bool HasAvx2() { return false; }
bool HasAvx512() { return false; }
#endif

}  // namespace

std::vector<const KernelTable*> SupportedKernels() {
  std::vector<const KernelTable*> tables;
  if (const KernelTable* table = Avx512Kernels(); table != nullptr && HasAvx512()) {
    tables.push_back(table);
  }
  if (const KernelTable* table = Avx2Kernels(); table != nullptr && HasAvx2()) {
    tables.push_back(table);
  }
  tables.push_back(&GenericKernels());
  return tables;
}

}  // namespace sta::emulator
