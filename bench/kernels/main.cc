// SPDX-License-Identifier: Apache-2.0
//
// Speed of the emulator's kernels for every instruction set of this processor, beside what the
// machine can do at most and beside oneDNN. Repetitions of all benchmarks are interleaved and the
// median of CPU times counts, so that a busy neighbor disturbs little (suite.h says more).
// Products are called as an encoder calls them, epilogue included: a chunk of 128 rows, block after
// block.
//
//   cmake --preset release && cmake --build --preset release --target kernel_bench
//   build/release/bench/kernels/kernel_bench --quick
//   build/release/bench/kernels/kernel_bench --benchmark_filter=avx512/linear --json kernels.json
#include <benchmark/benchmark.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <exception>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "accel/emulator/dispatch.h"
#include "bench/kernels/onednn_linear.h"
#include "bench/kernels/peaks.h"
#include "bench/kernels/report.h"
#include "bench/kernels/results.h"
#include "bench/kernels/suite.h"
#include "strings/str_cat.h"

namespace sta::bench {
namespace {

struct Effort {
  double peak_seconds;
  double seconds;  // of a repetition, at least
  int repetitions;
};
constexpr Effort kQuick = {.peak_seconds = 0.01, .seconds = 0.01, .repetitions = 3};
constexpr Effort kThorough = {.peak_seconds = 0.05, .seconds = 0.05, .repetitions = 9};

// Keeps the median of each benchmark's repetitions.
class MedianReporter final : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context& /*context*/) override { return true; }

  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      if (run.run_type != Run::RT_Aggregate || run.aggregate_name != "median") continue;
      const auto& name = run.run_name;
      medians_[StrCat(name.function_name, name.threads.empty() ? "" : "/", name.threads)] =
          run.counters.at(kRate).value;
    }
  }

  const std::map<std::string, double>& medians() const { return medians_; }

 private:
  std::map<std::string, double> medians_;
};

struct Options {
  bool is_quick = false;
  std::set<int> threads = {1, std::max(1, static_cast<int>(std::thread::hardware_concurrency()))};
  std::string json_path;
};

void AddOptions(CLI::App& app, Options& options) {
  app.add_flag("--quick", options.is_quick, "a few seconds in all");
  app.add_option("--threads", options.threads, "numbers of threads that share the products")
      ->type_name("LIST")
      ->delimiter(',')
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  app.add_option("--json", options.json_path, "write results to this file, too")->type_name("FILE");
}

int Measure(const Options& options) {
  const Effort& effort = options.is_quick ? kQuick : kThorough;
  Suite suite({.seconds = effort.seconds,
               .repetitions = effort.repetitions,
               .threads = {options.threads.begin(), options.threads.end()}});
  std::vector<Peaks> peaks;
  for (const emulator::KernelTable* const kernels : emulator::SupportedKernels()) {
    for (const int threads : options.threads) {
      const auto peak = MeasurePeaks(kernels->name, threads, effort.peak_seconds);
      if (peak.has_value()) peaks.push_back(*peak);
    }
    suite.AddKernels(*kernels);
  }
  const std::string onednn = OneDnnVersion();
  if (!onednn.empty()) suite.AddOneDnn();
  const std::string machine =
      StrCat(MachineName(), ", ", onednn.empty() ? "built without oneDNN" : "oneDNN ", onednn);
  std::fputs(StrCat(machine, "\n\n", PeaksText(peaks), "\n").c_str(), stdout);
  std::fflush(stdout);

  MedianReporter reporter;
  benchmark::RunSpecifiedBenchmarks(&reporter);
  const std::vector<Result> results = ResultsOf(suite.entries(), reporter.medians(), peaks);
  std::fputs(ResultsText(results).c_str(), stdout);
  if (options.json_path.empty()) return 0;
  std::ofstream file(options.json_path);
  file << ResultsJson(results, machine) << std::flush;
  if (file) return 0;
  std::fputs(StrCat("kernel_bench: cannot write ", options.json_path, "\n").c_str(), stderr);
  return 1;
}

int Main(int argc, char** argv) {
  // Interleaved unless the command line says otherwise: the last flag counts.
  std::vector<char*> arguments(argv, argv + argc);
  char interleave[] = "--benchmark_enable_random_interleaving=true";
  arguments.insert(arguments.begin() + 1, interleave);
  int count = static_cast<int>(arguments.size());
  benchmark::Initialize(&count, arguments.data());

  CLI::App app("Measures the emulator's kernels. Flags of Google Benchmark are taken, too.");
  Options options;
  try {
    AddOptions(app, options);
    app.parse(count, arguments.data());
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return Measure(options);
}

}  // namespace
}  // namespace sta::bench

int main(int argc, char** argv) try {
  return sta::bench::Main(argc, argv);
} catch (const std::exception& error) {
  std::fprintf(stderr, "kernel_bench: %s\n", error.what());
  return 1;
}
