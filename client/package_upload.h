// SPDX-License-Identifier: Apache-2.0
//
// PackageUpload: one upload from its start to the stored version, over as many streams as that
// takes. Private to client/. One thread; Run once.
#ifndef CLIENT_PACKAGE_UPLOAD_H_
#define CLIENT_PACKAGE_UPLOAD_H_

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/client_impl.h"
#include "client/store_client.h"

namespace sta::client {

class PackageUpload {
 public:
  // All outlive it.
  PackageUpload(Client::Impl& client, const std::filesystem::path& directory,
                const UploadOptions& options,
                const std::function<void(const UploadProgress&)>& progress);

  // As StoreClient::Upload.
  absl::StatusOr<UploadedModel> Run();

 private:
  // What one attempt came to: the model, or a failure of the wire or of this machine.
  struct Failure {
    absl::Status status;
    bool is_local = false;  // a file here; trying again is in vain
  };

  // StartUpload, and a stream with what is missing.
  std::optional<UploadedModel> Attempt(Failure* failure);
  std::optional<UploadedModel> Send(const v1::UploadStatus& upload, Failure* failure);
  absl::Status SendFile(const v1::UploadFile& file, grpc::ClientWriter<v1::UploadRequest>& writer,
                        v1::UploadRequest& request);
  void Report(const std::string& trouble);

  Client::Impl& client_;
  const std::filesystem::path& directory_;
  const UploadOptions& options_;
  const std::function<void(const UploadProgress&)>& progress_;
  std::string manifest_;
  UploadProgress state_;
  int64_t most_stored_bytes_ = -1;  // that the server ever said
  int64_t sent_bytes_ = 0;
  int failures_without_progress_ = 0;
  absl::Duration waited_;
};

}  // namespace sta::client

#endif  // CLIENT_PACKAGE_UPLOAD_H_
