// SPDX-License-Identifier: Apache-2.0
//
// UploadPart: what came of one file of an upload. FILE.part grows; when its last byte is there and
// the SHA-256 is right it is synced, made read-only and renamed FILE.whole: that name is the proof,
// also after a restart.
//
//   UploadPart part(files, upload_directory, "config.json", manifest.files["config.json"]);
//   part.Append(bytes);          // at received_bytes()
//   part.Sync();                 // now and then
//
// Thread-compatible. After an error received_bytes() tells where to go on: what may not have
// reached the disk is taken for lost.
#ifndef MODEL_STORE_STORE_UPLOAD_PART_H_
#define MODEL_STORE_STORE_UPLOAD_PART_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "absl/status/status.h"
#include "model_store/package/manifest.h"
#include "model_store/package/running_sha256.h"
#include "model_store/store/file_system.h"

namespace sta {

class UploadPart {
 public:
  using Path = FileSystem::Path;

  UploadPart(FileSystem& files, const Path& directory, const std::string& name, FileEntry entry);

  // After a restart: takes up what is on the disk, cut to what is known to be durable.
  absl::Status Recover(int64_t durable_bytes);

  // At received_bytes(), and not over the file's end. With the last byte: DATA_LOSS where the
  // SHA-256 is wrong, and the part is empty again.
  absl::Status Append(std::span<const std::byte> bytes);

  // What was received is durable, but for the part's name in its directory.
  absl::Status Sync();
  // Syncs and gives the open file back.
  absl::Status Close();

  // Gives the open file back; nothing more is done with the part.
  void Abandon() { file_.reset(); }

  // Another source has the file: the store, already.
  void SetWhole() { received_bytes_ = durable_bytes_ = entry_.size_bytes; }
  // That source has gone.
  void SetEmpty();

  // An empty file is whole, and on the disk, only after this.
  absl::Status MakeEmptyFile();

  const FileEntry& entry() const { return entry_; }
  const Path& whole_path() const { return whole_path_; }
  bool IsWhole() const { return received_bytes_ == entry_.size_bytes; }
  int64_t received_bytes() const { return received_bytes_; }
  int64_t durable_bytes() const { return durable_bytes_; }
  bool is_open() const { return file_ != nullptr; }

 private:
  // The open file has exactly what was received.
  absl::Status OpenPart();
  // The hash has exactly what was received: read again where it was not followed from the start.
  absl::Status FollowHash();
  absl::Status Finish();
  absl::Status RecoverReadOnlyPart();
  void DropTo(int64_t bytes);

  FileSystem& files_;
  const std::string name_;
  const Path part_path_;
  const Path whole_path_;
  const FileEntry entry_;
  std::unique_ptr<WritableFile> file_;
  std::optional<RunningSha256> hash_;  // of the bytes received, where it is known
  int64_t received_bytes_ = 0;
  int64_t durable_bytes_ = 0;
};

}  // namespace sta

#endif  // MODEL_STORE_STORE_UPLOAD_PART_H_
