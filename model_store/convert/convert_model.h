// SPDX-License-Identifier: Apache-2.0
//
// ConvertModel: a Hugging Face directory of a BERT-family encoder to a package: read, prune to N:M
// (or keep zeros that fit), calibrate on text with the float model, quantize, pack, write, and
// measure what it cost.
//
//   ConvertOptions options = {.model_directory = "minilm", .output_directory = "store/minilm/1",
//                             .patterns = "2:8", .calibration_text = "sentences.txt"};
//   absl::StatusOr<ConvertReport> report = ConvertModel(options, {});
//
// Blocks for as long as it takes (seconds to minutes); uses `threads` threads. The result does not
// depend on the number of threads.
#ifndef MODEL_STORE_CONVERT_CONVERT_MODEL_H_
#define MODEL_STORE_CONVERT_CONVERT_MODEL_H_

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "model_store/package/manifest.h"
#include "model_store/package/model_config.h"

namespace sta {

struct ConvertOptions {
  std::filesystem::path model_directory;
  std::filesystem::path output_directory;  // must not exist
  // "2:8", "dense", "keep", or a list with globs: "2:8,*.layer.0.*=4:8,*.query.*=dense".
  // pattern_assignment.h has the rules.
  std::string patterns = "dense";
  // A text file, one sentence a line, at least 20 that are not empty.
  std::filesystem::path calibration_text;
  // At most this many sentences are used, spread evenly over the file; every tenth of them is held
  // back to measure accuracy on.
  int64_t max_calibration_sentences = 500;
  // What the model is for; found from its files where unset.
  std::optional<Task> task;
  int threads = 2;
  // Patterns that the zeros have to fit already: nothing may be pruned.
  bool zeros_must_fit = false;
  // What the package says of a series that it is from, and which model that one is from (else the
  // name of the model's directory).
  std::optional<SeriesEntry> series = {};
  std::string source = {};
};

// Called from the converting thread: `done` of `total` steps of `phase` are over. May be null.
using ProgressSink = std::function<void(std::string_view phase, int64_t done, int64_t total)>;

// Measures of the accuracy card: mean cosine, over the held-back sentences, between what the
// package answers and what a floating-point model does: the sentence embedding, or the mean of the
// last hidden states.
inline constexpr char kCosineToPruned[] = "mean_cosine_to_pruned_float";  // same zeros: integers
inline constexpr char kCosineToDense[] = "mean_cosine_to_dense_float";    // pruning and integers

struct ConvertReport {
  Manifest manifest;  // of the package; provenance.accuracy holds the two measures
  ModelConfig config;
  int64_t calibration_sentences = 0;
  int64_t held_back_sentences = 0;
  absl::Duration elapsed;
};

// INVALID_ARGUMENT: the options or the model do not fit (the message names the file, tensor or
// matrix and what is allowed); NOT_FOUND: a file is missing; ALREADY_EXISTS: the output is there;
// DATA_LOSS: a damaged checkpoint.
absl::StatusOr<ConvertReport> ConvertModel(const ConvertOptions& options,
                                           const ProgressSink& progress);

}  // namespace sta

#endif  // MODEL_STORE_CONVERT_CONVERT_MODEL_H_
