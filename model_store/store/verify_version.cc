// SPDX-License-Identifier: Apache-2.0
#include "model_store/store/verify_version.h"

#include "model_store/package/sha256.h"
#include "model_store/store/hash_file.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

// OK, or DATA_LOSS: the bytes are wrong; or an error of the disk.
absl::Status VerifyFile(FileSystem& files, const VersionInfo& info, const std::string& name,
                        const FileEntry& entry) {
  const FileSystem::Path path = info.path / name;
  const absl::StatusOr<FileInfo> stat = files.Stat(path);
  if (absl::IsNotFound(stat.status())) {
    return absl::DataLossError(StrCat("file '", name, "' is missing"));
  }
  if (!stat.ok()) return stat.status();
  if (stat->size_bytes > entry.size_bytes) {
    return absl::DataLossError(StrCat("file '", name, "' has ", stat->size_bytes,
                                      " bytes, the manifest says ", entry.size_bytes));
  }
  const absl::StatusOr<RunningSha256> hash = HashFile(files, path, entry.size_bytes);
  if (!hash.ok()) return hash.status();
  if (hash->Hex() != entry.sha256) {
    return absl::DataLossError(
        StrCat("file '", name, "' is damaged: its SHA-256 is not the manifest's"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<VerifiedContent> VerifyContent(FileSystem& files, const VersionContent& content) {
  VerifiedContent verified;
  const absl::StatusOr<VersionContent> now = ReadVersion(
      files,
      {.name = content.info.name, .version = content.info.version, .path = content.info.path});
  if (absl::IsNotFound(now.status())) return now.status();
  if (!now.ok()) {
    verified.error = StdView(now.status().message());
  } else if (now->info.digest != content.info.digest) {
    verified.error = "manifest.json has changed";
  }
  for (const auto& [name, entry] : content.files) {
    const absl::Status file = VerifyFile(files, content.info, name, entry);
    if (!file.ok() && !absl::IsDataLoss(file)) return file;
    if (file.ok()) {
      verified.verified_bytes += entry.size_bytes;
      continue;
    }
    verified.damaged.insert(entry.sha256);
    if (verified.error.empty()) verified.error = StdView(file.message());
  }
  return verified;
}

}  // namespace sta
