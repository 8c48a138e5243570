// SPDX-License-Identifier: Apache-2.0
//
// A package's files on their way to the disk. Internal to model_store/package.
#ifndef MODEL_STORE_PACKAGE_PACKAGE_DIRECTORY_H_
#define MODEL_STORE_PACKAGE_PACKAGE_DIRECTORY_H_

#include <filesystem>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model_store/package/manifest.h"

namespace sta {

using FileMap = std::map<std::string, std::string>;  // name -> content

// Lists `files` in `manifest` and adds it to them. INVALID_ARGUMENT: FormatManifest's.
absl::Status AddManifest(Manifest manifest, FileMap& files);

// ALREADY_EXISTS where there is something of that name: before work is put into a package.
absl::Status CheckIsFree(const std::filesystem::path& directory);

// Writes a new directory: to a temporary sibling first, synced, then renamed, so that `directory`
// either does not exist or is whole. Parent directories are made. ALREADY_EXISTS where `directory`
// exists.
absl::Status WritePackageDirectory(const FileMap& files, const std::filesystem::path& directory);

}  // namespace sta

#endif  // MODEL_STORE_PACKAGE_PACKAGE_DIRECTORY_H_
