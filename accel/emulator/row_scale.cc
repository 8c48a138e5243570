// SPDX-License-Identifier: Apache-2.0
#include "accel/arithmetic/rsqrt.h"
#include "accel/emulator/kernels.h"

namespace sta::emulator {

RowScale ReciprocalSquareRoot(uint64_t w) {
  const arithmetic::ReciprocalSquareRoot rsqrt = arithmetic::Rsqrt(w);
  return {.mantissa = rsqrt.mantissa, .shift = rsqrt.shift};
}

}  // namespace sta::emulator
