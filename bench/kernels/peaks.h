// SPDX-License-Identifier: Apache-2.0
//
// What this machine can do at most: the rates of the instructions that products are made of,
// measured on registers of some threads at once, and the ceilings that follow for a matrix of some
// density.
//
//   if (const auto peaks = MeasurePeaks("avx512", 2, 0.05)) Use(peaks->CeilingGops({2, 8}));
#ifndef BENCH_KERNELS_PEAKS_H_
#define BENCH_KERNELS_PEAKS_H_

#include <optional>
#include <string_view>

#include "model_store/codec/pattern.h"

namespace sta::bench {

// In operations on whole vectors, 1e9 a second of a thread's CPU time, summed over the threads.
struct Peaks {
  std::string_view instruction_set;
  int threads = 1;
  std::string_view product_name;  // the instructions of a product: "vpdpbusd zmm"
  std::string_view gather_name;
  double product = 0.0;
  double gather = 0.0;
  double pair = 0.0;             // a gather with the product of what it gathered
  double products_a_vector = 0;  // multiplications that one product makes

  // Dense-equivalent: pruned weights count as if they were multiplied. Where gathering costs more
  // than it saves, a sparse matrix may be multiplied as a dense one.
  double CeilingGops(Pattern pattern) const;
};

// Nothing for sets whose instructions this does not know. The best of some tries of `seconds` each:
// a busy neighbor can only make them slower. The set must be one of SupportedKernels.
std::optional<Peaks> MeasurePeaks(std::string_view instruction_set, int threads, double seconds);

}  // namespace sta::bench

#endif  // BENCH_KERNELS_PEAKS_H_
