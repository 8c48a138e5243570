// SPDX-License-Identifier: Apache-2.0
#include "model_store/store/upload_part.h"

#include <algorithm>
#include <utility>

#include "model_store/store/file_operations.h"
#include "model_store/store/hash_file.h"
#include "strings/str_cat.h"

namespace sta {

UploadPart::UploadPart(FileSystem& files, const Path& directory, const std::string& name,
                       FileEntry entry)
    : files_(files),
      name_(name),
      part_path_(directory / StrCat(name, ".part")),
      whole_path_(directory / StrCat(name, ".whole")),
      entry_(std::move(entry)) {}

void UploadPart::DropTo(int64_t bytes) {
  file_.reset();
  hash_.reset();
  received_bytes_ = bytes;
  durable_bytes_ = std::min(durable_bytes_, bytes);
}

void UploadPart::SetEmpty() {
  DropTo(0);
  RemoveFileIfThere(files_, whole_path_).IgnoreError();  // a new one takes its place
}

absl::Status UploadPart::OpenPart() {
  if (file_ != nullptr) return absl::OkStatus();
  if (received_bytes_ == 0) {
    if (absl::Status gone = RemoveFileIfThere(files_, part_path_); !gone.ok()) return gone;
  }
  absl::StatusOr<std::unique_ptr<WritableFile>> file =
      received_bytes_ == 0 ? files_.Create(part_path_) : files_.OpenToAppend(part_path_);
  if (!file.ok()) return file.status();
  if ((*file)->size_bytes() < received_bytes_) {
    DropTo(0);
    return absl::DataLossError(StrCat("what came of file '", name_, "' was cut by others"));
  }
  if ((*file)->size_bytes() > received_bytes_) {
    if (absl::Status cut = (*file)->Truncate(received_bytes_); !cut.ok()) return cut;
  }
  file_ = *std::move(file);
  return absl::OkStatus();
}

absl::Status UploadPart::FollowHash() {
  if (hash_.has_value()) return absl::OkStatus();
  if (received_bytes_ == 0) {
    hash_.emplace();
    return absl::OkStatus();
  }
  absl::StatusOr<RunningSha256> hash = HashFile(files_, part_path_, received_bytes_);
  if (!hash.ok()) return hash.status();
  hash_ = *std::move(hash);
  return absl::OkStatus();
}

absl::Status UploadPart::Append(std::span<const std::byte> bytes) {
  if (absl::Status opened = OpenPart(); !opened.ok()) return opened;
  if (absl::Status followed = FollowHash(); !followed.ok()) return followed;
  if (absl::Status written = file_->Append(bytes); !written.ok()) {
    file_.reset();  // what got there in part is cut when the file is opened again
    return written;
  }
  hash_->Update(bytes);
  received_bytes_ += std::ssize(bytes);
  return IsWhole() ? Finish() : absl::OkStatus();
}

absl::Status UploadPart::Finish() {
  if (hash_->Hex() != entry_.sha256) {
    DropTo(0);
    RemoveFileIfThere(files_, part_path_).IgnoreError();  // or when it is begun again
    return absl::DataLossError(
        StrCat("file '", name_, "': the SHA-256 of what came is not the manifest's"));
  }
  absl::Status status = file_->MakeReadOnly();
  if (status.ok()) status = file_->Sync();
  status.Update(file_->Close());
  file_.reset();
  if (status.ok()) status = files_.Rename(part_path_, whole_path_);
  if (!status.ok()) {
    // It cannot be opened for writing any more, so it is begun again.
    DropTo(0);
    RemoveFileIfThere(files_, part_path_).IgnoreError();
    return status;
  }
  hash_.reset();
  durable_bytes_ = received_bytes_;
  return absl::OkStatus();
}

absl::Status UploadPart::Sync() {
  if (durable_bytes_ == received_bytes_) return absl::OkStatus();
  absl::Status status = OpenPart();
  if (status.ok()) status = file_->Sync();
  if (!status.ok()) {
    // The kernel may have dropped what it could not write, and will not say so again.
    DropTo(durable_bytes_);
    return status;
  }
  durable_bytes_ = received_bytes_;
  return absl::OkStatus();
}

absl::Status UploadPart::Close() {
  absl::Status status = Sync();
  if (file_ != nullptr) status.Update(file_->Close());
  file_.reset();
  return status;
}

absl::Status UploadPart::MakeEmptyFile() {
  absl::Status status = OpenPart();
  if (status.ok()) status = FollowHash();
  return status.ok() ? Finish() : status;
}

absl::Status UploadPart::Recover(int64_t durable_bytes) {
  const absl::StatusOr<FileInfo> whole = files_.Stat(whole_path_);
  if (!whole.ok() && !absl::IsNotFound(whole.status())) return whole.status();
  if (whole.ok() && whole->kind == FileKind::kFile && whole->size_bytes == entry_.size_bytes) {
    SetWhole();
    return absl::OkStatus();
  }
  const absl::StatusOr<FileInfo> part = files_.Stat(part_path_);
  if (absl::IsNotFound(part.status())) return absl::OkStatus();
  if (!part.ok()) return part.status();
  const bool is_usable = part->kind == FileKind::kFile && part->link_count == 1 &&
                         durable_bytes > 0 && part->size_bytes >= durable_bytes &&
                         part->size_bytes <= entry_.size_bytes;
  if (!is_usable) return RemoveTree(files_, part_path_);
  if (durable_bytes == entry_.size_bytes) return RecoverReadOnlyPart();
  received_bytes_ = durable_bytes_ = durable_bytes;
  absl::Status cut = OpenPart();
  if (absl::IsPermissionDenied(cut)) return RecoverReadOnlyPart();
  if (cut.ok()) cut = file_->Sync();
  file_.reset();
  return cut;
}

// Its last byte was there, and its new name was lost.
absl::Status UploadPart::RecoverReadOnlyPart() {
  const absl::StatusOr<RunningSha256> hash = HashFile(files_, part_path_, entry_.size_bytes);
  if (hash.ok() && hash->Hex() == entry_.sha256 && files_.Rename(part_path_, whole_path_).ok()) {
    SetWhole();
    return absl::OkStatus();
  }
  DropTo(0);
  return RemoveFileIfThere(files_, part_path_);
}

}  // namespace sta
