// SPDX-License-Identifier: Apache-2.0
//
// How the vector kernels spell their loops. For the sources in avx2/ and avx512/ only.
#ifndef ACCEL_EMULATOR_KERNEL_MACROS_H_
#define ACCEL_EMULATOR_KERNEL_MACROS_H_

#define STA_INLINE inline __attribute__((always_inline))
#define STA_INLINE_LAMBDA __attribute__((always_inline))
// Loops over arrays of registers must be unrolled whole, or the arrays go to memory. Clang does so
// by itself, GCC must be told.
#if defined(__clang__)
#define STA_UNROLL(n)
#else
#define STA_PRAGMA(text) _Pragma(#text)
#define STA_UNROLL(n) STA_PRAGMA(GCC unroll n)
#endif

#endif  // ACCEL_EMULATOR_KERNEL_MACROS_H_
