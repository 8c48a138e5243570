// SPDX-License-Identifier: Apache-2.0
#include "model_store/store/upload_table.h"

#include "strings/str_cat.h"

namespace sta {

absl::Status NoSuchUpload(std::string_view id) {
  return absl::NotFoundError(
      StrCat("no upload '", id.substr(0, 64), "': it ended, was given up or expired"));
}

void UploadTable::Insert(std::unique_ptr<Upload> upload) {
  const std::string id = upload->header().id;
  const absl::MutexLock lock(&mutex_);
  slots_[id] = std::make_shared<UploadLease::Slot>(std::move(upload));
}

absl::StatusOr<UploadLease> UploadTable::Acquire(std::string_view id) {
  std::shared_ptr<UploadLease::Slot> slot;
  {
    const absl::MutexLock lock(&mutex_);
    const auto found = slots_.find(id);
    if (found == slots_.end()) return NoSuchUpload(id);
    slot = found->second;
  }
  UploadLease lease(slot);
  slot->mutex.AssertHeld();
  if (slot->ended) return NoSuchUpload(id);
  return lease;
}

void UploadTable::End(const UploadLease& lease) {
  lease.slot_->mutex.AssertHeld();
  lease.slot_->ended = true;
  const absl::MutexLock lock(&mutex_);
  slots_.erase(lease->header().id);
}

std::shared_ptr<const Upload> UploadTable::Find(std::string_view id) const {
  const absl::MutexLock lock(&mutex_);
  const auto found = slots_.find(id);
  if (found == slots_.end()) return nullptr;
  return {found->second, found->second->upload.get()};
}

std::vector<std::shared_ptr<const Upload>> UploadTable::All() const {
  const absl::MutexLock lock(&mutex_);
  std::vector<std::shared_ptr<const Upload>> all;
  all.reserve(slots_.size());
  for (const auto& [id, slot] : slots_) {
    all.push_back(std::shared_ptr<const Upload>(slot, slot->upload.get()));
  }
  return all;
}

}  // namespace sta
