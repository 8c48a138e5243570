// SPDX-License-Identifier: Apache-2.0
//
// What comes into a VersionStore: uploads, up to their commit.
#include <algorithm>
#include <utility>

#include "model_store/package/package.h"
#include "model_store/package/sha256.h"
#include "model_store/store/file_operations.h"
#include "model_store/store/quota.h"
#include "model_store/store/store_core.h"
#include "model_store/store/upload_manifest.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

absl::Status CheckRequest(const UploadRequest& request) {
  if (!IsModelName(request.name)) {
    return absl::InvalidArgumentError(
        StrCat("'", request.name.substr(0, 128),
               "' is no model name: letters, digits, '.', '_' and '-', at most 128, not beginning "
               "with a dot"));
  }
  if (request.version < 0 || request.version > kMaxVersion) {
    return absl::InvalidArgumentError(StrCat("version ", request.version, ", allowed are 1 to ",
                                             kMaxVersion, ", or 0: the next"));
  }
  if (std::ssize(request.key) > kMaxIdempotencyKeyBytes) {
    return absl::InvalidArgumentError(StrCat("the idempotency key has ", request.key.size(),
                                             " bytes, allowed are ", kMaxIdempotencyKeyBytes));
  }
  return absl::OkStatus();
}

// Whether what a package checker says is about the package, and not about the disk or the memory.
bool IsUnsound(const absl::Status& status) {
  return absl::IsDataLoss(status) || absl::IsInvalidArgument(status) ||
         absl::IsFailedPrecondition(status) || absl::IsOutOfRange(status);
}

}  // namespace

absl::Status CheckPackageStructure(const std::filesystem::path& directory) {
  return Package::Open(directory, PackageCheck::kStructure).status();
}

absl::StatusOr<UploadMatch> VersionStore::Core::Match(const UploadRequest& request,
                                                      const UploadIdentity& wanted) const {
  const ModelRecord& record = records_.Get(request.name);
  std::vector<UploadIdentity> versions;
  for (const VersionContent* content : catalog_.VersionsOf(request.name)) {
    const VersionInfo info = Catalog::Describe(*content, record);
    versions.push_back({.version = info.version,
                        .digest = info.digest,
                        .key = info.uploaded ? record.versions.at(info.version).key : info.digest});
  }
  std::vector<UploadIdentity> open;
  for (const std::shared_ptr<const Upload>& upload : uploads_.All()) {
    const UploadHeader& header = upload->header();
    if (header.name != request.name) continue;
    open.push_back(
        {.version = header.version, .digest = header.digest, .key = header.key, .id = header.id});
  }
  return MatchUpload(wanted, versions, open, record);
}

absl::StatusOr<int64_t> VersionStore::Core::ChooseVersion(const UploadRequest& request) const {
  if (request.version != 0 && catalog_.IsThere(request.name, request.version)) {
    return absl::AlreadyExistsError(
        StrCat("version ", request.version, " is in the store by other means, and is not whole"));
  }
  if (request.version != 0) return request.version;
  int64_t version =
      std::max(records_.Get(request.name).next_version, catalog_.HighestNumber(request.name) + 1);
  for (const std::shared_ptr<const Upload>& upload : uploads_.All()) {
    if (upload->header().name == request.name) {
      version = std::max(version, upload->header().version + 1);
    }
  }
  if (version > kMaxVersion) {
    return absl::ResourceExhaustedError(
        StrCat("model '", request.name, "' has used up its version numbers"));
  }
  return version;
}

absl::Status VersionStore::Core::CheckRoom(const UploadRequest& request, const Manifest& manifest) {
  const std::vector<std::shared_ptr<const Upload>> open = uploads_.All();
  SharedBytes store = catalog_.Bytes(records_);
  SharedBytes model = catalog_.BytesOf(request.name, records_.Get(request.name));
  int64_t model_versions = std::ssize(catalog_.VersionsOf(request.name)) + 1;
  int64_t missing_bytes = 0;
  for (const std::shared_ptr<const Upload>& upload : open) {
    missing_bytes += upload->MissingBytes();
    store.AddShared(upload->manifest().files);
    if (upload->header().name != request.name) continue;
    model.AddShared(upload->manifest().files);
    ++model_versions;
  }
  for (SharedBytes* bytes : {&store, &model}) {
    bytes->AddOwn(std::ssize(request.manifest));
    bytes->AddShared(manifest.files);
  }
  std::set<std::string> seen;
  for (const auto& [name, entry] : manifest.files) {
    if (!seen.insert(entry.sha256).second) continue;
    const absl::StatusOr<bool> is_there = blobs_.Has(entry.sha256, entry.size_bytes);
    if (!is_there.ok()) return is_there.status();
    if (!*is_there) missing_bytes += entry.size_bytes;
  }
  const absl::StatusOr<int64_t> free_bytes = files_.FreeBytes(layout_.sta());
  if (!free_bytes.ok()) return free_bytes.status();
  return CheckQuota(options_, {.model = request.name,
                               .open_uploads = static_cast<int>(open.size()) + 1,
                               .store_bytes = store.total(),
                               .model_bytes = model.total(),
                               .model_versions = model_versions,
                               .free_bytes = *free_bytes - missing_bytes});
}

