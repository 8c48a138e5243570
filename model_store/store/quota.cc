// SPDX-License-Identifier: Apache-2.0
#include "model_store/store/quota.h"

#include "strings/str_cat.h"

namespace sta {

absl::Status CheckQuota(const StoreOptions& options, const QuotaDemand& demand) {
  const auto over = [](int64_t value, int64_t bound) { return bound > 0 && value > bound; };
  if (demand.open_uploads > options.max_open_uploads) {
    return absl::ResourceExhaustedError(StrCat("too many open uploads: allowed are ",
                                               options.max_open_uploads, "; finish or abort one"));
  }
  if (over(demand.model_versions, options.max_model_versions)) {
    return absl::ResourceExhaustedError(StrCat("model '", demand.model, "' would have ",
                                               demand.model_versions, " versions, allowed are ",
                                               options.max_model_versions, "; delete one"));
  }
  if (over(demand.model_bytes, options.max_model_bytes)) {
    return absl::ResourceExhaustedError(StrCat("model '", demand.model, "' would take ",
                                               demand.model_bytes, " bytes, allowed are ",
                                               options.max_model_bytes, "; delete a version"));
  }
  if (over(demand.store_bytes, options.max_store_bytes)) {
    return absl::ResourceExhaustedError(StrCat("the store would take ", demand.store_bytes,
                                               " bytes, allowed are ", options.max_store_bytes,
                                               "; delete a version"));
  }
  if (demand.free_bytes < options.min_free_bytes) {
    const int64_t missing = options.min_free_bytes - demand.free_bytes;
    return absl::ResourceExhaustedError(
        StrCat("the store's disk is too full: ", missing, " more bytes would have to be free"));
  }
  return absl::OkStatus();
}

}  // namespace sta
