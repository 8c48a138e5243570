// SPDX-License-Identifier: Apache-2.0
//
// Picks the kernels for the processor that we run on. Pure functions of it; thread-safe.
#ifndef ACCEL_EMULATOR_DISPATCH_H_
#define ACCEL_EMULATOR_DISPATCH_H_

#include <vector>

#include "accel/emulator/kernels.h"

namespace sta::emulator {

// Every table that this processor can run, the best first; the generic one is always the last.
std::vector<const KernelTable*> SupportedKernels();

}  // namespace sta::emulator

#endif  // ACCEL_EMULATOR_DISPATCH_H_
