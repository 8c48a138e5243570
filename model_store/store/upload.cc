// SPDX-License-Identifier: Apache-2.0
#include "model_store/store/upload.h"

#include <algorithm>
#include <utility>

#include "checksum/crc32c.h"
#include "model_store/package/sha256.h"
#include "model_store/store/file_operations.h"
#include "model_store/store/upload_manifest.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

// So much is sent again at most after a power cut; longer waits for the disk are rarer.
constexpr int64_t kSyncEveryBytes = int64_t{64} << 20;

}  // namespace

Upload::Upload(const Parts& parts, UploadHeader header, std::string manifest_text,
               Manifest manifest)
    : parts_(parts),
      header_(std::move(header)),
      manifest_text_(std::move(manifest_text)),
      manifest_(std::move(manifest)),
      directory_(parts.layout.Upload(header_.id)),
      last_byte_(header_.started) {
  status_ = {.id = header_.id,
             .name = header_.name,
             .version = header_.version,
             .size_bytes = manifest_.TotalBytes(),
             .started = header_.started};
  for (const auto& [name, entry] : manifest_.files) {
    hashes_.insert(entry.sha256);
    files_.try_emplace(name, parts_.files, directory_, name, entry);
    status_.files.push_back({.name = name, .size_bytes = entry.size_bytes});
  }
  parts_.blobs.Pin(hashes_);
}

Upload::~Upload() { parts_.blobs.Unpin(hashes_); }

absl::StatusOr<std::unique_ptr<Upload>> Upload::Begin(const Parts& parts, UploadHeader header,
                                                      const std::string& manifest_text,
                                                      Manifest manifest) {
  std::unique_ptr<Upload> upload(
      new Upload(parts, std::move(header), manifest_text, std::move(manifest)));
  absl::Status status = upload->FindBlobs();
  if (status.ok()) status = upload->WriteDirectory();
  if (!status.ok()) {
    upload->Remove().IgnoreError();  // garbage collection tries again
    return status;
  }
  return upload;
}

// upload.json comes last: a directory without it is garbage.
absl::Status Upload::WriteDirectory() {
  const absl::StatusOr<std::string> header = FormatUploadHeader(header_);
  if (!header.ok()) return header.status();
  absl::Status status = parts_.files.CreateDirectory(directory_);
  if (status.ok()) {
    status = WriteReadOnlyFile(parts_.files, directory_ / kManifestFile, manifest_text_);
  }
  if (status.ok()) status = parts_.files.SyncDirectory(directory_);
  if (status.ok()) status = WriteReadOnlyFile(parts_.files, directory_ / kUploadFile, *header);
  if (status.ok()) status = parts_.files.SyncDirectory(directory_);
  if (status.ok()) status = parts_.files.SyncDirectory(parts_.layout.Uploads());
  return status;
}

absl::StatusOr<std::unique_ptr<Upload>> Upload::Recover(const Parts& parts, std::string_view id,
                                                        absl::Time now) {
  const FileSystem::Path directory = parts.layout.Upload(id);
  const absl::StatusOr<std::string> header_text =
      parts.files.ReadFile(directory / kUploadFile, kMaxUploadFileBytes);
  if (!header_text.ok()) return absl::DataLossError(header_text.status().message());
  absl::StatusOr<UploadHeader> header = ParseUploadHeader(*header_text, id);
  if (!header.ok()) return header.status();
  // A clock that was set back must not keep it forever.
  header->started = std::min(header->started, now);
  absl::StatusOr<std::string> manifest_text =
      parts.files.ReadFile(directory / kManifestFile, kMaxUploadManifestBytes);
  if (!manifest_text.ok()) return absl::DataLossError(manifest_text.status().message());
  if (Sha256Hex(*manifest_text) != header->digest) {
    return absl::DataLossError("manifest.json is not the one that the upload began with");
  }
  absl::StatusOr<Manifest> manifest = ParseUploadManifest(*manifest_text);
  if (!manifest.ok()) return absl::DataLossError(manifest.status().message());
  std::unique_ptr<Upload> upload(
      new Upload(parts, *std::move(header), *std::move(manifest_text), *std::move(manifest)));
  absl::Status status = upload->FindBlobs();
  if (status.ok()) status = upload->RecoverParts();
  if (!status.ok()) return status;
  const absl::MutexLock lock(&upload->status_mutex_);
  upload->last_byte_ = now;
  return upload;
}

