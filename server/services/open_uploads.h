// SPDX-License-Identifier: Apache-2.0
//
// OpenUploads: begins uploads, and keeps any one client from taking all that the store can have
// open at a time. An upload that is found again is never refused.
//
//   OpenUploads open(store, 32);
//   absl::StatusOr<StartedUpload> started = open.Start(request, access.NameOf(*context));
//
// Uploads that were begun before the server's start are nobody's. Thread-safe; Start writes to the
// disk, one call after another.
#ifndef SERVER_SERVICES_OPEN_UPLOADS_H_
#define SERVER_SERVICES_OPEN_UPLOADS_H_

#include <map>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "model_store/store/version_store.h"

namespace sta {

class OpenUploads {
 public:
  // `store` outlives this.
  OpenUploads(VersionStore& store, int most_of_a_client)
      : store_(store), most_of_a_client_(most_of_a_client) {}

  // As VersionStore::StartUpload; RESOURCE_EXHAUSTED, too, where `client` (RpcAccess::NameOf) has
  // too many.
  absl::StatusOr<StartedUpload> Start(const UploadRequest& request, const std::string& client);

 private:
  // Forgets the uploads that have ended.
  void ForgetEnded() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  VersionStore& store_;
  const int most_of_a_client_;
  absl::Mutex mutex_;
  std::map<std::string, std::string> client_of_ ABSL_GUARDED_BY(mutex_);  // by upload id
};

}  // namespace sta

#endif  // SERVER_SERVICES_OPEN_UPLOADS_H_
