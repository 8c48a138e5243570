// SPDX-License-Identifier: Apache-2.0
//
// Speed of the emulator's kernels on one core, for every instruction set of this processor, beside
// what the core can do at most. Times are of the thread's CPU, repetitions of all benchmarks are
// interleaved and the median counts, so that a busy neighbor disturbs little.
// Products are called as an encoder calls them, epilogue included: a chunk of 128 rows, block after
// block.
//
//   cmake --preset release && cmake --build --preset release --target kernel_bench
//   build/release/bench/kernels/kernel_bench --quick
//   build/release/bench/kernels/kernel_bench --benchmark_filter=avx512/linear --json kernels.json
#include <benchmark/benchmark.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <fstream>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "accel/emulator/dispatch.h"
#include "bench/kernels/peaks.h"
#include "bench/kernels/report.h"
#include "bench/kernels/workloads.h"
#include "strings/str_cat.h"

namespace sta::bench {
namespace {

using emulator::KernelTable;

struct Effort {
  double peak_seconds;
  double seconds;  // of a repetition, at least
  int repetitions;
};
constexpr Effort kQuick = {.peak_seconds = 0.01, .seconds = 0.01, .repetitions = 3};
constexpr Effort kThorough = {.peak_seconds = 0.05, .seconds = 0.05, .repetitions = 9};

constexpr const char* kRate = "per_second";  // GOP of products, rows of the others

struct Entry {
  const KernelTable* kernels = nullptr;
  std::string work;  // "linear/384x1536", "layer_norm/768"
  std::optional<Pattern> pattern;

  // The same work by another set or with another pattern.
  std::string NameWith(std::string_view set, std::optional<Pattern> other) const {
    return StrCat(set, "/", work, other.has_value() ? StrCat("/", other->ToString()) : "");
  }
  std::string Name() const { return NameWith(kernels->name, pattern); }
};

class KernelBenchmark final : public benchmark::Fixture {
 public:
  KernelBenchmark(const std::string& name, std::function<void(benchmark::State&)> run)
      : run_(std::move(run)) {
    SetName(name.c_str());
  }

 private:
  void BenchmarkCase(benchmark::State& state) override { run_(state); }

  const std::function<void(benchmark::State&)> run_;
};

class Suite {
 public:
  explicit Suite(const Effort& effort) : effort_(effort) {}

  void AddAll(const KernelTable& kernels) {
    for (const LinearShape shape :
         {LinearShape{384, 384}, LinearShape{384, 1536}, LinearShape{1536, 384},
          LinearShape{768, 768}, LinearShape{768, 3072}, LinearShape{3072, 768}}) {
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

  const std::vector<Entry>& entries() const { return entries_; }

 private:
  void AddLinear(const KernelTable& kernels, LinearShape shape, Pattern pattern) {
    const auto run = [&kernels, shape, pattern](benchmark::State& state) {
      LinearWorkload workload(kernels, shape, pattern);
      for (auto _ : state) workload.Run();
      SetRate(state, 1e-9 * workload.operations());
    };
    Register({&kernels, StrCat("linear/", shape.inputs, "x", shape.outputs), pattern}, run);
  }

  void AddAttention(const KernelTable& kernels, int64_t tokens, int64_t head_size) {
    const auto run = [&kernels, tokens, head_size](benchmark::State& state) {
      AttentionWorkload workload(kernels, tokens, head_size);
      for (auto _ : state) workload.Run();
      SetRate(state, workload.rows());
    };
    Register({&kernels, StrCat("attention/", tokens, "x", head_size), std::nullopt}, run);
  }

  void AddLayerNorm(const KernelTable& kernels, int64_t width) {
    const auto run = [&kernels, width](benchmark::State& state) {
      LayerNormWorkload workload(kernels, width);
      for (auto _ : state) workload.Run();
      SetRate(state, workload.rows());
    };
    Register({&kernels, StrCat("layer_norm/", width), std::nullopt}, run);
  }

  static void SetRate(benchmark::State& state, double per_iteration) {
    state.counters[kRate] =
        benchmark::Counter(per_iteration, benchmark::Counter::kIsIterationInvariantRate);
  }

  void Register(Entry entry, std::function<void(benchmark::State&)> run) {
    auto* const made = new KernelBenchmark(entry.Name(), std::move(run));
    // The library deletes it, which the analyzer does not believe of a system header.
    // NOLINTNEXTLINE(clang-analyzer-cplusplus.NewDeleteLeaks)
    benchmark::internal::RegisterBenchmarkInternal(made)
        ->MinTime(effort_.seconds)
        ->Repetitions(effort_.repetitions);
    entries_.push_back(std::move(entry));
  }

  const Effort effort_;
  std::vector<Entry> entries_;
};

// Keeps the median of each benchmark's repetitions.
class MedianReporter final : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context& /*context*/) override { return true; }

  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      if (run.run_type != Run::RT_Aggregate || run.aggregate_name != "median") continue;
      medians_[run.run_name.function_name] = run.counters.at(kRate).value;
    }
  }

