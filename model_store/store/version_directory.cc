// SPDX-License-Identifier: Apache-2.0
#include "model_store/store/version_directory.h"

#include <set>
#include <vector>

#include "model_store/package/sha256.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

using Path = FileSystem::Path;

constexpr int64_t kMaxManifestBytes = int64_t{64} << 20;  // of a package

absl::Status Partial(std::string_view reason) {
  return absl::FailedPreconditionError(AbslView(reason));
}

absl::Status CheckListedFile(FileSystem& files, const Path& directory, const std::string& name,
                             const FileEntry& entry) {
  const absl::StatusOr<FileInfo> info = files.Stat(directory / name);
  if (absl::IsNotFound(info.status())) return Partial(StrCat("file '", name, "' is missing"));
  if (!info.ok()) return info.status();
  if (info->kind != FileKind::kFile) {
    return Partial(StrCat("file '", name, "' is no regular file"));
  }
  if (info->size_bytes != entry.size_bytes) {
    return Partial(StrCat("file '", name, "' has ", info->size_bytes, " bytes, the manifest says ",
                          entry.size_bytes));
  }
  return absl::OkStatus();
}

absl::Status CheckNothingElse(FileSystem& files, const Path& directory, const Manifest& manifest) {
  const absl::StatusOr<std::vector<DirectoryEntry>> entries = files.List(directory);
  if (!entries.ok()) return entries.status();
  for (const DirectoryEntry& entry : *entries) {
    if (entry.name != kManifestFile && !manifest.files.contains(entry.name)) {
      return Partial(
          StrCat("file '", entry.name.substr(0, 128), "' is not listed in the manifest"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> DirectorySignature(FileSystem& files, const Path& path) {
  const absl::StatusOr<std::vector<DirectoryEntry>> entries = files.List(path);
  if (!entries.ok()) return entries.status();
  std::string signature;
  for (const DirectoryEntry& entry : *entries) {
    const absl::StatusOr<FileInfo> info = files.Stat(path / entry.name);
    if (absl::IsNotFound(info.status())) continue;  // removed since: the next look differs
    if (!info.ok()) return info.status();
    // A slash stands in no name.
    StrAppend(&signature, entry.name, "/", static_cast<int>(info->kind), " ", info->size_bytes, " ",
              absl::ToUnixNanos(info->modified), "/");
  }
  return signature;
}

bool IsOfTheDisk(const absl::Status& status) {
  return absl::IsResourceExhausted(status) || absl::IsPermissionDenied(status) ||
         absl::IsInternal(status);
}

absl::StatusOr<VersionContent> ReadVersion(FileSystem& files, const StoredVersion& stored) {
  const Path manifest_path = stored.path / kManifestFile;
  const absl::StatusOr<FileInfo> manifest_info = files.Stat(manifest_path);
  if (absl::IsNotFound(manifest_info.status())) return Partial("manifest.json is missing");
  if (!manifest_info.ok()) return manifest_info.status();
  const absl::StatusOr<std::string> text = files.ReadFile(manifest_path, kMaxManifestBytes);
  if (!text.ok()) return text.status();
  absl::StatusOr<Manifest> manifest = ParseManifest(*text);
  if (!manifest.ok()) return manifest.status();
  for (const auto& [name, entry] : manifest->files) {
    const absl::Status listed = CheckListedFile(files, stored.path, name, entry);
    if (!listed.ok()) return listed;
  }
  if (absl::Status rest = CheckNothingElse(files, stored.path, *manifest); !rest.ok()) return rest;
  return VersionContent{.info = {.name = stored.name,
                                 .version = stored.version,
                                 .path = stored.path,
                                 .digest = Sha256Hex(*text),
                                 .size_bytes = manifest->TotalBytes() + std::ssize(*text),
                                 .created = manifest_info->modified},
                        .files = std::move(manifest->files)};
}

}  // namespace sta
