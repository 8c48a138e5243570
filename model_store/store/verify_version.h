// SPDX-License-Identifier: Apache-2.0
//
// Compares a version's bytes with its manifest. Reads all of them; thread-safe.
#ifndef MODEL_STORE_STORE_VERIFY_VERSION_H_
#define MODEL_STORE_STORE_VERIFY_VERSION_H_

#include <cstdint>
#include <set>
#include <string>

#include "absl/status/statusor.h"
#include "model_store/store/file_system.h"
#include "model_store/store/version_directory.h"

namespace sta {

struct VerifiedContent {
  std::string error;              // what is wrong with the first file that is; empty: nothing
  int64_t verified_bytes = 0;     // that were read
  std::set<std::string> damaged;  // SHA-256 that files should have and do not
};

// Goes on after a damaged file. The error is of the disk, and not of what is on it.
absl::StatusOr<VerifiedContent> VerifyContent(FileSystem& files, const VersionContent& content);

}  // namespace sta

#endif  // MODEL_STORE_STORE_VERIFY_VERSION_H_
