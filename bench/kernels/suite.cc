// SPDX-License-Identifier: Apache-2.0
#include "bench/kernels/suite.h"

#include <benchmark/benchmark.h>

#include <array>
#include <memory>
#include <mutex>
#include <utility>

#include "bench/kernels/onednn_linear.h"
#include "strings/str_cat.h"

namespace sta::bench {

using emulator::KernelTable;

namespace {

// Those of MiniLM-L6 and of BERT-base.
constexpr std::array kShapes = {LinearShape{384, 384},  LinearShape{384, 1536},
                                LinearShape{1536, 384}, LinearShape{768, 768},
                                LinearShape{768, 3072}, LinearShape{3072, 768}};

class KernelBenchmark final : public benchmark::Fixture {
 public:
  explicit KernelBenchmark(std::function<void(benchmark::State&)> run) : run_(std::move(run)) {}

 private:
  void BenchmarkCase(benchmark::State& state) override { run_(state); }

  const std::function<void(benchmark::State&)> run_;
};

// One matrix for all threads and repetitions, made by whoever comes first.
struct SharedWeights {
  std::once_flag made;
  emulator::PackedMatrix matrix;
};

void SetRate(benchmark::State& state, double per_iteration) {
  state.counters[kRate] =
      benchmark::Counter(per_iteration, benchmark::Counter::kIsIterationInvariantRate);
}

// Without the number of threads.
std::string FunctionName(std::string_view set, std::string_view work,
                         std::optional<Pattern> pattern) {
  return StrCat(set, "/", work, pattern.has_value() ? StrCat("/", pattern->ToString()) : "");
}

std::string LinearWork(LinearShape shape) {
  return StrCat("linear/", shape.inputs, "x", shape.outputs);
}

}  // namespace

std::string Entry::NameWith(std::string_view other_set,
                            std::optional<Pattern> other_pattern) const {
  const std::string name = FunctionName(other_set, work, other_pattern);
  return pattern.has_value() ? StrCat(name, "/threads:", threads) : name;
}

void Suite::AddKernels(const KernelTable& kernels) {
  for (const LinearShape shape : kShapes) {
    for (const Pattern pattern :
         {Pattern::Dense(), Pattern{4, 8}, Pattern{2, 8}, Pattern{1, 8}, Pattern{1, 16}}) {
      AddLinear(kernels, shape, pattern);
    }
  }
  for (const int64_t head_size : {32, 64}) {
    for (const int64_t tokens : {16, 128, 512}) AddAttention(kernels, tokens, head_size);
  }
  for (const int64_t width : {384, 768}) AddLayerNorm(kernels, width);
}

void Suite::AddOneDnn() {
  for (const LinearShape shape : kShapes) {
    Register({kOneDnn, LinearWork(shape), Pattern::Dense()}, [shape](benchmark::State& state) {
      const std::function<void()> product = MakeOneDnnLinear(shape);
      for (auto _ : state) product();
      SetRate(state, 1e-9 * LinearOperations(shape));
    });
  }
}

void Suite::AddLinear(const KernelTable& kernels, LinearShape shape, Pattern pattern) {
  const auto weights = std::make_shared<SharedWeights>();
  const auto run = [&kernels, shape, pattern, weights](benchmark::State& state) {
    std::call_once(weights->made,
                   [&] { weights->matrix = PackRandomMatrix(kernels, shape, pattern); });
    LinearWorkload workload(kernels, shape, weights->matrix);
    for (auto _ : state) workload.Run();
    SetRate(state, 1e-9 * LinearOperations(shape));
  };
  for (const int threads : options_.threads) {
    Register({kernels.name, LinearWork(shape), pattern, threads}, run);
  }
}

void Suite::AddAttention(const KernelTable& kernels, int64_t tokens, int64_t head_size) {
  const auto run = [&kernels, tokens, head_size](benchmark::State& state) {
    AttentionWorkload workload(kernels, tokens, head_size);
    for (auto _ : state) workload.Run();
    SetRate(state, workload.rows());
  };
  Register({kernels.name, StrCat("attention/", tokens, "x", head_size), std::nullopt}, run);
}

void Suite::AddLayerNorm(const KernelTable& kernels, int64_t width) {
  const auto run = [&kernels, width](benchmark::State& state) {
    LayerNormWorkload workload(kernels, width);
    for (auto _ : state) workload.Run();
    SetRate(state, workload.rows());
  };
  Register({kernels.name, StrCat("layer_norm/", width), std::nullopt}, run);
}

void Suite::Register(Entry entry, Run run) {
  auto* const made = new KernelBenchmark(std::move(run));
  made->Name(FunctionName(entry.set, entry.work, entry.pattern))
      ->MinTime(options_.seconds)
      ->Repetitions(options_.repetitions);
  if (entry.pattern.has_value()) made->Threads(entry.threads);  // and its name says so
  // The library deletes it, which the analyzer does not believe of a system header.
  // NOLINTNEXTLINE(clang-analyzer-cplusplus.NewDeleteLeaks)
  benchmark::internal::RegisterBenchmarkInternal(made);
  entries_.push_back(std::move(entry));
}

}  // namespace sta::bench
