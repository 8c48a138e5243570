// SPDX-License-Identifier: Apache-2.0
#include "server/process/batcher_host.h"

#include <algorithm>
#include <cstddef>
#include <future>
#include <utility>

#include "model_store/model/diagnostic_model.h"
#include "model_store/model/loaded_model.h"
#include "server/process/heap_keeper.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

constexpr int64_t kShortTokens = 8;

// Of the weights, which are nearly all of it.
int64_t ProgramBytes(const Program& program) {
  size_t bytes = 0;
  for (const LinearParameters& linear : program.linears) {
    bytes += linear.weights.values.size() + linear.weights.offsets.size() +
             linear.bias.size() * sizeof(int32_t) + linear.shift.size() +
             linear.multiplier.size() * sizeof(int16_t);
  }
  return static_cast<int64_t>(bytes);
}

// Any token does: what is computed does not depend on its value, and 0 is in every vocabulary.
std::vector<TokenSequence> Sequences(int64_t count, int64_t tokens) {
  return std::vector<TokenSequence>(
      static_cast<size_t>(count),
      TokenSequence{.ids = std::vector<int32_t>(static_cast<size_t>(tokens)), .types = {}});
}

}  // namespace

absl::Status BatcherHost::Verify(const VersionInfo& version) {
  const absl::StatusOr<VerifyReport> report = store_.Verify(version.name, version.version);
  if (!report.ok()) return report.status();
  return report->error.empty() ? absl::OkStatus() : absl::DataLossError(AbslView(report->error));
}

absl::StatusOr<std::shared_ptr<const ServedModel>> BatcherHost::Load(const VersionInfo& version) {
  absl::StatusOr<std::shared_ptr<const Package>> package =
      Package::Open(version.path, PackageCheck::kStructure);
  if (!package.ok()) return package.status();
  if ((*package)->kind() == PackageKind::kDiagnostic) return LoadDiagnostic(version, **package);
  absl::StatusOr<std::shared_ptr<const LoadedModel>> model = LoadedModel::Load(*std::move(package));
  if (!model.ok()) return model.status();
  absl::StatusOr<std::shared_ptr<ServedModel>> served =
      batcher_.Load(version.name, version.version, *std::move(model));
  if (served.ok()) (*served)->memory_bytes += ProgramBytes(*(*served)->model->program());
  return served;
}

absl::StatusOr<std::shared_ptr<const ServedModel>> BatcherHost::LoadDiagnostic(
    const VersionInfo& version, const Package& package) const {
  if (!options_.allow_diagnostic_models) {
    return absl::FailedPreconditionError(
        "it is a diagnostic model; --allow-diagnostic-models lets this server load it");
  }
  absl::StatusOr<std::shared_ptr<const DiagnosticModel>> model = DiagnosticModel::Load(package);
  if (!model.ok()) return model.status();
  auto served = std::make_shared<ServedModel>();
  served->name = version.name;
  served->version = version.version;
  served->diagnostic = *std::move(model);
  served->memory_bytes = package.manifest().TotalBytes();  // about that
  return served;
}

absl::Status BatcherHost::Warm(const std::shared_ptr<const ServedModel>& served,
                               bool beside_others) {
  if (served->diagnostic != nullptr) return absl::OkStatus();
  const int64_t budget_tokens =
      beside_others ? std::min(options_.max_tokens_beside_others, options_.max_batch_tokens)
                    : options_.max_batch_tokens;
  const int64_t longest = std::min(served->model->config().max_sequence_tokens, budget_tokens);
  absl::Status status = Run(served, Sequences(1, std::min(kShortTokens, longest)));
  if (!status.ok()) return status;
  status = Run(served, Sequences(1, longest));
  if (status.ok() && budget_tokens >= 2 * longest) {
    status = Run(served, Sequences(budget_tokens / longest, longest));
  }
  // The devices take shorter sequences than the model does. Requests that are too long for them are
  // told so; the others need not wait for a device that there is not.
  if (absl::IsInvalidArgument(status)) return absl::OkStatus();
  return status;
}

absl::Status BatcherHost::Run(const std::shared_ptr<const ServedModel>& served,
                              std::vector<TokenSequence> sequences) {
  std::promise<absl::Status> answer;
  batcher_.Submit({.model = served,
                   .sequences = std::move(sequences),
                   .done = [&answer](const absl::StatusOr<JobResult>& result) {
                     answer.set_value(result.status());
                   }});
  const absl::Status status = answer.get_future().get();
  if (status.ok() || absl::IsResourceExhausted(status)) return absl::OkStatus();
  return absl::Status(status.code(), StrCat("warming up: ", status.message()));
}

void BatcherHost::ReturnMemory() {
  // The C library keeps what was freed for the next allocations. There may be none of that size for
  // days, and another process would have use for it.
  Heap().GiveBack();
}

}  // namespace sta
