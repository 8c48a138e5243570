// SPDX-License-Identifier: Apache-2.0
#include "bench/engine/command.h"

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bench/engine/busy_neighbor.h"
#include "bench/engine/driven.h"
#include "bench/engine/engine_runner.h"
#include "bench/engine/measurement.h"
#include "bench/engine/report.h"
#include "strings/str_cat.h"

namespace sta::bench {
namespace {

constexpr int kUsageError = 2;

struct Options {
  EngineRunner::Options engine;
  std::vector<std::string> shapes = {"1x16", "1x128", "8x128", "32x16-128", "32x16-128="};
  double seconds = 5.0;
  bool busy_neighbor = false;
  bool json = false;
  bool driven = false;
};

absl::StatusOr<NeighborMeasurements> MeasureAll(
    EngineRunner& runner, const std::vector<std::unique_ptr<PreparedWorkload>>& workloads,
    const Options& options) {
  const absl::Duration duration = absl::Seconds(options.seconds);
  if (options.busy_neighbor) return MeasureBesideNeighbor(runner, workloads, duration);
  absl::StatusOr<std::vector<Measurement>> measurements = Measure(runner, workloads, duration);
  if (!measurements.ok()) return measurements.status();
  return NeighborMeasurements{.quiet = *std::move(measurements), .busy = {}};
}

absl::Status Run(const Options& options) {
  absl::StatusOr<std::unique_ptr<EngineRunner>> runner = EngineRunner::Open(options.engine);
  if (!runner.ok()) return runner.status();
  if (options.driven) {
    ServeDriver(**runner, std::cin, std::cout);
    return absl::OkStatus();
  }
  std::vector<std::unique_ptr<PreparedWorkload>> workloads;
  for (const std::string& shape : options.shapes) {
    absl::StatusOr<std::unique_ptr<PreparedWorkload>> prepared = (*runner)->Prepare(shape);
    if (!prepared.ok()) return prepared.status();
    workloads.push_back(*std::move(prepared));
  }
  absl::StatusOr<NeighborMeasurements> measured = MeasureAll(**runner, workloads, options);
  if (!measured.ok()) return measured.status();
  const Report report{.package = options.engine.package.string(),
                      .device = (*runner)->device_caps(),
                      .threads = options.engine.threads,
                      .measurements = std::move(measured->quiet),
                      .beside_neighbor = std::move(measured->busy)};
  std::cout << (options.json ? ReportJson(report) : ReportText(report));
  return absl::OkStatus();
}

void AddOptions(CLI::App& app, Options& options) {
  app.add_option("--package", options.engine.package, "Package of a sentence embedding model")
      ->type_name("DIR")
      ->required();
  app.add_option("--shape", options.shapes, "Batches to run, interleaved")
      ->type_name("SHAPE")
      ->delimiter(',')
      ->capture_default_str();
  app.add_option("--threads", options.engine.threads, "Threads of the device")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  app.add_option("--seconds", options.seconds, "How long to measure, all shapes together")
      ->check(CLI::Range(0.0, 3600.0))
      ->capture_default_str();
  CLI::Option* const busy_neighbor = app.add_flag(
      "--busy-neighbor", options.busy_neighbor,
      "Measure in turn without and with a thread that spins on the last of the processors");
  app.add_flag("--json", options.json, "Print JSON instead of a table");
  app.add_flag("--driven", options.driven,
               "Take requests from the input: 'run SHAPE REPEATS', 'embed SHAPE'")
      ->excludes(busy_neighbor);
  app.footer(R"(
SHAPE: 8x128 is 8 sequences of 128 tokens; 32x16-128 draws the 32 lengths uniformly; 32x16-128= has
as many sequences and tokens, all of one length; @FILE has the token ids of a sequence on each line.

Examples:
  engine_bench --package store/minilm/1 --shape 1x16,1x128 --threads 1
  engine_bench --package store/minilm/1 --shape 8x128 --threads 2 --busy-neighbor)");
}

}  // namespace

int RunEngineBench(int argc, char** argv) {
  CLI::App app("Times whole models on the CPU, from token ids to sentence embeddings.",
               "engine_bench");
  Options options;
  try {
    AddOptions(app, options);
    app.parse(argc, argv);
  } catch (const CLI::Error& error) {
    return app.exit(error) == 0 ? 0 : kUsageError;  // 0: --help
  }
  const absl::Status status = Run(options);
  if (status.ok()) return 0;
  std::cerr << "engine_bench: " << StdView(status.message()) << "\n";
  return 1;
}

}  // namespace sta::bench