absl::Status Upload::FindBlobs() {
  for (auto& [name, part] : files_) {
    const absl::StatusOr<bool> is_there =
        parts_.blobs.Has(part.entry().sha256, part.entry().size_bytes);
    if (!is_there.ok()) return is_there.status();
    if (!*is_there) continue;
    SetShared(name, true);
  }
  return absl::OkStatus();
}

void Upload::SetShared(const std::string& file, bool shared) {
  UploadPart& part = files_.at(file);
  if (shared) {
    part.SetWhole();
    shared_.insert(file);
  } else {
    part.SetEmpty();
    shared_.erase(file);
  }
  Note(file);
  const absl::MutexLock lock(&status_mutex_);
  shared_bytes_ += shared ? part.entry().size_bytes : -part.entry().size_bytes;
}

absl::Status Upload::RecoverParts() {
  const absl::StatusOr<std::string> text =
      parts_.files.ReadFile(directory_ / kProgressFile, kMaxUploadFileBytes);
  UploadProgress progress;
  if (text.ok()) {
    absl::StatusOr<UploadProgress> parsed = ParseUploadProgress(*text);
    if (!parsed.ok()) return parsed.status();
    progress = *std::move(parsed);
  } else if (!absl::IsNotFound(text.status())) {
    return text.status();
  }
  for (auto& [name, part] : files_) {
    if (shared_.contains(name)) continue;
    if (absl::Status taken = part.Recover(progress[name]); !taken.ok()) return taken;
    Note(name);
  }
  return absl::OkStatus();
}

// Brings the status up to date.
void Upload::Note(const std::string& file) {
  const absl::MutexLock lock(&status_mutex_);
  const auto found = std::ranges::lower_bound(status_.files, file, {}, &UploadFileStatus::name);
  const int64_t received_bytes = files_.at(file).received_bytes();
  status_.received_bytes += received_bytes - found->received_bytes;
  found->received_bytes = received_bytes;
}

UploadStatus Upload::Status() const {
  const absl::MutexLock lock(&status_mutex_);
  UploadStatus status = status_;
  status.expires = std::min(last_byte_ + parts_.options.upload_expiry,
                            header_.started + parts_.options.max_upload_age);
  return status;
}

int64_t Upload::PartBytes() const {
  const absl::MutexLock lock(&status_mutex_);
  return status_.received_bytes - shared_bytes_;
}

int64_t Upload::MissingBytes() const {
  const absl::MutexLock lock(&status_mutex_);
  return status_.size_bytes - status_.received_bytes;
}

absl::Status Upload::CheckChunk(const ChunkView& chunk) const {
  const auto found = files_.find(std::string(chunk.file));
  if (found == files_.end()) {
    return absl::InvalidArgumentError(
        StrCat("file '", chunk.file.substr(0, 128), "' is not in the upload's manifest"));
  }
  const UploadPart& part = found->second;
  if (std::ssize(chunk.data) > kMaxChunkBytes) {
    return absl::InvalidArgumentError(
        StrCat("a chunk of ", chunk.data.size(), " bytes, allowed are ", kMaxChunkBytes));
  }
  if (chunk.offset != part.received_bytes()) {
    return absl::OutOfRangeError(StrCat("file '", chunk.file, "': a chunk at offset ", chunk.offset,
                                        ", expected is ", part.received_bytes()));
  }
  if (std::ssize(chunk.data) > part.entry().size_bytes - chunk.offset) {
    return absl::InvalidArgumentError(StrCat("file '", chunk.file, "': a chunk of ",
                                             chunk.data.size(), " bytes at offset ", chunk.offset,
                                             " is over its end at ", part.entry().size_bytes));
  }
  if (Crc32c(chunk.data) != chunk.crc32c) {
    return absl::DataLossError(StrCat("file '", chunk.file, "': the CRC32C of the chunk at offset ",
                                      chunk.offset, " does not match"));
  }
  return absl::OkStatus();
}

