// SPDX-License-Identifier: Apache-2.0
//
// Hashing what is on a disk, block by block.
#ifndef MODEL_STORE_STORE_HASH_FILE_H_
#define MODEL_STORE_STORE_HASH_FILE_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "model_store/package/running_sha256.h"
#include "model_store/store/file_system.h"

namespace sta {

// The hash of the first `size_bytes` of a file; DATA_LOSS where it has fewer. Blocks on the disk.
absl::StatusOr<RunningSha256> HashFile(FileSystem& files, const FileSystem::Path& path,
                                       int64_t size_bytes);

}  // namespace sta

#endif  // MODEL_STORE_STORE_HASH_FILE_H_
