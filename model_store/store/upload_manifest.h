// SPDX-License-Identifier: Apache-2.0
//
// The manifest that an upload begins with, checked before anything is stored. A pure function.
#ifndef MODEL_STORE_STORE_UPLOAD_MANIFEST_H_
#define MODEL_STORE_STORE_UPLOAD_MANIFEST_H_

#include <string_view>

#include "absl/status/statusor.h"
#include "model_store/package/manifest.h"

namespace sta {

// INVALID_ARGUMENT: over kMaxUploadManifestBytes or kMaxUploadFiles, malformed, without a file that
// every package has, with sizes that contradict hashes; FAILED_PRECONDITION: of a version that this
// build does not know.
absl::StatusOr<Manifest> ParseUploadManifest(std::string_view text);

}  // namespace sta

#endif  // MODEL_STORE_STORE_UPLOAD_MANIFEST_H_
