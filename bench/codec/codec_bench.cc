// SPDX-License-Identifier: Apache-2.0
//
// Speed of decoding a matrix as it lies in a package, on one core. bytes_per_second counts packed
// bytes (values and positions): the goal is 1 GB/s, the speed of the disk that they come from.
//
//   cmake --preset release && cmake --build --preset release --target codec_bench
//   build/release/bench/codec/codec_bench
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "model_store/codec/matrix_codec.h"
#include "model_store/codec/position_codec.h"

namespace sta {
namespace {

// MiniLM's intermediate matrices are of this size.
constexpr int64_t kRows = 1536;
constexpr int64_t kColumns = 384;

// Weights pruned by magnitude out of a normal distribution, which is close to trained ones.
NmMatrix PrunedMatrix(Pattern pattern) {
  std::mt19937_64 engine(1);
  std::normal_distribution<double> normal(0.0, 30.0);
  std::vector<int8_t> dense(static_cast<size_t>(kRows * kColumns));
  for (int8_t& weight : dense) {
    weight = static_cast<int8_t>(std::clamp(std::lround(normal(engine)), -127L, 127L));
  }
  for (size_t begin = 0; begin < dense.size(); begin += static_cast<size_t>(pattern.m)) {
    const auto group = std::span(dense).subspan(begin, static_cast<size_t>(pattern.m));
    std::vector<int> magnitudes;
    for (const int8_t weight : group) magnitudes.push_back(std::abs(int{weight}));
    std::ranges::sort(magnitudes, std::ranges::greater{});
    const int least = magnitudes[static_cast<size_t>(pattern.n) - 1];
    int kept = 0;
    for (int8_t& weight : group) {
      if (std::abs(int{weight}) < least || kept == pattern.n) weight = 0;
      if (weight != 0) ++kept;
    }
  }
  return NmMatrix::FromDense(dense, kRows, kColumns, pattern).value();
}

void AddPatterns(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgNames({"n", "m"});
  for (const auto& [n, m] : {std::pair{1, 4},
                             {2, 4},
                             {1, 8},
                             {2, 8},
                             {4, 8},
                             {2, 16},
                             {4, 16},
                             {8, 16},
                             {4, 32},
                             {8, 32},
                             {16, 32}}) {
    benchmark->Args({n, m});
  }
}

// Positions alone; the bytes are theirs.
void BM_DecodePositions(benchmark::State& state) {
  const Pattern pattern = {static_cast<int>(state.range(0)), static_cast<int>(state.range(1))};
  const std::vector<uint8_t> packed = EncodePositions(PrunedMatrix(pattern));
  while (state.KeepRunning()) {
    benchmark::DoNotOptimize(DecodePositions(kRows, kColumns, pattern, packed));
  }
  state.SetBytesProcessed(state.iterations() * std::ssize(packed));
  state.SetItemsProcessed(state.iterations() * pattern.EntriesPerRow(kColumns) * kRows);
}
BENCHMARK(BM_DecodePositions)->Apply(AddPatterns);

void BM_DecodeMatrix(benchmark::State& state) {
  const Pattern pattern = {static_cast<int>(state.range(0)), static_cast<int>(state.range(1))};
  const EncodedMatrix encoded = EncodeMatrix(PrunedMatrix(pattern));
  while (state.KeepRunning()) {
    const absl::StatusOr<NmMatrix> matrix = DecodeMatrix(kRows, kColumns, pattern, encoded.View());
    if (!matrix.ok()) state.SkipWithError(std::string(matrix.status().message()).c_str());
    benchmark::DoNotOptimize(matrix);
  }
  state.SetBytesProcessed(state.iterations() *
                          (std::ssize(encoded.values) + std::ssize(encoded.positions)));
  state.SetItemsProcessed(state.iterations() * pattern.EntriesPerRow(kColumns) * kRows);
  state.SetLabel(encoded.values_compressed ? "values compressed" : "values raw");
}
BENCHMARK(BM_DecodeMatrix)->Apply(AddPatterns);

}  // namespace
}  // namespace sta
