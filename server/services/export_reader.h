// SPDX-License-Identifier: Apache-2.0
//
// ExportReader: the files of a version as the messages of an Export, the manifest first.
//
//   auto reader = ExportReader::Open(files, version, {});
//   v1::ExportResponse message;
//   while (*(*reader)->Next(message)) Send(message);       // Next returns StatusOr<bool>
//
// Open opens every file, so that a version that is deleted meanwhile is still sent whole. A file
// without bytes has one message, too. One thread at a time; both calls read the disk.
#ifndef SERVER_SERVICES_EXPORT_READER_H_
#define SERVER_SERVICES_EXPORT_READER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "model_store/package/manifest.h"
#include "model_store/store/file_system.h"
#include "model_store/store/store_snapshot.h"
#include "sta/v1/model_store.pb.h"

namespace sta {

inline constexpr int64_t kExportChunkBytes = 512 << 10;

// The manifest of a version. NOT_FOUND: it is gone; DATA_LOSS: it is damaged.
absl::StatusOr<Manifest> ReadManifest(FileSystem& files, const VersionInfo& version);

class ExportReader {
 public:
  // Files whose SHA-256 (lower-case hex) is in `known_sha256` are left out; the manifest never is.
  // NOT_FOUND: the version is gone; DATA_LOSS: it is damaged; RESOURCE_EXHAUSTED: too many open
  // files.
  static absl::StatusOr<std::unique_ptr<ExportReader>> Open(
      FileSystem& files, const VersionInfo& version, const std::set<std::string>& known_sha256);

  // Fills `message` with the next chunk; false, and nothing filled, after the last one. DATA_LOSS:
  // a file is shorter or longer than the manifest says.
  absl::StatusOr<bool> Next(v1::ExportResponse& message);

 private:
  struct OpenFile {
    std::string name;
    int64_t size_bytes = 0;  // as the manifest says
    std::unique_ptr<ReadableFile> file;
  };

  ExportReader() = default;

  absl::Status AddFile(FileSystem& files, const VersionInfo& version, const std::string& name,
                       int64_t size_bytes);

  std::vector<OpenFile> files_;
  size_t file_ = 0;     // the one that is being sent
  int64_t offset_ = 0;  // in it
};

}  // namespace sta

#endif  // SERVER_SERVICES_EXPORT_READER_H_
