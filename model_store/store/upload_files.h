// SPDX-License-Identifier: Apache-2.0
//
// The JSON files of an upload's directory: upload.json, written once, and progress.json, replaced
// as parts become durable. Plain values and pure functions.
#ifndef MODEL_STORE_STORE_UPLOAD_FILES_H_
#define MODEL_STORE_STORE_UPLOAD_FILES_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace sta {

inline constexpr std::string_view kUploadFile = "upload.json";
inline constexpr std::string_view kProgressFile = "progress.json";
inline constexpr int64_t kMaxUploadFileBytes = int64_t{1} << 20;  // of either

struct UploadHeader {
  std::string id;  // the directory's name, not in the file
  std::string name;
  int64_t version = 0;
  std::string digest;  // SHA-256 of the manifest
  std::string key;
  absl::Time started;
};

// Durable bytes by file.
using UploadProgress = std::map<std::string, int64_t>;

// DATA_LOSS for anything malformed.
absl::StatusOr<UploadHeader> ParseUploadHeader(std::string_view json, std::string_view id);
absl::StatusOr<UploadProgress> ParseUploadProgress(std::string_view json);

// INVALID_ARGUMENT where the key is not valid UTF-8.
absl::StatusOr<std::string> FormatUploadHeader(const UploadHeader& header);
absl::StatusOr<std::string> FormatUploadProgress(const UploadProgress& progress);

}  // namespace sta

#endif  // MODEL_STORE_STORE_UPLOAD_FILES_H_