absl::StatusOr<UploadStatus> Upload::Append(const ChunkView& chunk, absl::Time now) {
  if (absl::Status sound = CheckChunk(chunk); !sound.ok()) return sound;
  if (chunk.data.empty()) return Status();
  const std::string file(chunk.file);
  UploadPart& part = files_.at(file);
  absl::Status status = CloseOthers(file);
  if (status.ok()) status = part.Append(chunk.data);
  if (status.ok() && part.received_bytes() - part.durable_bytes() >= kSyncEveryBytes) {
    status = SyncParts();
  }
  Note(file);
  if (!status.ok()) return status;
  {
    const absl::MutexLock lock(&status_mutex_);
    last_byte_ = std::max(last_byte_, now);
  }
  return Status();
}

// One file is open at a time: a thousand files would take a thousand descriptors.
absl::Status Upload::CloseOthers(const std::string& file) {
  for (auto& [name, part] : files_) {
    if (name == file || !part.is_open()) continue;
    const absl::Status closed = part.Close();
    Note(name);
    if (!closed.ok()) return closed;
  }
  return absl::OkStatus();
}

absl::Status Upload::Sync() { return SyncParts(); }

absl::Status Upload::SyncParts() {
  UploadProgress progress;
  for (auto& [name, part] : files_) {
    if (shared_.contains(name)) continue;
    const absl::Status synced = part.Sync();
    Note(name);
    if (!synced.ok()) return synced;
    if (part.durable_bytes() > 0) progress[name] = part.durable_bytes();
  }
  if (progress.empty()) return absl::OkStatus();
  const absl::StatusOr<std::string> text = FormatUploadProgress(progress);
  if (!text.ok()) return text.status();
  return ReplaceFile(parts_.files, directory_ / kProgressFile, *text);
}

absl::Status Upload::CheckWhole() {
  for (auto& [name, part] : files_) {
    if (shared_.contains(name)) {
      const absl::StatusOr<bool> is_there =
          parts_.blobs.Has(part.entry().sha256, part.entry().size_bytes);
      if (!is_there.ok()) return is_there.status();
      if (!*is_there) SetShared(name, false);  // it was found to be damaged since
    }
    if (!part.IsWhole()) {
      return absl::FailedPreconditionError(StrCat("the upload is not whole: file '", name, "' has ",
                                                  part.received_bytes(), " of ",
                                                  part.entry().size_bytes, " bytes"));
    }
  }
  return absl::OkStatus();
}

absl::Status Upload::Stage(const FileSystem::Path& staging) {
  for (auto& [name, part] : files_) {
    if (shared_.contains(name)) continue;
    absl::Status status;
    if (part.entry().size_bytes == 0) status = part.MakeEmptyFile();
    if (status.ok()) {
      status = parts_.blobs.Adopt(part.entry().sha256, part.entry().size_bytes, part.whole_path());
    }
    if (!status.ok()) return status;
  }
  absl::Status status = RemoveTree(parts_.files, staging);
  if (status.ok()) status = parts_.files.CreateDirectory(staging);
  for (const auto& [name, entry] : manifest_.files) {
    if (!status.ok()) return status;
    status = parts_.blobs.Give(entry.sha256, staging / name);
  }
  if (status.ok())
    status = WriteReadOnlyFile(parts_.files, staging / kManifestFile, manifest_text_);
  return status.ok() ? parts_.files.SyncDirectory(staging) : status;
}

absl::Status Upload::Remove() {
  for (auto& [name, part] : files_) part.Abandon();
  absl::Status status = RemoveFileIfThere(parts_.files, directory_ / kUploadFile);
  if (status.ok()) status = RemoveTree(parts_.files, directory_);
  return status.ok() ? parts_.files.SyncDirectory(parts_.layout.Uploads()) : status;
}

}  // namespace sta
