// SPDX-License-Identifier: Apache-2.0
//
// Suite: the benchmarks of kernel_bench, registered with Google Benchmark, and a list of them.
//
//   Suite suite({.seconds = 0.05, .repetitions = 9, .threads = {1, 2}});
//   for (const KernelTable* kernels : SupportedKernels()) suite.AddKernels(*kernels);
//   suite.AddOneDnn();
//   benchmark::RunSpecifiedBenchmarks(&reporter);   // of each a counter kRate
//
// Rates are of the threads' CPU time: what a thread that waits for a core misses does not count,
// what the threads take from each other (caches, memory, clock) does. Google Benchmark lets the
// threads begin together, and their rates are summed. Each has its own activations; the weights are
// the same, as in the engine. Attention and LayerNorm run on one thread.
#ifndef BENCH_KERNELS_SUITE_H_
#define BENCH_KERNELS_SUITE_H_

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "accel/emulator/kernels.h"
#include "bench/kernels/workloads.h"
#include "model_store/codec/pattern.h"

namespace benchmark {
class State;
}  // namespace benchmark

namespace sta::bench {

inline constexpr const char* kRate = "per_second";  // GOP of products, rows of the others
inline constexpr const char* kOneDnn = "onednn";

struct Entry {
  std::string set;                 // "avx512", or kOneDnn
  std::string work;                // "linear/384x1536", "layer_norm/768"
  std::optional<Pattern> pattern;  // of products
  int threads = 1;                 // as its name says where it is a product

  // "avx512/linear/384x1536/2:8/threads:1". Google Benchmark's filter sees its own words about time
  // and repetitions before the threads.
  std::string Name() const { return NameWith(set, pattern); }
  // The same work by another set or with another pattern.
  std::string NameWith(std::string_view other_set, std::optional<Pattern> other_pattern) const;
};

class Suite {
 public:
  struct Options {
    double seconds = 0.0;  // of a repetition, at least
    int repetitions = 1;
    std::vector<int> threads;  // that products run on
  };

  explicit Suite(Options options) : options_(std::move(options)) {}

  void AddKernels(const emulator::KernelTable& kernels);
  // Dense products of the same shapes, on one thread. Only with oneDNN.
  void AddOneDnn();

  const std::vector<Entry>& entries() const { return entries_; }

 private:
  using Run = std::function<void(benchmark::State&)>;

  void AddLinear(const emulator::KernelTable& kernels, LinearShape shape, Pattern pattern);
  void AddAttention(const emulator::KernelTable& kernels, int64_t tokens, int64_t head_size);
  void AddLayerNorm(const emulator::KernelTable& kernels, int64_t width);
  void Register(Entry entry, Run run);

  const Options options_;
  std::vector<Entry> entries_;
};

}  // namespace sta::bench

#endif  // BENCH_KERNELS_SUITE_H_