std::string VersionStore::Core::MakeUploadId(const UploadHeader& header) {
  const std::string unique =
      StrCat(header.name, "/", header.version, "/", header.digest, "/", header.key, "/",
             absl::ToUnixNanos(header.started), "/", ++uploads_begun_);
  return Sha256Hex(unique).substr(0, 32);
}

absl::StatusOr<StartedUpload> VersionStore::Core::StartUpload(const UploadRequest& request) {
  absl::Status status = CheckWritable();
  if (status.ok()) status = CheckRequest(request);
  if (!status.ok()) return status;
  absl::StatusOr<Manifest> manifest = ParseUploadManifest(request.manifest);
  if (!manifest.ok()) return manifest.status();
  if (manifest->kind == PackageKind::kDiagnostic && !options_.accept_diagnostic_models) {
    return absl::FailedPreconditionError(
        "this store takes no diagnostic models; --allow-diagnostic-models lets it");
  }
  UploadHeader header{.name = request.name,
                      .version = request.version,
                      .digest = Sha256Hex(request.manifest),
                      .key = request.key};
  if (header.key.empty()) header.key = header.digest;

  const absl::MutexLock lock(&mutex_);
  const absl::StatusOr<UploadMatch> match =
      Match(request, {.version = header.version, .digest = header.digest, .key = header.key});
  if (!match.ok()) return match.status();
  if (match->existing.has_value()) {
    const VersionContent& content = *catalog_.Find(header.name, *match->existing);
    return StartedUpload{.existing = Catalog::Describe(content, records_.Get(header.name))};
  }
  if (match->open_id.has_value()) {
    const std::shared_ptr<const Upload> upload = uploads_.Find(*match->open_id);
    // It may have ended in between, as a version that is not looked at yet or as nothing.
    if (upload == nullptr) return absl::AbortedError("the upload is just ending; try again");
    return StartedUpload{.upload = upload->Status()};
  }
  const absl::StatusOr<int64_t> version = ChooseVersion(request);
  if (!version.ok()) return version.status();
  if (absl::Status room = CheckRoom(request, *manifest); !room.ok()) return room;
  header.version = *version;
  header.started = clock_.Now();
  header.id = MakeUploadId(header);
  absl::StatusOr<std::unique_ptr<Upload>> upload =
      Upload::Begin({files_, layout_, blobs_, options_}, std::move(header), request.manifest,
                    *std::move(manifest));
  if (!upload.ok()) return upload.status();
  StartedUpload started{.upload = (*upload)->Status()};
  uploads_.Insert(*std::move(upload));
  return started;
}

absl::StatusOr<UploadStatus> VersionStore::Core::AppendToUpload(std::string_view id,
                                                                const ChunkView& chunk) {
  absl::StatusOr<UploadLease> lease = uploads_.Acquire(id);
  if (!lease.ok()) return lease.status();
  return (*lease)->Append(chunk, clock_.Now());
}

absl::Status VersionStore::Core::SyncUpload(std::string_view id) {
  absl::StatusOr<UploadLease> lease = uploads_.Acquire(id);
  return lease.ok() ? (*lease)->Sync() : lease.status();
}

absl::StatusOr<UploadStatus> VersionStore::Core::GetUpload(std::string_view id) const {
  const std::shared_ptr<const Upload> upload = uploads_.Find(id);
  if (upload == nullptr) return NoSuchUpload(id);
  return upload->Status();
}

std::vector<UploadStatus> VersionStore::Core::ListUploads() const {
  std::vector<UploadStatus> list;
  for (const std::shared_ptr<const Upload>& upload : uploads_.All()) {
    list.push_back(upload->Status());
  }
  std::ranges::stable_sort(list, {}, &UploadStatus::started);
  return list;
}

