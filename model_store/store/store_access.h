// SPDX-License-Identifier: Apache-2.0
//
// Opening a store's own folder, .sta: made where it is not there, locked, of a format that this
// build knows. Blocks on the disk.
#ifndef MODEL_STORE_STORE_STORE_ACCESS_H_
#define MODEL_STORE_STORE_STORE_ACCESS_H_

#include <filesystem>
#include <memory>

#include "absl/status/statusor.h"
#include "model_store/store/file_system.h"
#include "model_store/store/store_layout.h"
#include "model_store/store/store_options.h"

namespace sta {

struct StoreAccess {
  StoreLayout layout;
  std::unique_ptr<FileLock> lock;  // null: read-only
};

// Statuses: VersionStore::Open. A volume that cannot be written, because it is read-only, somebody
// else's or full, is opened read-only, with a warning.
absl::StatusOr<StoreAccess> OpenStoreFolder(FileSystem& files, const std::filesystem::path& root,
                                            const StoreOptions& options);

}  // namespace sta

#endif  // MODEL_STORE_STORE_STORE_ACCESS_H_
