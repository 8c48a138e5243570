// SPDX-License-Identifier: Apache-2.0
//
// What goes into an upload and what is known of it (version_store.h). Plain values.
#ifndef MODEL_STORE_STORE_UPLOAD_STATUS_H_
#define MODEL_STORE_STORE_UPLOAD_STATUS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "model_store/store/store_snapshot.h"

namespace sta {

inline constexpr int64_t kMaxUploadManifestBytes = int64_t{4} << 20;
inline constexpr int64_t kMaxChunkBytes = int64_t{4} << 20;
inline constexpr int64_t kMaxUploadFiles = 1024;
inline constexpr int64_t kMaxIdempotencyKeyBytes = 128;

struct UploadRequest {
  std::string name;
  int64_t version = 0;   // 0: the next number
  std::string manifest;  // manifest.json, its exact bytes
  std::string key;       // idempotency key; empty: the manifest's SHA-256
};

struct UploadFileStatus {
  std::string name;
  int64_t size_bytes = 0;
  int64_t received_bytes = 0;  // from its start: the next chunk's offset

  friend bool operator==(const UploadFileStatus&, const UploadFileStatus&) = default;
};

struct UploadStatus {
  std::string id;
  std::string name;
  int64_t version = 0;
  std::vector<UploadFileStatus> files;  // by name; a file that is in the store already is whole
  int64_t size_bytes = 0;
  int64_t received_bytes = 0;
  absl::Time started;
  absl::Time expires;  // unless more comes

  // Every byte is there and every file's SHA-256 is right: FinishUpload comes next.
  bool IsWhole() const { return received_bytes == size_bytes; }
};

// One of the two is set.
struct StartedUpload {
  std::optional<UploadStatus> upload;
  std::optional<VersionInfo> existing;  // there is nothing to send
};

// Views: valid during the call that they are given to.
struct ChunkView {
  std::string_view file;
  int64_t offset = 0;  // what the store has of the file
  std::span<const std::byte> data;
  uint32_t crc32c = 0;  // of `data` (checksum/crc32c.h)
};

}  // namespace sta

#endif  // MODEL_STORE_STORE_UPLOAD_STATUS_H_
