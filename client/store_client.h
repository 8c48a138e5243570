// SPDX-License-Identifier: Apache-2.0
//
// StoreClient: changes what an sta-server has in its store: uploads, aliases, versions.
//
//   StoreClient store(*client);
//   auto uploaded = store.Upload("minilm-2of8", {.name = "minilm"}, nullptr);
//   if (uploaded.ok()) store.SetAlias("minilm", "prod", uploaded->model.version);
//
// Where a version is asked for, "" is what requests without a version get; otherwise it is a number
// or an alias. Thread-safe. Calls block for at most the client's timeout, except where a comment
// says otherwise. The statuses are the server's (sta/v1/model_store.proto); UNIMPLEMENTED where the
// server is not an sta-server.
#ifndef CLIENT_STORE_CLIENT_H_
#define CLIENT_STORE_CLIENT_H_

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "client/client.h"

namespace sta::client {

struct UploadOptions {
  std::string name;
  int64_t version = 0;  // 0: the next number
  // Uploads with the same key make one version; "": the same content makes one version.
  std::string idempotency_key = {};
  int64_t chunk_bytes = 512 << 10;  // 1 to 4 MiB
  // How long to try again, without a byte more arriving, where the connection or the server fails.
  absl::Duration patience = absl::Minutes(2);
  // Waits; for tests.
  std::function<void(absl::Duration)> sleep = {};
};

struct UploadProgress {
  int64_t total_bytes = 0;
  int64_t stored_bytes = 0;   // what the server has, as far as is known here
  int64_t skipped_bytes = 0;  // of these, what it had before this upload: shared files, or begun
  std::string trouble = {};   // why it is being tried again; else empty
};

struct UploadedModel {
  ModelVersion model;
  bool existed = false;    // nothing had to be sent: the version was there already
  int64_t sent_bytes = 0;  // repeated ones too
};

struct ModelEvent {
  ModelVersion model;
  std::string resume_token;  // for WatchModels: what follows this event
  absl::Time time;
};

struct AliasMove {
  int64_t previous_version = 0;  // 0: it was nowhere
  int64_t version = 0;
};

struct VerifiedModel {
  ModelVersion model;
  std::string error;  // empty: every byte is right
  int64_t verified_bytes = 0;
};

class StoreClient {
 public:
  // `client` outlives it.
  explicit StoreClient(Client& client) : client_(client) {}

  // Uploads the package in `directory` and goes on by itself after a cut. `progress`, which may be
  // null, is called between chunks. Blocks until the version is stored, however long that takes, as
  // long as bytes arrive within `patience`. NOT_FOUND: no manifest.json there, or a file missing;
  // FAILED_PRECONDITION: a file is shorter than the manifest says.
  absl::StatusOr<UploadedModel> Upload(const std::filesystem::path& directory,
                                       const UploadOptions& options,
                                       const std::function<void(const UploadProgress&)>& progress);

  // Writes the version's files into `directory`, which is made and must not exist; nothing is left
  // of it where that fails. Blocks as long as it takes. ALREADY_EXISTS; DATA_LOSS: what came is not
  // what was sent. Their hashes are left to the caller, who has the manifest.
  absl::StatusOr<ModelVersion> Export(
      const std::string& name, const std::string& version, const std::filesystem::path& directory,
      const std::function<void(int64_t received_bytes, int64_t total_bytes)>& progress);

  // Calls `next` with every change until it returns false: OK. `name` "": of all models.
  // `resume_token` "": begins with every version as it is. Blocks as long as that. UNAVAILABLE when
  // the server shuts down; ABORTED: the token is too old or of another run of the server.
  absl::Status Watch(const std::string& name, const std::string& resume_token,
                     const std::function<bool(const ModelEvent&)>& next);

  // The server loads the version first where it is not loaded: give the client time for that.
  // `expected_version`: the alias moves only from there; 0: only where it is new.
  absl::StatusOr<AliasMove> SetAlias(const std::string& name, const std::string& alias,
                                     int64_t version,
                                     std::optional<int64_t> expected_version = std::nullopt);
  // Back to the version that the alias named before.
  absl::StatusOr<AliasMove> RollBack(const std::string& name, const std::string& alias);
  absl::Status DeleteAlias(const std::string& name, const std::string& alias);

  absl::Status DeleteVersion(const std::string& name, int64_t version, bool force);
  absl::StatusOr<VerifiedModel> Verify(const std::string& name, const std::string& version);
  absl::StatusOr<ModelVersion> Load(const std::string& name, const std::string& version);
  absl::Status Unload(const std::string& name, const std::string& version, bool force);

 private:
  Client& client_;
};

}  // namespace sta::client

#endif  // CLIENT_STORE_CLIENT_H_
