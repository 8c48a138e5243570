// SPDX-License-Identifier: Apache-2.0
//
// float_embed: sentence embeddings of a Hugging Face model by the converter's floating-point
// forward pass: what the served integers are compared with.
//
//   float_embed --model DIR --pattern 4:8 < sentences.txt > embeddings.f32
//
// One sentence a line of standard input, one row of little-endian float32 a sentence to standard
// output.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <exception>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

#include "model_store/convert/accuracy.h"
#include "model_store/convert/float_model.h"
#include "model_store/convert/pattern_assignment.h"
#include "model_store/convert/prune.h"

namespace {

struct Options {
  std::string model;
  std::string pattern = "dense";
  std::string pooling;  // empty: the model's own
  bool normalize = true;
};

absl::StatusOr<sta::FloatModel> ReadPrunedModel(const Options& options) {
  absl::StatusOr<sta::FloatModel> model = sta::ReadFloatModel(options.model, std::nullopt);
  if (!model.ok()) return model.status();
  const absl::StatusOr<sta::PatternAssignment> patterns =
      sta::PatternAssignment::Parse(options.pattern);
  if (!patterns.ok()) return patterns.status();
  if (const auto pruned = sta::PruneEncoder(*patterns, model->encoder); !pruned.ok()) {
    return pruned.status();
  }
  sta::ModelConfig& config = model->encoder.config;
  config.normalize = config.normalize && options.normalize;
  if (!options.pooling.empty()) {
    const absl::StatusOr<sta::Pooling> pooling = sta::ParsePooling(options.pooling);
    if (!pooling.ok()) return pooling.status();
    config.pooling = *pooling;
  }
  return model;
}

absl::Status Run(const Options& options) {
  const absl::StatusOr<sta::FloatModel> model = ReadPrunedModel(options);
  if (!model.ok()) return model.status();
  std::vector<std::string> sentences;
  for (std::string line; std::getline(std::cin, line);) sentences.push_back(line);
  const absl::StatusOr<std::vector<sta::TokenSequence>> sequences =
      sta::TokenizeSentences(*model, sentences);
  if (!sequences.ok()) return sequences.status();
  const int threads = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  for (const sta::Vector& vector : sta::FloatVectors(model->encoder, *sequences, threads)) {
    std::cout.write(reinterpret_cast<const char*>(vector.data()),
                    static_cast<std::streamsize>(vector.size() * sizeof(float)));
  }
  return std::cout.flush() ? absl::OkStatus() : absl::UnavailableError("cannot write the rows");
}

}  // namespace

int main(int argc, char** argv) try {
  CLI::App app("Floating-point sentence embeddings of the lines of standard input, as float32.");
  Options options;
  app.add_option("--model", options.model, "Hugging Face directory")->required();
  app.add_option("--pattern", options.pattern, "Pruned to this first: N:M or rules, as for stactl");
  app.add_option("--pooling", options.pooling, "mean or cls, in place of the model's own");
  app.add_flag("!--no-normalize", options.normalize, "Do not divide by the norm");
  CLI11_PARSE(app, argc, argv);
  const absl::Status status = Run(options);
  if (!status.ok()) std::fprintf(stderr, "float_embed: %s\n", status.ToString().c_str());
  return status.ok() ? 0 : 1;
} catch (const std::exception& error) {
  std::fprintf(stderr, "float_embed: %s\n", error.what());
  return 1;
}