  // Nothing where a filter left the benchmark out.
  std::optional<double> Median(const std::string& name) const {
    const auto found = medians_.find(name);
    if (found == medians_.end()) return std::nullopt;
    return found->second;
  }

 private:
  std::map<std::string, double> medians_;
};

const Peaks* Find(const std::vector<Peaks>& peaks, std::string_view set) {
  for (const Peaks& peak : peaks) {
    if (peak.instruction_set == set) return &peak;
  }
  return nullptr;
}

std::vector<Result> ResultsOf(const Suite& suite, const MedianReporter& reporter,
                              const std::vector<Peaks>& peaks) {
  std::vector<Result> results;
  for (const Entry& entry : suite.entries()) {
    const std::optional<double> rate = reporter.Median(entry.Name());
    if (!rate.has_value()) continue;
    const auto times_as_fast_as = [&](const std::string& peer) -> std::optional<double> {
      const std::optional<double> other = reporter.Median(peer);
      if (!other.has_value() || peer == entry.Name()) return std::nullopt;
      return *rate / *other;
    };
    Result result = {.name = entry.Name(), .value = 1e9 / *rate, .unit = "ns/row"};
    if (entry.pattern.has_value()) {
      result.value = *rate;
      result.unit = "GOP/s";
      const Peaks* const peak = Find(peaks, entry.kernels->name);
      if (peak != nullptr) result.of_ceiling = *rate / peak->CeilingGops(*entry.pattern);
      result.over_dense = times_as_fast_as(entry.NameWith(entry.kernels->name, Pattern::Dense()));
    }
    result.over_generic = times_as_fast_as(entry.NameWith("generic", entry.pattern));
    results.push_back(result);
  }
  return results;
}

int Main(int argc, char** argv) {
  // Interleaved unless the command line says otherwise: the last flag counts.
  std::vector<char*> arguments(argv, argv + argc);
  char interleave[] = "--benchmark_enable_random_interleaving=true";
  arguments.insert(arguments.begin() + 1, interleave);
  int count = static_cast<int>(arguments.size());
  benchmark::Initialize(&count, arguments.data());

  CLI::App app("Measures the emulator's kernels. Flags of Google Benchmark are taken, too.");
  bool is_quick = false;
  std::string json_path;
  app.add_flag("--quick", is_quick, "a few seconds in all");
  app.add_option("--json", json_path, "write results to this file, too")->type_name("FILE");
  try {
    app.parse(count, arguments.data());
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }

  const Effort& effort = is_quick ? kQuick : kThorough;
  Suite suite(effort);
  std::vector<Peaks> peaks;
  for (const KernelTable* const kernels : emulator::SupportedKernels()) {
    if (const auto peak = MeasurePeaks(kernels->name, effort.peak_seconds)) peaks.push_back(*peak);
    suite.AddAll(*kernels);
  }
  const std::string machine = MachineName();
  std::fputs(StrCat(machine, "\n\n", PeaksText(peaks), "\n").c_str(), stdout);
  std::fflush(stdout);

  MedianReporter reporter;
  benchmark::RunSpecifiedBenchmarks(&reporter);
  const std::vector<Result> results = ResultsOf(suite, reporter, peaks);
  std::fputs(ResultsText(results).c_str(), stdout);
  if (json_path.empty()) return 0;
  std::ofstream file(json_path);
  file << ResultsJson(results, machine) << std::flush;
  if (file) return 0;
  std::fputs(StrCat("kernel_bench: cannot write ", json_path, "\n").c_str(), stderr);
  return 1;
}

}  // namespace
}  // namespace sta::bench

int main(int argc, char** argv) try {
  return sta::bench::Main(argc, argv);
} catch (const std::exception& error) {
  std::fprintf(stderr, "kernel_bench: %s\n", error.what());
  return 1;
}
