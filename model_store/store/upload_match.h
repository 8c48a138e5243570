// SPDX-License-Identifier: Apache-2.0
//
// Whether an upload that somebody asks for was begun, or finished, before. A pure function.
#ifndef MODEL_STORE_STORE_UPLOAD_MATCH_H_
#define MODEL_STORE_STORE_UPLOAD_MATCH_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "model_store/store/model_record.h"

namespace sta {

// What an upload is to be, or a version or open upload of the same name is.
struct UploadIdentity {
  int64_t version = 0;  // of a new upload 0: the next
  std::string digest;
  std::string key;  // of a version that came by other means: its digest
  std::string id;   // of an open upload
};

// At most one is set.
struct UploadMatch {
  std::optional<int64_t> existing;     // a version
  std::optional<std::string> open_id;  // an open upload
};

// ALREADY_EXISTS: the key was used for other content or another version, or the version exists with
// other content, or was there once.
absl::StatusOr<UploadMatch> MatchUpload(const UploadIdentity& wanted,
                                        const std::vector<UploadIdentity>& versions,
                                        const std::vector<UploadIdentity>& open,
                                        const ModelRecord& record);

}  // namespace sta

#endif  // MODEL_STORE_STORE_UPLOAD_MATCH_H_
