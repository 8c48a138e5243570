// SPDX-License-Identifier: Apache-2.0
#include "model_store/store/upload_manifest.h"

#include <limits>
#include <map>
#include <string>

#include "model_store/package/package_files.h"
#include "model_store/package/sha256.h"
#include "model_store/store/upload_status.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

// Equal hashes have equal sizes, and the hash of nothing is known.
absl::Status CheckSizes(const Manifest& manifest) {
  std::map<std::string, int64_t> sizes = {{Sha256Hex(std::string_view()), 0}};
  int64_t total = 0;
  for (const auto& [name, file] : manifest.files) {
    const auto [known, is_new] = sizes.try_emplace(file.sha256, file.size_bytes);
    const bool is_empty = file.size_bytes == 0;
    if (known->second != file.size_bytes || (is_new && is_empty)) {
      return absl::InvalidArgumentError(StrCat("manifest.json: file '", name, "' cannot have ",
                                               file.size_bytes, " bytes and this SHA-256"));
    }
    if (file.size_bytes > std::numeric_limits<int64_t>::max() - total) {
      return absl::InvalidArgumentError("manifest.json: the sum of the sizes is too large");
    }
    total += file.size_bytes;
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Manifest> ParseUploadManifest(std::string_view text) {
  if (std::ssize(text) > kMaxUploadManifestBytes) {
    return absl::InvalidArgumentError(
        StrCat("manifest.json has ", text.size(), " bytes, allowed are ", kMaxUploadManifestBytes));
  }
  absl::StatusOr<Manifest> manifest = ParseManifest(text);
  if (absl::IsDataLoss(manifest.status())) {
    return absl::InvalidArgumentError(manifest.status().message());
  }
  if (!manifest.ok()) return manifest.status();
  if (std::ssize(manifest->files) > kMaxUploadFiles) {
    return absl::InvalidArgumentError(StrCat("manifest.json lists ", manifest->files.size(),
                                             " files, allowed are ", kMaxUploadFiles));
  }
  for (const std::string_view required : RequiredFiles(manifest->kind)) {
    if (!manifest->files.contains(std::string(required))) {
      return absl::InvalidArgumentError(
          StrCat("manifest.json does not list '", required, "', which every such package has"));
    }
  }
  if (absl::Status sizes = CheckSizes(*manifest); !sizes.ok()) return sizes;
  return manifest;
}

}  // namespace sta
