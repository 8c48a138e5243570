// SPDX-License-Identifier: Apache-2.0
#include "model_store/store/store_core.h"

#include <utility>

#include "absl/strings/str_replace.h"
#include "model_store/store/verify_version.h"
#include "strings/str_cat.h"

namespace sta {

VersionStore::Core::Core(StoreAccess access, const StoreOptions& options, FileSystem& files,
                         Clock& clock, PackageChecker checker)
    : layout_(std::move(access.layout)),
      lock_(std::move(access.lock)),
      options_(options),
      files_(files),
      clock_(clock),
      checker_(std::move(checker)),
      blobs_(files, layout_, options.on_warning),
      records_(files, layout_),
      snapshot_(std::make_shared<const StoreSnapshot>()) {}

absl::Status VersionStore::Core::Recover() {
  const absl::MutexLock lock(&mutex_);
  absl::Status status = records_.Load();
  if (status.ok() && !read_only()) status = RecoverTrash();
  if (status.ok()) status = catalog_.Scan(files_, layout_.root());
  if (!status.ok()) return status;
  if (!read_only()) {
    ForgetVoidEntries();
    status = RecoverUploads();
  }
  PublishSnapshot();
  return status;
}

absl::Status VersionStore::Core::Public(const absl::Status& status) const {
  if (status.ok()) return status;
  const std::string root = layout_.root().string();
  return {status.code(), absl::StrReplaceAll(status.message(), {{StrCat(root, "/"), "STORE/"},
                                                                {StrCat(root, "'"), "STORE'"}})};
}

absl::Status VersionStore::Core::CheckWritable() const {
  return read_only() ? absl::FailedPreconditionError("the store is read-only") : absl::OkStatus();
}

void VersionStore::Core::Warn(const std::string& text) const {
  if (options_.on_warning) options_.on_warning(text);
}

std::shared_ptr<const StoreSnapshot> VersionStore::Core::Snapshot() const {
  const absl::MutexLock lock(&snapshot_mutex_);
  return snapshot_;
}

void VersionStore::Core::PublishSnapshot() {
  auto snapshot = std::make_shared<const StoreSnapshot>(catalog_.MakeSnapshot(records_));
  version_bytes_ = catalog_.Bytes(records_).total();
  const absl::MutexLock lock(&snapshot_mutex_);
  if (*snapshot != *snapshot_) snapshot_ = std::move(snapshot);
}

absl::Status VersionStore::Core::Rescan() {
  const absl::MutexLock lock(&mutex_);
  // Who may write the store may be another process.
  absl::Status status = read_only() ? records_.Load() : absl::OkStatus();
  if (status.ok()) status = catalog_.Scan(files_, layout_.root());
  if (status.ok()) PublishSnapshot();
  return status;
}

absl::Status VersionStore::Core::CheckVersion(const std::string& name, int64_t version) const {
  if (catalog_.Find(name, version) != nullptr) return absl::OkStatus();
  return absl::NotFoundError(StrCat("model '", name.substr(0, 128), "' has no version ", version));
}

absl::Status VersionStore::Core::PutRecord(const std::string& name, ModelRecord record) {
  if (record == records_.Get(name)) return absl::OkStatus();
  const absl::Status put = records_.Put(name, std::move(record));
  if (put.ok()) PublishSnapshot();
  return put;
}

absl::StatusOr<AliasChange> VersionStore::Core::SetAlias(const std::string& name,
                                                         const std::string& alias, int64_t version,
                                                         std::optional<int64_t> expected) {
  if (absl::Status writable = CheckWritable(); !writable.ok()) return writable;
  const absl::MutexLock lock(&mutex_);
  if (absl::Status found = CheckVersion(name, version); !found.ok()) return found;
  ModelRecord record = records_.Get(name);
  absl::StatusOr<AliasChange> change = ChangeAlias(record, alias, version, expected);
  if (!change.ok()) return change;
  if (absl::Status put = PutRecord(name, std::move(record)); !put.ok()) return put;
  return change;
}

absl::StatusOr<AliasChange> VersionStore::Core::RollBackAlias(const std::string& name,
                                                              const std::string& alias,
                                                              std::optional<int64_t> expected) {
  if (absl::Status writable = CheckWritable(); !writable.ok()) return writable;
  const absl::MutexLock lock(&mutex_);
  ModelRecord record = records_.Get(name);
  absl::StatusOr<AliasChange> change =
      SwapAlias(record, alias, expected, [&](int64_t version) ABSL_NO_THREAD_SAFETY_ANALYSIS {
        return catalog_.Find(name, version) != nullptr;
      });
  if (!change.ok()) return change;
  if (absl::Status put = PutRecord(name, std::move(record)); !put.ok()) return put;
  return change;
}

absl::Status VersionStore::Core::DeleteAlias(const std::string& name, const std::string& alias) {
  if (absl::Status writable = CheckWritable(); !writable.ok()) return writable;
  const absl::MutexLock lock(&mutex_);
  ModelRecord record = records_.Get(name);
  if (absl::Status removed = RemoveAlias(record, alias); !removed.ok()) return removed;
  return PutRecord(name, std::move(record));
}

absl::StatusOr<VerifyReport> VersionStore::Core::Verify(const std::string& name, int64_t version) {
  VersionContent content;
  bool uploaded = false;
  {
    const absl::MutexLock lock(&mutex_);
    if (absl::Status found = CheckVersion(name, version); !found.ok()) return found;
    content = *catalog_.Find(name, version);
    uploaded = Catalog::Describe(content, records_.Get(name)).uploaded;
  }
  absl::StatusOr<VerifiedContent> verified = VerifyContent(files_, content);
  if (!verified.ok()) return verified.status();
  if (uploaded && !read_only()) {
    for (const std::string& sha256 : verified->damaged) blobs_.Forget(sha256).IgnoreError();
  }
  return VerifyReport{.error = std::move(verified->error),
                      .verified_bytes = verified->verified_bytes};
}

int64_t VersionStore::Core::StoreBytes() const {
  int64_t bytes = version_bytes_;
  for (const std::shared_ptr<const Upload>& upload : uploads_.All()) bytes += upload->PartBytes();
  return bytes;
}

}  // namespace sta
