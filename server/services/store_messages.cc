// SPDX-License-Identifier: Apache-2.0
#include "server/services/store_messages.h"

#include "server/services/proto_time.h"

namespace sta {
namespace {

v1::ModelState ToProto(ModelState state) {
  switch (state) {
    case ModelState::kUnloaded:
      return v1::MODEL_STATE_UNLOADED;
    case ModelState::kVerifying:
      return v1::MODEL_STATE_VERIFYING;
    case ModelState::kLoading:
      return v1::MODEL_STATE_LOADING;
    case ModelState::kWarming:
      return v1::MODEL_STATE_WARMING;
    case ModelState::kReady:
      return v1::MODEL_STATE_READY;
    case ModelState::kDraining:
      return v1::MODEL_STATE_DRAINING;
    case ModelState::kFailed:
      break;
  }
  return v1::MODEL_STATE_FAILED;
}

void SetSeries(const SeriesEntry& entry, v1::SeriesEntry& message) {
  message.set_series(entry.series);
  message.set_candidate(entry.candidate);
  message.set_task(entry.task);
  message.set_split(entry.split);
  message.set_steps(entry.steps);
  message.set_metric(entry.metric);
  message.mutable_scores()->insert(entry.scores.begin(), entry.scores.end());
  message.mutable_dense_scores()->insert(entry.dense_scores.begin(), entry.dense_scores.end());
}

}  // namespace

v1::ModelVersion MakeModelVersion(const ModelStatus& status) {
  v1::ModelVersion version;
  version.set_name(status.name);
  version.set_version(status.version);
  version.set_state(ToProto(status.state));
  version.set_reason(status.reason);
  version.set_size_bytes(status.size_bytes);
  for (const std::string& alias : status.aliases) version.add_aliases(alias);
  version.set_is_default(status.is_default);
  SetTime(status.since, *version.mutable_since());
  SetTime(status.created, *version.mutable_created());
  version.set_digest(status.digest);
  version.set_memory_bytes(status.memory_bytes);
  if (status.summary == nullptr) return version;
  const ModelSummary& summary = *status.summary;
  version.set_task(summary.task);
  version.mutable_patterns()->insert(summary.patterns.begin(), summary.patterns.end());
  version.set_max_sequence_tokens(summary.max_sequence_tokens);
  version.set_hidden_size(summary.hidden_size);
  version.set_arithmetic_version(summary.arithmetic_version);
  return version;
}

v1::ModelVersion MakeModelVersion(const VersionInfo& version) {
  return MakeModelVersion(ModelStatus{.name = version.name,
                                      .version = version.version,
                                      .since = version.created,
                                      .digest = version.digest,
                                      .size_bytes = version.size_bytes,
                                      .created = version.created});
}

v1::UploadStatus MakeUploadStatus(const UploadStatus& status) {
  v1::UploadStatus message;
  message.set_upload_id(status.id);
  message.set_name(status.name);
  message.set_version(status.version);
  for (const UploadFileStatus& file : status.files) {
    v1::UploadFile& its = *message.add_files();
    its.set_name(file.name);
    its.set_size_bytes(file.size_bytes);
    its.set_received_bytes(file.received_bytes);
  }
  message.set_size_bytes(status.size_bytes);
  message.set_received_bytes(status.received_bytes);
  SetTime(status.started, *message.mutable_started());
  SetTime(status.expires, *message.mutable_expires());
  return message;
}

void FillDetails(const Manifest& manifest, v1::GetModelResponse& response) {
  for (const MatrixEntry& entry : manifest.matrices) {
    v1::Matrix& matrix = *response.add_matrices();
    matrix.set_name(entry.name);
    matrix.set_rows(entry.rows);
    matrix.set_columns(entry.columns);
    matrix.set_pattern(entry.pattern.ToString());
    matrix.set_value_bytes(entry.value_bytes);
    matrix.set_position_bytes(entry.position_bytes);
  }
  auto& provenance = *response.mutable_provenance();
  provenance["source"] = manifest.provenance.source;
  provenance["tool"] = manifest.provenance.tool;
  provenance["calibration"] = manifest.provenance.calibration;
  provenance["created"] = manifest.provenance.created;
  response.mutable_accuracy()->insert(manifest.provenance.accuracy.begin(),
                                      manifest.provenance.accuracy.end());
  if (manifest.provenance.series.has_value()) {
    SetSeries(*manifest.provenance.series, *response.mutable_series());
  }
}

}  // namespace sta
