// SPDX-License-Identifier: Apache-2.0
//
// Picks the kernels for the processor that we run on, by what CPUID says it has and XCR0 says the
// operating system saves. The environment variable STA_ISA overrides the choice.
//
//   KernelChoice choice = ChooseKernels("");   // choice.table->linear(...)
//
// Thread-safe.
#ifndef ACCEL_EMULATOR_DISPATCH_H_
#define ACCEL_EMULATOR_DISPATCH_H_

#include <string>
#include <string_view>
#include <vector>

#include "accel/emulator/kernels.h"

namespace sta::emulator {

// Every table that this processor can run, the best first; the generic one is always the last.
std::vector<const KernelTable*> SupportedKernels();

struct KernelChoice {
  const KernelTable* table = nullptr;
  std::string reason;  // for people: "best of avx512, avx2, generic", "STA_ISA"
};

// The table named `wanted`; where that is empty, the one that STA_ISA names; else the best. A name
// that this processor cannot run is no error: the reason says so, and the best is taken.
KernelChoice ChooseKernels(std::string_view wanted);

}  // namespace sta::emulator

#endif  // ACCEL_EMULATOR_DISPATCH_H_