absl::Status VersionStore::Core::AbortUpload(std::string_view id) {
  absl::StatusOr<UploadLease> lease = uploads_.Acquire(id);
  return lease.ok() ? EndUpload(*std::move(lease)) : lease.status();
}

absl::Status VersionStore::Core::EndUpload(UploadLease lease) {
  const std::set<std::string> hashes = lease->hashes();
  const absl::Status removed = lease->Remove();
  uploads_.End(lease);
  { const UploadLease last = std::move(lease); }  // unpins
  // What it brought and no version has. Whatever is left here is found by CollectGarbage.
  blobs_.CollectGarbage(hashes).IgnoreError();
  return removed;
}

absl::StatusOr<VersionInfo> VersionStore::Core::FinishUpload(std::string_view id) {
  absl::StatusOr<UploadLease> lease = uploads_.Acquire(id);
  if (!lease.ok()) return lease.status();
  if (absl::Status whole = (*lease)->CheckWhole(); !whole.ok()) return whole;
  bool is_over = false;
  absl::StatusOr<VersionInfo> version = Commit(**lease, is_over);
  if (!version.ok() || is_over) {
    RemoveTree(files_, layout_.Staging((*lease)->header().id)).IgnoreError();
  }
  // The version is there, or can never be: what is left of the upload is garbage.
  if (is_over) EndUpload(*std::move(lease)).IgnoreError();
  return version;
}

absl::StatusOr<VersionInfo> VersionStore::Core::Commit(Upload& upload, bool& is_over) {
  const FileSystem::Path staging = layout_.Staging(upload.header().id);
  if (absl::Status staged = upload.Stage(staging); !staged.ok()) return staged;
  const absl::Status sound = checker_(staging);
  if (IsUnsound(sound)) {
    is_over = true;
    return absl::FailedPreconditionError(
        StrCat("the package is not sound: ", StdView(sound.message())));
  }
  if (!sound.ok()) return sound;
  return Publish(upload, is_over);
}

// What stands where the version is to be: this very version, of an earlier try or by other means,
// or something else.
absl::StatusOr<VersionInfo> VersionStore::Core::FindPublished(const UploadHeader& header,
                                                              bool& is_over) {
  const absl::Status looked =
      catalog_.Look(files_, {.name = header.name,
                             .version = header.version,
                             .path = layout_.Version(header.name, header.version)});
  if (IsOfTheDisk(looked)) return looked;
  PublishSnapshot();
  const VersionContent* content = catalog_.Find(header.name, header.version);
  if (content == nullptr || content->info.digest != header.digest) {
    is_over = true;
    return absl::AlreadyExistsError(
        StrCat("version ", header.version, " exists by now, with other content"));
  }
  if (absl::Status synced = SyncVersion(files_, layout_, header.name); !synced.ok()) return synced;
  is_over = true;
  return Catalog::Describe(*content, records_.Get(header.name));
}

absl::StatusOr<VersionInfo> VersionStore::Core::Publish(const Upload& upload, bool& is_over) {
  const UploadHeader& header = upload.header();
  const FileSystem::Path path = layout_.Version(header.name, header.version);
  const absl::MutexLock lock(&mutex_);
  ModelRecord record = records_.Get(header.name);
  if (record.IsDeleted(header.version)) {
    is_over = true;
    return absl::AlreadyExistsError(
        StrCat("version ", header.version, " was there and was deleted meanwhile"));
  }
  const absl::StatusOr<FileInfo> there = files_.Stat(path);
  if (there.ok()) return FindPublished(header, is_over);
  if (!absl::IsNotFound(there.status())) return there.status();

  absl::Status status =
      EnsureDirectory(files_, layout_.Model(header.name), layout_.root_directory());
  if (!status.ok()) return status;
  // First the record: without a directory its entry says nothing.
  record.Add(header.version, {.digest = header.digest, .key = header.key, .created = clock_.Now()});
  status = records_.Put(header.name, std::move(record));
  if (!status.ok()) return status;
  status = MoveIntoStore(files_, layout_, layout_.Staging(header.id), header.name, header.version);
  if (absl::IsAlreadyExists(status)) return FindPublished(header, is_over);
  if (!status.ok()) return status;
  // From here on it is the version, whatever happens. Who cannot be told so tries again.
  status = catalog_.Look(files_, {.name = header.name, .version = header.version, .path = path});
  PublishSnapshot();
  if (!status.ok()) return status;
  is_over = true;
  return Catalog::Describe(*catalog_.Find(header.name, header.version), records_.Get(header.name));
}

}  // namespace sta
