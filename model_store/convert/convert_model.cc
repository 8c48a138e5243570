// SPDX-License-Identifier: Apache-2.0
#include "model_store/convert/convert_model.h"

#include <unistd.h>

#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/time/clock.h"
#include "model_store/convert/accuracy.h"
#include "model_store/convert/calibration.h"
#include "model_store/convert/calibration_text.h"
#include "model_store/convert/float_model.h"
#include "model_store/convert/prune.h"
#include "model_store/convert/quantize_embeddings.h"
#include "model_store/convert/quantize_encoder.h"
#include "model_store/model/loaded_model.h"
#include "model_store/package/package.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

// What is read before the work begins: mistakes should show at once, not after a minute.
struct Inputs {
  PatternAssignment patterns;
  FloatModel model;
  std::vector<TokenSequence> calibration;
  std::vector<TokenSequence> held_back;
};

absl::Status CheckOptions(const ConvertOptions& options) {
  std::error_code error;
  if (std::filesystem::exists(options.output_directory, error)) {
    return absl::AlreadyExistsError(StrCat("output '", options.output_directory.string(),
                                           "' exists; choose another place or remove it"));
  }
  std::filesystem::path parent = std::filesystem::absolute(options.output_directory).parent_path();
  while (!std::filesystem::exists(parent, error) && parent.has_relative_path()) {
    parent = parent.parent_path();
  }
  if (!std::filesystem::is_directory(parent, error) || access(parent.c_str(), W_OK | X_OK) != 0) {
    return absl::FailedPreconditionError(StrCat("cannot write output '",
                                                options.output_directory.string(), "': '",
                                                parent.string(), "' is no writable directory"));
  }
  if (options.threads < 1) {
    return absl::InvalidArgumentError(
        StrCat(options.threads, " threads are asked for; at least 1 is needed"));
  }
  return absl::OkStatus();
}

absl::Status ReadTexts(const ConvertOptions& options, Inputs& inputs) {
  const absl::StatusOr<CalibrationText> text =
      ReadCalibrationText(options.calibration_text, options.max_calibration_sentences);
  if (!text.ok()) return text.status();
  for (const auto& [sentences, out] : {std::pair{&text->calibration, &inputs.calibration},
                                       {&text->held_back, &inputs.held_back}}) {
    absl::StatusOr<std::vector<TokenSequence>> sequences =
        TokenizeSentences(inputs.model, *sentences);
    if (!sequences.ok()) {
      return absl::InvalidArgumentError(StrCat("calibration text: ", sequences.status().message()));
    }
    *out = *std::move(sequences);
  }
  return absl::OkStatus();
}

absl::StatusOr<Inputs> ReadInputs(const ConvertOptions& options) {
  if (absl::Status good = CheckOptions(options); !good.ok()) return good;
  Inputs inputs;
  absl::StatusOr<PatternAssignment> patterns = PatternAssignment::Parse(options.patterns);
  if (!patterns.ok()) return patterns.status();
  inputs.patterns = *std::move(patterns);
  absl::StatusOr<FloatModel> model = ReadFloatModel(options.model_directory, options.task);
  if (!model.ok()) return model.status();
  inputs.model = *std::move(model);
  if (options.zeros_must_fit) {
    absl::Status fits = CheckZeros(inputs.patterns, inputs.model.encoder);
    if (!fits.ok()) return fits;
  }
  if (absl::Status texts = ReadTexts(options, inputs); !texts.ok()) return texts;
  return inputs;
}

std::string NameOfModel(const std::filesystem::path& directory) {
  return std::filesystem::absolute(directory).lexically_normal().filename().string();
}

Provenance MakeProvenance(const ConvertOptions& options, const Inputs& inputs) {
  return {.source = options.source.empty() ? NameOfModel(options.model_directory) : options.source,
          .tool = "stactl",
          .calibration = StrCat(inputs.calibration.size(), " sentences of ",
                                options.calibration_text.filename().string()),
          .created = absl::FormatTime(absl::RFC3339_sec, absl::Now(), absl::UTCTimeZone()),
          .accuracy = {},
          .series = options.series};
}

