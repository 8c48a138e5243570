// SPDX-License-Identifier: Apache-2.0
#include "bench/engine/engine_runner.h"

#include <utility>

#include "accel/emulator/emulator_device.h"
#include "model_store/package/package.h"
#include "strings/str_cat.h"

namespace sta::bench {

EngineRunner::EngineRunner(std::shared_ptr<const LoadedModel> model, std::unique_ptr<Device> device,
                           std::unique_ptr<LoadedProgram> program)
    : model_(std::move(model)), device_(std::move(device)), program_(std::move(program)) {}

absl::StatusOr<std::unique_ptr<EngineRunner>> EngineRunner::Open(const Options& options) {
  return Open(options.package, MakeEmulatorDevice({.threads = options.threads}));
}

absl::StatusOr<std::unique_ptr<EngineRunner>> EngineRunner::Open(
    const std::filesystem::path& package, std::unique_ptr<Device> device) {
  absl::StatusOr<std::shared_ptr<const Package>> opened =
      Package::Open(package, PackageCheck::kHashes);
  if (!opened.ok()) return opened.status();
  absl::StatusOr<std::shared_ptr<const LoadedModel>> model = LoadedModel::Load(*std::move(opened));
  if (!model.ok()) return model.status();
  const Task task = (*model)->config().task;
  if (task != Task::kSentenceEmbedding) {
    return absl::InvalidArgumentError(StrCat("'", package.string(), "' is a model of task ",
                                             TaskName(task), "; this needs ",
                                             TaskName(Task::kSentenceEmbedding)));
  }
  absl::StatusOr<std::unique_ptr<LoadedProgram>> program = device->Load((*model)->program());
  if (!program.ok()) return program.status();
  // The constructor is private, out of make_unique's reach.
  return std::unique_ptr<EngineRunner>(
      new EngineRunner(*std::move(model), std::move(device), *std::move(program)));
}

absl::StatusOr<std::unique_ptr<PreparedWorkload>> EngineRunner::Prepare(
    std::string_view text) const {
  const ModelConfig& config = model_->config();
  absl::StatusOr<Workload> workload =
      MakeWorkload(text, {.vocabulary_size = config.vocabulary_size,
                          .max_sequence_tokens = config.max_sequence_tokens,
                          .max_tokens = device_->caps().max_tokens});
  if (!workload.ok()) return workload.status();
  auto prepared = std::make_unique<PreparedWorkload>();
  prepared->offsets.push_back(0);
  for (const TokenSequence& sequence : workload->sequences) {
    if (absl::Status valid = model_->ValidateTokens(sequence); !valid.ok()) return valid;
    prepared->offsets.push_back(prepared->offsets.back() +
                                static_cast<int32_t>(sequence.ids.size()));
  }
  const auto hidden = static_cast<size_t>(config.hidden_size);
  prepared->input.resize(static_cast<size_t>(prepared->offsets.back()) * hidden);
  prepared->output.resize(prepared->input.size());
  prepared->embeddings.resize(workload->sequences.size() * hidden);
  prepared->workload = *std::move(workload);
  return prepared;
}

absl::Status EngineRunner::Run(PreparedWorkload& prepared) {
  const auto hidden = static_cast<size_t>(model_->config().hidden_size);
  const size_t count = prepared.workload.sequences.size();
  const auto rows_of = [&](std::span<int16_t> rows, size_t i) {
    const auto begin = static_cast<size_t>(prepared.offsets[i]) * hidden;
    return rows.subspan(begin, static_cast<size_t>(prepared.offsets[i + 1]) * hidden - begin);
  };
  for (size_t i = 0; i < count; ++i) {
    model_->Embed(prepared.workload.sequences[i], rows_of(prepared.input, i));
  }
  if (absl::Status intact = model_->CheckIntact(); !intact.ok()) return intact;
  absl::Status status =
      device_->Run(*program_, {.rows = prepared.input, .sequence_offsets = prepared.offsets},
                   prepared.output, absl::InfiniteFuture());
  if (!status.ok()) return status;
  for (size_t i = 0; i < count; ++i) {
    model_->SentenceEmbedding(rows_of(prepared.output, i),
                              std::span(prepared.embeddings).subspan(i * hidden, hidden));
  }
  return absl::OkStatus();
}

}  // namespace sta::bench
