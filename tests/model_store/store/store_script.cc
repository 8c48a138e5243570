// SPDX-License-Identifier: Apache-2.0
#include "tests/model_store/store/store_script.h"

#include <algorithm>
#include <span>
#include <utility>

#include "checksum/crc32c.h"
#include "model_store/store/retention.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

constexpr int kAllParts = 4;

int64_t BytesOfParts(int64_t size_bytes, int parts) { return size_bytes * parts / kAllParts; }

}  // namespace

absl::Status StoreDriver::Open() {
  Close();  // before the next one wants the lock
  absl::StatusOr<std::unique_ptr<VersionStore>> store =
      VersionStore::Open(kStoreRoot, {}, files_, clock_,
                         [](const std::filesystem::path&) { return absl::OkStatus(); });
  if (!store.ok()) return store.status();
  // What a volume that refuses to be written is served as.
  if ((*store)->read_only()) return absl::FailedPreconditionError("the store is read-only");
  store_ = *std::move(store);
  return absl::OkStatus();
}

absl::StatusOr<StartedUpload> StoreDriver::Start(const TestPackage& package) {
  return store_->StartUpload(
      {.name = package.name, .version = package.version, .manifest = ManifestOf(package.files)});
}

absl::Status StoreDriver::SendFile(const TestPackage& package, const std::string& id,
                                   const UploadFileStatus& file, int parts) {
  const std::string_view bytes = package.files.at(file.name);
  int64_t at = file.received_bytes;
  const int64_t end = BytesOfParts(file.size_bytes, parts);
  while (at < end) {
    const int64_t step = std::min(end - at, std::max<int64_t>(1, file.size_bytes / kAllParts));
    const std::string_view chunk = bytes.substr(static_cast<size_t>(at), static_cast<size_t>(step));
    const absl::StatusOr<UploadStatus> status =
        store_->AppendToUpload(id, {.file = file.name,
                                    .offset = at,
                                    .data = std::as_bytes(std::span(chunk)),
                                    .crc32c = Crc32c(chunk)});
    if (!status.ok()) return status.status();
    at += step;
  }
  return absl::OkStatus();
}

absl::Status StoreDriver::Send(const TestPackage& package, int parts) {
  const absl::StatusOr<StartedUpload> started = Start(package);
  if (!started.ok()) return started.status();
  if (started->existing) return absl::OkStatus();
  for (const UploadFileStatus& file : started->upload->files) {
    absl::Status status = SendFile(package, started->upload->id, file, parts);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status StoreDriver::Sync(const TestPackage& package) {
  const absl::StatusOr<StartedUpload> started = Start(package);
  if (!started.ok()) return started.status();
  return store_->SyncUpload(started->upload->id);
}

absl::Status StoreDriver::Finish(const TestPackage& package) {
  absl::Status sent = Send(package, kAllParts);
  if (!sent.ok()) return sent;
  const absl::StatusOr<StartedUpload> started = Start(package);
  if (!started.ok()) return started.status();
  if (started->existing) return absl::OkStatus();
  return store_->FinishUpload(started->upload->id).status();
}

}  // namespace sta
