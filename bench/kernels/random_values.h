// SPDX-License-Identifier: Apache-2.0
//
// Operands for benchmarks: the same numbers on every run.
#ifndef BENCH_KERNELS_RANDOM_VALUES_H_
#define BENCH_KERNELS_RANDOM_VALUES_H_

#include <algorithm>
#include <cstdint>
#include <random>

#include "accel/emulator/aligned_buffer.h"

namespace sta::bench {

// Makes room for `size` values between `low` and `high`.
template <typename T>
void FillRandom(emulator::AlignedBuffer<T>& buffer, int64_t size, int64_t low, int64_t high) {
  std::mt19937 engine(static_cast<unsigned>(size));
  std::uniform_int_distribution<int64_t> uniform(low, high);
  buffer.Reserve(size);
  std::generate_n(buffer.data(), size, [&] { return static_cast<T>(uniform(engine)); });
}

}  // namespace sta::bench

#endif  // BENCH_KERNELS_RANDOM_VALUES_H_
