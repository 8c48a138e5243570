// SPDX-License-Identifier: Apache-2.0
//
// Writes a tiny package, or a series as sta_prune trains it, for system tests that are not C++.
//
//   make_tiny_package --output DIR --task sentence_embedding --seed 1
//   make_tiny_package --output DIR --trained-series
#include <CLI/CLI.hpp>
#include <cstdint>
#include <cstdio>
#include <string>

#include "tests/support/tiny_package.h"
#include "tests/support/trained_series.h"

int main(int argc, char** argv) {
  CLI::App app("Writes a small package with random weights.");
  std::string output;
  std::string task_name = "sentence_embedding";
  uint64_t seed = 1;
  app.add_option("--output", output, "Directory of the package; must not exist")->required();
  app.add_option("--task", task_name,
                 "sentence_embedding, sequence_classification or last_hidden_state");
  app.add_option("--seed", seed, "Of the weights");
  bool trained_series = false;
  app.add_flag("--trained-series", trained_series, "Hugging Face directories with a series.json");
  CLI11_PARSE(app, argc, argv);
  const absl::StatusOr<sta::Task> task = sta::ParseTask(task_name);
  sta::TinyPackageOptions options;
  options.encoder.seed = seed;
  absl::Status status = task.status();
  if (trained_series) {
    status = sta::WriteTrainedSeries(output);
  } else if (task.ok()) {
    options.task = *task;
    status = sta::WriteTinyPackage(output, options);
  }
  if (!status.ok()) std::fprintf(stderr, "%s\n", status.ToString().c_str());
  return status.ok() ? 0 : 1;
}
