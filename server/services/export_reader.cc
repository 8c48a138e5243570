// SPDX-License-Identifier: Apache-2.0
#include "server/services/export_reader.h"

#include <algorithm>
#include <span>
#include <utility>

#include "checksum/crc32c.h"
#include "model_store/store/upload_status.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

absl::Status WrongSize(const std::string& file, int64_t size_bytes) {
  return absl::DataLossError(StrCat("file '", file, "' does not have the ", size_bytes,
                                    " bytes that the manifest says; the version is damaged"));
}

absl::Status About(const VersionInfo& version, const absl::Status& status) {
  // A path of the server's disk is nothing for a client.
  const std::string_view what =
      absl::IsNotFound(status) ? "a file of it is gone" : "a file of it cannot be read";
  return absl::Status(status.code(), AbslView(StrCat("model '", version.name, "' version ",
                                                     version.version, ": ", what)));
}

absl::StatusOr<std::string> ReadManifestText(FileSystem& files, const VersionInfo& version) {
  absl::StatusOr<std::string> text =
      files.ReadFile(version.path / std::filesystem::path(kManifestFile), kMaxUploadManifestBytes);
  if (!text.ok()) return About(version, text.status());
  return text;
}

}  // namespace

absl::StatusOr<Manifest> ReadManifest(FileSystem& files, const VersionInfo& version) {
  const absl::StatusOr<std::string> text = ReadManifestText(files, version);
  if (!text.ok()) return text.status();
  return ParseManifest(*text);
}

absl::StatusOr<std::unique_ptr<ExportReader>> ExportReader::Open(
    FileSystem& files, const VersionInfo& version, const std::set<std::string>& known_sha256) {
  const absl::StatusOr<std::string> text = ReadManifestText(files, version);
  if (!text.ok()) return text.status();
  const absl::StatusOr<Manifest> manifest = ParseManifest(*text);
  if (!manifest.ok()) return manifest.status();
  std::unique_ptr<ExportReader> reader(new ExportReader());
  absl::Status added = reader->AddFile(files, version, std::string(kManifestFile),
                                       static_cast<int64_t>(text->size()));
  for (const auto& [name, entry] : manifest->files) {
    if (!added.ok()) break;
    if (known_sha256.contains(entry.sha256)) continue;
    added = reader->AddFile(files, version, name, entry.size_bytes);
  }
  if (!added.ok()) return added;
  return reader;
}

absl::Status ExportReader::AddFile(FileSystem& files, const VersionInfo& version,
                                   const std::string& name, int64_t size_bytes) {
  absl::StatusOr<std::unique_ptr<ReadableFile>> file = files.OpenToRead(version.path / name);
  if (!file.ok()) return About(version, file.status());
  if ((*file)->size_bytes() != size_bytes) return WrongSize(name, size_bytes);
  files_.push_back({.name = name, .size_bytes = size_bytes, .file = *std::move(file)});
  return absl::OkStatus();
}

absl::StatusOr<bool> ExportReader::Next(v1::ExportResponse& message) {
  if (file_ == files_.size()) return false;
  const OpenFile& file = files_[file_];
  const int64_t size_bytes = std::min(kExportChunkBytes, file.size_bytes - offset_);
  std::string& data = *message.mutable_data();
  data.resize(static_cast<size_t>(size_bytes));
  const absl::StatusOr<size_t> read =
      file.file->ReadAt(offset_, std::as_writable_bytes(std::span(data)));
  if (!read.ok()) {
    return absl::Status(read.status().code(),
                        AbslView(StrCat("file '", file.name, "' cannot be read at ", offset_)));
  }
  if (*read != data.size()) return WrongSize(file.name, file.size_bytes);
  message.set_file(file.name);
  message.set_offset(offset_);
  message.set_crc32c(Crc32c(data));
  offset_ += size_bytes;
  if (offset_ == file.size_bytes) {
    files_[file_].file.reset();  // its descriptor is not needed any more
    ++file_;
    offset_ = 0;
  }
  return true;
}

}  // namespace sta
