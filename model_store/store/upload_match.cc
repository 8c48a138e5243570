// SPDX-License-Identifier: Apache-2.0
#include "model_store/store/upload_match.h"

#include "strings/str_cat.h"

namespace sta {
namespace {

// `wanted` has the key of `known`: is it the same?
absl::Status CheckSame(const UploadIdentity& wanted, const UploadIdentity& known) {
  if (wanted.digest != known.digest) {
    return absl::AlreadyExistsError(StrCat("the idempotency key was used for version ",
                                           known.version, ", which has other content"));
  }
  if (wanted.version != 0 && wanted.version != known.version) {
    return absl::AlreadyExistsError(
        StrCat("this content is version ", known.version,
               " by the same idempotency key; to store it again as version ", wanted.version,
               ", use another key"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<UploadMatch> MatchUpload(const UploadIdentity& wanted,
                                        const std::vector<UploadIdentity>& versions,
                                        const std::vector<UploadIdentity>& open,
                                        const ModelRecord& record) {
  for (const UploadIdentity& known : versions) {
    if (known.version == wanted.version) {
      if (known.digest == wanted.digest) return UploadMatch{.existing = known.version};
      return absl::AlreadyExistsError(
          StrCat("version ", wanted.version, " exists, with other content"));
    }
  }
  for (const UploadIdentity& known : versions) {
    if (known.key != wanted.key) continue;
    if (absl::Status same = CheckSame(wanted, known); !same.ok()) return same;
    return UploadMatch{.existing = known.version};
  }
  if (wanted.version != 0 && record.IsDeleted(wanted.version)) {
    return absl::AlreadyExistsError(StrCat("version ", wanted.version,
                                           " was deleted, and numbers are not used again; the "
                                           "next is ",
                                           record.next_version));
  }
  for (const UploadIdentity& known : open) {
    if (known.key != wanted.key) continue;
    if (absl::Status same = CheckSame(wanted, known); !same.ok()) return same;
    return UploadMatch{.open_id = known.id};
  }
  return UploadMatch{};
}

}  // namespace sta
