// SPDX-License-Identifier: Apache-2.0
//
// Whether an upload may begin. A pure function.
//
//   absl::Status may_begin = CheckQuota(options, {.model = "minilm", .store_bytes = ...});
#ifndef MODEL_STORE_STORE_QUOTA_H_
#define MODEL_STORE_STORE_QUOTA_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "model_store/store/store_options.h"

namespace sta {

// How things would be if the upload, and all that are open, were through.
struct QuotaDemand {
  std::string model;
  int open_uploads = 0;        // with this one
  int64_t store_bytes = 0;     // of all versions, what is shared once
  int64_t model_bytes = 0;     // of this model's
  int64_t model_versions = 0;  // how many it has
  int64_t free_bytes = 0;      // on the volume; below 0: so much is missing
};

// RESOURCE_EXHAUSTED says which bound, its value and by how much it is passed.
absl::Status CheckQuota(const StoreOptions& options, const QuotaDemand& demand);

}  // namespace sta

#endif  // MODEL_STORE_STORE_QUOTA_H_
