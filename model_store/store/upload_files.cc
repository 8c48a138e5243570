// SPDX-License-Identifier: Apache-2.0
#include "model_store/store/upload_files.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "model_store/json/strict_json.h"
#include "model_store/store/model_record.h"
#include "model_store/store/store_json.h"
#include "model_store/store/store_names.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

absl::Status UploadDamage(std::string_view file, const absl::Status& status) {
  return absl::DataLossError(StrCat(file, ": ", StdView(status.message())));
}

absl::StatusOr<UploadHeader> ReadHeader(const nlohmann::json& json) {
  if (absl::Status keys =
          CheckKeys(json, {"name", "version", "digest", "idempotency_key", "started"});
      !keys.ok()) {
    return keys;
  }
  UploadHeader header;
  for (const auto& [key, out] :
       {std::pair{"name", &header.name}, std::pair{"idempotency_key", &header.key}}) {
    absl::StatusOr<std::string> text = GetString(json, key);
    if (!text.ok()) return text.status();
    *out = *std::move(text);
  }
  if (!IsModelName(header.name)) return absl::InvalidArgumentError("key 'name' is no model name");
  absl::StatusOr<std::string> digest = GetSha256(json, "digest");
  if (!digest.ok()) return digest.status();
  header.digest = *std::move(digest);
  const absl::StatusOr<int64_t> version = GetInteger(json, "version", 1, kMaxVersion);
  if (!version.ok()) return version.status();
  header.version = *version;
  const absl::StatusOr<absl::Time> started = GetStoreTime(json, "started");
  if (!started.ok()) return started.status();
  header.started = *started;
  return header;
}

}  // namespace

absl::StatusOr<UploadHeader> ParseUploadHeader(std::string_view json, std::string_view id) {
  const absl::StatusOr<nlohmann::json> document = ParseStrictJson(json, {.max_depth = 2});
  if (!document.ok()) return UploadDamage(kUploadFile, document.status());
  absl::StatusOr<UploadHeader> header = ReadHeader(*document);
  if (!header.ok()) return UploadDamage(kUploadFile, header.status());
  header->id = id;
  return header;
}

absl::StatusOr<UploadProgress> ParseUploadProgress(std::string_view json) {
  const absl::StatusOr<nlohmann::json> document = ParseStrictJson(json, {.max_depth = 2});
  if (!document.ok()) return UploadDamage(kProgressFile, document.status());
  if (!document->is_object()) {
    return UploadDamage(kProgressFile, absl::InvalidArgumentError("not a JSON object"));
  }
  UploadProgress progress;
  for (const auto& [name, value] : document->items()) {
    const absl::StatusOr<int64_t> bytes = GetInteger(*document, name, 0, int64_t{1} << 42);
    if (!bytes.ok()) return UploadDamage(kProgressFile, bytes.status());
    progress[name] = *bytes;
  }
  return progress;
}

absl::StatusOr<std::string> FormatUploadHeader(const UploadHeader& header) {
  return FormatStoreJson({{"name", header.name},
                          {"version", header.version},
                          {"digest", header.digest},
                          {"idempotency_key", header.key},
                          {"started", FormatStoreTime(header.started)}});
}

absl::StatusOr<std::string> FormatUploadProgress(const UploadProgress& progress) {
  nlohmann::json files = nlohmann::json::object();
  for (const auto& [name, durable_bytes] : progress) files[name] = durable_bytes;
  return FormatStoreJson(files);
}

}  // namespace sta
