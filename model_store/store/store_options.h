// SPDX-License-Identifier: Apache-2.0
//
// StoreOptions: what a VersionStore (version_store.h) may take, and how long it keeps what is not
// finished. Plain values.
#ifndef MODEL_STORE_STORE_STORE_OPTIONS_H_
#define MODEL_STORE_STORE_STORE_OPTIONS_H_

#include <cstdint>
#include <functional>
#include <string>

#include "absl/time/time.h"

namespace sta {

struct StoreOptions {
  // Nothing is written, not even a lock; a volume that cannot be written is treated the same.
  bool read_only = false;

  // Whether diagnostic models are taken in uploads.
  bool accept_diagnostic_models = false;

  // Bounds for uploads; 0: none. Versions that come by other means count, and are never refused.
  int64_t max_store_bytes = 0;     // of all versions and open uploads; what is shared counts once
  int64_t max_model_bytes = 0;     // of the versions and open uploads of one name
  int64_t max_model_versions = 0;  // of one name, open uploads too
  int64_t min_free_bytes = 0;      // what an upload leaves free on the volume

  int max_open_uploads = 64;
  // An upload is given up when nothing came for so long, or when it began so long ago.
  absl::Duration upload_expiry = absl::Hours(24);
  absl::Duration max_upload_age = absl::Hours(24 * 7);

  // Told, in one sentence, of what an operator should know and no caller is told: a volume without
  // hard links, a damaged upload that was dropped. May be called from any thread; may be empty.
  std::function<void(const std::string&)> on_warning;
};

}  // namespace sta

#endif  // MODEL_STORE_STORE_STORE_OPTIONS_H_
