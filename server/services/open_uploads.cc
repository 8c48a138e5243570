// SPDX-License-Identifier: Apache-2.0
#include "server/services/open_uploads.h"

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "strings/str_cat.h"

namespace sta {
namespace {

std::set<std::string> IdsOf(const std::vector<UploadStatus>& uploads) {
  std::set<std::string> ids;
  for (const UploadStatus& upload : uploads) ids.insert(upload.id);
  return ids;
}

}  // namespace

absl::StatusOr<StartedUpload> OpenUploads::Start(const UploadRequest& request,
                                                 const std::string& client) {
  // Held while the disk works: who begins uploads waits for others who do.
  const absl::MutexLock lock(&mutex_);
  const std::set<std::string> before = IdsOf(store_.ListUploads());
  absl::StatusOr<StartedUpload> started = store_.StartUpload(request);
  if (!started.ok() || !started->upload.has_value()) return started;
  const std::string& id = started->upload->id;
  if (before.contains(id)) return started;
  ForgetEnded();
  const auto has = std::ranges::count(client_of_, client, [](const auto& it) { return it.second; });
  if (has < most_of_a_client_) {
    client_of_[id] = client;
    return started;
  }
  // Only the store can tell whether a request begins an upload, and then it has begun.
  if (const absl::Status status = store_.AbortUpload(id); !status.ok()) return status;
  return absl::ResourceExhaustedError(StrCat("you have ", has,
                                             " uploads open, which is all that one client may "
                                             "have; finish or abort some, ListUploads tells "
                                             "which"));
}

void OpenUploads::ForgetEnded() {
  const std::set<std::string> open = IdsOf(store_.ListUploads());
  std::erase_if(client_of_, [&](const auto& entry) { return !open.contains(entry.first); });
}

}  // namespace sta
