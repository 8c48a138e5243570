// SPDX-License-Identifier: Apache-2.0
//
// VersionStore: the models on disk: versions, aliases, uploads. docs/store-format.md describes the
// bytes and why a crash at any point loses nothing.
//
//   auto store = VersionStore::Open("/models", {.min_free_bytes = 1 << 30}, files, clock);
//   for (const VersionInfo& version : (*store)->Snapshot()->versions) ...
//
//   auto started = store->StartUpload({.name = "minilm", .manifest = manifest});
//   if (started->existing) return *started->existing;             // it was uploaded before
//   store->AppendToUpload(started->upload->id, chunk);            // until it IsWhole()
//   auto version = store->FinishUpload(started->upload->id);      // on the disk from here on
//
// Every change that returned OK survives kill -9 and a power cut; one that failed or was cut off
// may have happened whole or not at all, which Snapshot and Rescan tell.
//
// Thread-safe. Snapshot, GetUpload, ListUploads and StoreBytes take short locks only; everything
// else reads or writes the disk. Appends to different uploads do not wait for each other; one
// upload's calls do. The file system and the clock outlive the store.
//
// Statuses that any change may return besides its own: FAILED_PRECONDITION "the store is
// read-only"; RESOURCE_EXHAUSTED, disk full; PERMISSION_DENIED, DATA_LOSS, INTERNAL, from the disk.
#ifndef MODEL_STORE_STORE_VERSION_STORE_H_
#define MODEL_STORE_STORE_VERSION_STORE_H_

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "accel/device_pool/clock.h"
#include "model_store/store/alias_change.h"
#include "model_store/store/file_system.h"
#include "model_store/store/store_options.h"
#include "model_store/store/store_snapshot.h"
#include "model_store/store/upload_status.h"

namespace sta {

struct VerifyReport {
  std::string error;           // what is wrong with the version's bytes; empty: nothing
  int64_t verified_bytes = 0;  // that were read
};

// Whether the package in `directory`, whose files' hashes are known to be right, is sound.
using PackageChecker = std::function<absl::Status(const std::filesystem::path& directory)>;
// Package::Open without hashes.
absl::Status CheckPackageStructure(const std::filesystem::path& directory);

class VersionStore {
 public:
  // A plain directory becomes a store; what a crash left is put right; garbage is collected.
  // NOT_FOUND: no such directory; FAILED_PRECONDITION: it is no directory, another process has it,
  // or its format is newer than this build; DATA_LOSS: a record in it is damaged.
  // `root` itself may be a symbolic link.
  static absl::StatusOr<std::unique_ptr<VersionStore>> Open(
      const std::filesystem::path& root, const StoreOptions& options, FileSystem& files,
      Clock& clock, PackageChecker checker = CheckPackageStructure);

  ~VersionStore();
  VersionStore(const VersionStore&) = delete;
  VersionStore& operator=(const VersionStore&) = delete;

  bool read_only() const;

  // What is there. The same object until something changes.
  std::shared_ptr<const StoreSnapshot> Snapshot() const;

  // Looks for what came, changed or went by other means. A version is taken when it is whole;
  // until then it is listed as skipped, and never touched. Hashes are not looked at: Verify.
  absl::Status Rescan();

  // Begins an upload, or finds the one, or the version, that was begun with the same name, key and
  // content. INVALID_ARGUMENT: a name, version, key or manifest that is none; FAILED_PRECONDITION:
  // a package format that this build does not know, or a diagnostic model that the options do not
  // accept; ALREADY_EXISTS: the version is or was there with other content, or the key was used for
  // other content; RESOURCE_EXHAUSTED: a quota, the disk or the number of open uploads is full.
  absl::StatusOr<StartedUpload> StartUpload(const UploadRequest& request);

  // Writes a chunk; not durable until SyncUpload, FinishUpload or now and then. An empty one is
  // checked only.
  // NOT_FOUND: no such upload; INVALID_ARGUMENT: no such file, more than kMaxChunkBytes, or over
  // the file's end; OUT_OF_RANGE: `offset` is not where the file is (the message says where it is);
  // DATA_LOSS: the chunk's CRC32C is wrong (nothing was written), or it was the file's last and the
  // file's SHA-256 is wrong (what came of the file is dropped).
  // After any error GetUpload tells where to go on.
  absl::StatusOr<UploadStatus> AppendToUpload(std::string_view id, const ChunkView& chunk);

  // What came so far is durable. For the end of a stream that did not bring everything.
  absl::Status SyncUpload(std::string_view id);

  absl::StatusOr<UploadStatus> GetUpload(std::string_view id) const;
  std::vector<UploadStatus> ListUploads() const;  // oldest first
  absl::Status AbortUpload(std::string_view id);

  // Makes the upload a version: the commit. NOT_FOUND: no such upload; FAILED_PRECONDITION: files
  // are not whole (the upload stays), or the package is not sound (the upload is gone; the message
  // begins with "the package is not sound"); DATA_LOSS: a file's SHA-256 is wrong (dropped, the
  // upload stays); ALREADY_EXISTS: the version exists by now with other content (the upload is
  // gone). Any other error leaves the upload; FinishUpload may be called again.
  absl::StatusOr<VersionInfo> FinishUpload(std::string_view id);

  // Names a version. NOT_FOUND: no such version; ABORTED: `expected` is set and is not where the
  // alias is (0: it may not exist yet); INVALID_ARGUMENT: no alias name (see IsAliasName);
  // RESOURCE_EXHAUSTED: kMaxAliases of this model.
  absl::StatusOr<AliasChange> SetAlias(std::string_view name, std::string_view alias,
                                       int64_t version, std::optional<int64_t> expected);
  // Swaps the alias with what it named before. NOT_FOUND: no such alias; FAILED_PRECONDITION: there
  // was nothing before, or it is not in the store any more; ABORTED as above.
  absl::StatusOr<AliasChange> RollBackAlias(std::string_view name, std::string_view alias,
                                            std::optional<int64_t> expected);
  absl::Status DeleteAlias(std::string_view name, std::string_view alias);  // NOT_FOUND

  // Takes a version away, however it came, and its bytes unless another version shares them. Its
  // number is not given again. NOT_FOUND; FAILED_PRECONDITION: an alias names it, unless `force`:
  // those aliases go with it. Who has its files mapped keeps them until unmapped.
  absl::Status DeleteVersion(std::string_view name, int64_t version, bool force);

  // Reads every byte and compares. NOT_FOUND. Where a file that others may share is damaged, the
  // store stops sharing it, so that a new upload brings it again.
  absl::StatusOr<VerifyReport> Verify(std::string_view name, int64_t version);

  // Ends expired uploads and removes whatever nothing refers to. To be called now and then; nothing
  // to do in a store that is read-only.
  absl::Status CollectGarbage();

  // What versions and open uploads take on the disk; what is shared counts once.
  int64_t StoreBytes() const;

 private:
  class Core;
  explicit VersionStore(std::unique_ptr<Core> core);

  std::unique_ptr<Core> core_;
};

}  // namespace sta

#endif  // MODEL_STORE_STORE_VERSION_STORE_H_