// What the integers answer: writes the package beside its place, reads it back as a server would,
// and removes it again.
absl::StatusOr<std::vector<Vector>> TryPackage(const PackageContents& contents,
                                               const ConvertOptions& options,
                                               std::span<const TokenSequence> sequences) {
  std::filesystem::path trial = options.output_directory.lexically_normal();
  if (!trial.has_filename()) trial = trial.parent_path();
  trial.replace_filename(StrCat(".", trial.filename().string(), ".trial.", getpid()));
  const absl::Cleanup remove_trial = [&trial] {
    std::error_code ignored;
    std::filesystem::remove_all(trial, ignored);
  };
  if (absl::Status written = WritePackage(contents, trial); !written.ok()) return written;
  absl::StatusOr<std::shared_ptr<const Package>> package =
      Package::Open(trial, PackageCheck::kHashes);
  if (!package.ok()) return package.status();
  const absl::StatusOr<std::shared_ptr<const LoadedModel>> model =
      LoadedModel::Load(*std::move(package));
  if (!model.ok()) return model.status();
  return PackageVectors(**model, sequences);
}

}  // namespace

absl::StatusOr<ConvertReport> ConvertModel(const ConvertOptions& options,
                                           const ProgressSink& progress) {
  const absl::Time start = absl::Now();
  const auto report_progress = [&](std::string_view phase, int64_t done, int64_t total) {
    if (progress) progress(phase, done, total);
  };
  report_progress("read", 0, 1);
  absl::StatusOr<Inputs> inputs = ReadInputs(options);
  if (!inputs.ok()) return inputs.status();
  report_progress("read", 1, 1);

  FloatEncoder& encoder = inputs->model.encoder;
  const std::vector<Vector> dense_vectors =
      FloatVectors(encoder, inputs->held_back, options.threads);
  const absl::StatusOr<std::map<std::string, Pattern>> patterns =
      PruneEncoder(inputs->patterns, encoder);
  if (!patterns.ok()) return patterns.status();
  const Calibration calibration =
      Calibrate(encoder, inputs->calibration, options.threads,
                [&](int64_t done, int64_t total) { report_progress("calibrate", done, total); });

  report_progress("quantize", 0, 1);
  const QuantizedEmbeddings embeddings = QuantizeEmbeddings(encoder);
  absl::StatusOr<EncoderParameters> parameters =
      QuantizeEncoder(encoder, calibration, *patterns, embeddings.step);
  if (!parameters.ok()) return parameters.status();
  report_progress("quantize", 1, 1);

  PackageContents contents = {.config = encoder.config,
                              .encoder = *std::move(parameters),
                              .embeddings = embeddings.View(),
                              .head = encoder.head,
                              .text_files = inputs->model.tokenizer_files,
                              .hugging_face_config = inputs->model.config.config_json,
                              .provenance = MakeProvenance(options, *inputs)};
  report_progress("measure", 0, 1);
  const absl::StatusOr<std::vector<Vector>> package_vectors =
      TryPackage(contents, options, inputs->held_back);
  if (!package_vectors.ok()) return package_vectors.status();
  contents.provenance.accuracy[kCosineToDense] = MeanCosine(*package_vectors, dense_vectors);
  contents.provenance.accuracy[kCosineToPruned] =
      MeanCosine(*package_vectors, FloatVectors(encoder, inputs->held_back, options.threads));
  report_progress("measure", 1, 1);

  report_progress("write", 0, 1);
  absl::Status written = WritePackage(contents, options.output_directory);
  if (!written.ok()) return written;
  const absl::StatusOr<std::shared_ptr<const Package>> package =
      Package::Open(options.output_directory, PackageCheck::kStructure);
  if (!package.ok()) return package.status();
  report_progress("write", 1, 1);
  return ConvertReport{.manifest = (*package)->manifest(),
                       .config = encoder.config,
                       .calibration_sentences = std::ssize(inputs->calibration),
                       .held_back_sentences = std::ssize(inputs->held_back),
                       .elapsed = absl::Now() - start};
}

}  // namespace sta
