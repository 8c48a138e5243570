// SPDX-License-Identifier: Apache-2.0
#include "model_store/store/version_store.h"

#include <utility>

#include "model_store/store/store_core.h"
#include "strings/str_cat.h"

namespace sta {

absl::StatusOr<std::unique_ptr<VersionStore>> VersionStore::Open(const std::filesystem::path& root,
                                                                 const StoreOptions& options,
                                                                 FileSystem& files, Clock& clock,
                                                                 PackageChecker checker) {
  absl::StatusOr<StoreAccess> access = OpenStoreFolder(files, root, options);
  if (!access.ok()) return access.status();
  auto core = std::make_unique<Core>(*std::move(access), options, files, clock, std::move(checker));
  if (absl::Status recovered = core->Recover(); !recovered.ok()) return recovered;
  const absl::Status collected = core->CollectGarbage();
  if (!collected.ok() && options.on_warning) {
    options.on_warning(StrCat("garbage is left in the store: ", StdView(collected.message())));
  }
  return std::unique_ptr<VersionStore>(new VersionStore(std::move(core)));
}

VersionStore::VersionStore(std::unique_ptr<Core> core) : core_(std::move(core)) {}
VersionStore::~VersionStore() = default;

bool VersionStore::read_only() const { return core_->read_only(); }

std::shared_ptr<const StoreSnapshot> VersionStore::Snapshot() const { return core_->Snapshot(); }

absl::Status VersionStore::Rescan() { return core_->Public(core_->Rescan()); }

absl::StatusOr<StartedUpload> VersionStore::StartUpload(const UploadRequest& request) {
  return core_->Public(core_->StartUpload(request));
}

absl::StatusOr<UploadStatus> VersionStore::AppendToUpload(std::string_view id,
                                                          const ChunkView& chunk) {
  return core_->Public(core_->AppendToUpload(id, chunk));
}

absl::Status VersionStore::SyncUpload(std::string_view id) {
  return core_->Public(core_->SyncUpload(id));
}

absl::StatusOr<UploadStatus> VersionStore::GetUpload(std::string_view id) const {
  return core_->GetUpload(id);
}

std::vector<UploadStatus> VersionStore::ListUploads() const { return core_->ListUploads(); }

absl::Status VersionStore::AbortUpload(std::string_view id) {
  return core_->Public(core_->AbortUpload(id));
}

absl::StatusOr<VersionInfo> VersionStore::FinishUpload(std::string_view id) {
  return core_->Public(core_->FinishUpload(id));
}

absl::StatusOr<AliasChange> VersionStore::SetAlias(std::string_view name, std::string_view alias,
                                                   int64_t version,
                                                   std::optional<int64_t> expected) {
  return core_->Public(core_->SetAlias(std::string(name), std::string(alias), version, expected));
}

absl::StatusOr<AliasChange> VersionStore::RollBackAlias(std::string_view name,
                                                        std::string_view alias,
                                                        std::optional<int64_t> expected) {
  return core_->Public(core_->RollBackAlias(std::string(name), std::string(alias), expected));
}

absl::Status VersionStore::DeleteAlias(std::string_view name, std::string_view alias) {
  return core_->Public(core_->DeleteAlias(std::string(name), std::string(alias)));
}

absl::Status VersionStore::DeleteVersion(std::string_view name, int64_t version, bool force) {
  return core_->Public(core_->DeleteVersion(std::string(name), version, force));
}

absl::StatusOr<VerifyReport> VersionStore::Verify(std::string_view name, int64_t version) {
  return core_->Public(core_->Verify(std::string(name), version));
}

absl::Status VersionStore::CollectGarbage() { return core_->Public(core_->CollectGarbage()); }

int64_t VersionStore::StoreBytes() const { return core_->StoreBytes(); }

}  // namespace sta
