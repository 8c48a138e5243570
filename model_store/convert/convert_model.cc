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
#include "model_store/convert/checkpoint.h"
#include "model_store/convert/prune.h"
#include "model_store/convert/quantize_embeddings.h"
#include "model_store/convert/quantize_encoder.h"
#include "model_store/model/loaded_model.h"
#include "model_store/package/package.h"
#include "model_store/tokenizer/wordpiece_tokenizer.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

constexpr const char* kTokenizerFiles[] = {"vocab.txt", "tokenizer.json", "tokenizer_config.json",
                                           "special_tokens_map.json"};

// What is read before the work begins: mistakes should show at once, not after a minute.
struct Inputs {
  HuggingFaceConfig config;
  FloatEncoder encoder;
  PatternAssignment patterns;
  std::map<std::string, std::string> tokenizer_files;
  std::vector<TokenSequence> calibration;
  std::vector<TokenSequence> held_back;
};

absl::StatusOr<std::map<std::string, std::string>> ReadTokenizerFiles(
    const std::filesystem::path& directory) {
  std::map<std::string, std::string> files;
  for (const char* name : kTokenizerFiles) {
    absl::StatusOr<std::string> content = ReadModelFile(directory, name);
    if (content.ok()) {
      files[name] = *std::move(content);
    } else if (!absl::IsNotFound(content.status())) {
      return content.status();
    }
  }
  return files;
}

absl::StatusOr<std::vector<TokenSequence>> TokenizeAll(const WordPieceTokenizer& tokenizer,
                                                       const std::vector<std::string>& sentences,
                                                       const ModelConfig& config) {
  std::vector<TokenSequence> sequences;
  for (const std::string& sentence : sentences) {
    absl::StatusOr<TokenSequence> tokens =
        tokenizer.Encode(sentence, std::nullopt, config.text_truncation_tokens);
    if (!tokens.ok()) {
      return absl::InvalidArgumentError(StrCat("calibration text: ", tokens.status().message()));
    }
    sequences.push_back(*std::move(tokens));
  }
  return sequences;
}

absl::Status CheckOptions(const ConvertOptions& options) {
  std::error_code error;
  if (!std::filesystem::is_directory(options.model_directory, error)) {
    return absl::NotFoundError(
        StrCat("model directory '", options.model_directory.string(), "' is no directory"));
  }
  if (std::filesystem::exists(options.output_directory, error)) {
    return absl::AlreadyExistsError(StrCat("output '", options.output_directory.string(),
                                           "' exists; choose another place or remove it"));
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
  const auto file = [&](const char* name) {
    const auto found = inputs.tokenizer_files.find(name);
    return found == inputs.tokenizer_files.end() ? std::string() : found->second;
  };
  const auto tokenizer =
      WordPieceTokenizer::FromFiles({.vocab_txt = file(kTokenizerFiles[0]),
                                     .tokenizer_json = file(kTokenizerFiles[1]),
                                     .tokenizer_config_json = file(kTokenizerFiles[2]),
                                     .special_tokens_map_json = file(kTokenizerFiles[3])});
  if (!tokenizer.ok()) return tokenizer.status();
  const ModelConfig& config = inputs.config.config;
  if ((*tokenizer)->vocabulary_size() > config.vocabulary_size) {
    return absl::InvalidArgumentError(
        StrCat("the tokenizer knows ", (*tokenizer)->vocabulary_size(),
               " tokens, config.json's vocab_size is ", config.vocabulary_size));
  }
  for (const auto& [sentences, out] : {std::pair{&text->calibration, &inputs.calibration},
                                       {&text->held_back, &inputs.held_back}}) {
    absl::StatusOr<std::vector<TokenSequence>> sequences =
        TokenizeAll(**tokenizer, *sentences, config);
    if (!sequences.ok()) return sequences.status();
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
  absl::StatusOr<HuggingFaceConfig> config =
      ReadHuggingFaceConfig(options.model_directory, options.task);
  if (!config.ok()) return config.status();
  inputs.config = *std::move(config);
  absl::StatusOr<std::map<std::string, std::string>> files =
      ReadTokenizerFiles(options.model_directory);
  if (!files.ok()) return files.status();
  inputs.tokenizer_files = *std::move(files);
  if (absl::Status texts = ReadTexts(options, inputs); !texts.ok()) return texts;
  const absl::StatusOr<Checkpoint> checkpoint = Checkpoint::Open(options.model_directory);
  if (!checkpoint.ok()) return checkpoint.status();
  absl::StatusOr<FloatEncoder> encoder = ReadFloatEncoder(*checkpoint, inputs.config);
  if (!encoder.ok()) return encoder.status();
  inputs.encoder = *std::move(encoder);
  return inputs;
}

Provenance MakeProvenance(const ConvertOptions& options, const Inputs& inputs) {
  return {
      .source =
          std::filesystem::absolute(options.model_directory).lexically_normal().filename().string(),
      .tool = "stactl",
      .calibration = StrCat(inputs.calibration.size(), " sentences of ",
                            options.calibration_text.filename().string()),
      .created = absl::FormatTime(absl::RFC3339_sec, absl::Now(), absl::UTCTimeZone())};
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

  FloatEncoder& encoder = inputs->encoder;
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
                              .text_files = inputs->tokenizer_files,
                              .hugging_face_config = inputs->config.config_json,
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
