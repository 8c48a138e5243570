// SPDX-License-Identifier: Apache-2.0
//
// UploadTable: the open uploads by id, each for one caller at a time.
//
//   absl::StatusOr<UploadLease> lease = table.Acquire(id);   // waits for who has it
//   (*lease)->Append(chunk, now);
//   table.End(*lease);                                       // nobody acquires it any more
//
// Thread-safe. Only Acquire waits, for the upload's present holder.
#ifndef MODEL_STORE_STORE_UPLOAD_TABLE_H_
#define MODEL_STORE_STORE_UPLOAD_TABLE_H_

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "model_store/store/upload.h"

namespace sta {

// Whoever has it may call what writes. The upload lives at least as long.
class UploadLease {
 public:
  UploadLease(UploadLease&&) = default;
  UploadLease& operator=(UploadLease&&) = delete;

  Upload* operator->() const { return slot_->upload.get(); }
  Upload& operator*() const { return *slot_->upload; }

 private:
  friend class UploadTable;
  struct Slot {
    explicit Slot(std::unique_ptr<Upload> u) : upload(std::move(u)) {}
    absl::Mutex mutex;  // the lease
    const std::unique_ptr<Upload> upload;
    bool ended ABSL_GUARDED_BY(mutex) = false;
  };
  struct Unlock {
    void operator()(absl::Mutex* mutex) const ABSL_NO_THREAD_SAFETY_ANALYSIS { mutex->Unlock(); }
  };

  explicit UploadLease(std::shared_ptr<Slot> slot) ABSL_NO_THREAD_SAFETY_ANALYSIS
      : slot_(std::move(slot)) {
    slot_->mutex.Lock();
    lock_.reset(&slot_->mutex);
  }

  std::shared_ptr<Slot> slot_;
  std::unique_ptr<absl::Mutex, Unlock> lock_;  // given back before the slot
};

class UploadTable {
 public:
  void Insert(std::unique_ptr<Upload> upload);

  // NOT_FOUND: no such upload, or it ended meanwhile.
  absl::StatusOr<UploadLease> Acquire(std::string_view id);
  void End(const UploadLease& lease);

  // For the const functions. Null where there is none.
  std::shared_ptr<const Upload> Find(std::string_view id) const;
  std::vector<std::shared_ptr<const Upload>> All() const;  // by id

 private:
  mutable absl::Mutex mutex_;
  std::map<std::string, std::shared_ptr<UploadLease::Slot>, std::less<>> slots_
      ABSL_GUARDED_BY(mutex_);
};

absl::Status NoSuchUpload(std::string_view id);

}  // namespace sta

#endif  // MODEL_STORE_STORE_UPLOAD_TABLE_H_
