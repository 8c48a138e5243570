// SPDX-License-Identifier: Apache-2.0
//
// UploadLanes: keeps the disk work of one upload in order, whichever of its streams asks for it,
// and says which stream has the upload. Different uploads go side by side.
//
//   std::shared_ptr<UploadLanes::Lane> lane = lanes.Of(upload_id);
//   lane->Post(pool, [] { ... });      // after all that was posted before; no thread waits
//
// A lane is there as long as somebody holds it. Thread-safe.
#ifndef SERVER_SERVICES_UPLOAD_LANES_H_
#define SERVER_SERVICES_UPLOAD_LANES_H_

#include <deque>
#include <map>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/synchronization/mutex.h"
#include "server/services/worker_pool.h"

namespace sta {

class UploadLanes {
 public:
  // A stream that has an upload.
  class Owner {
   public:
    virtual ~Owner() = default;
    // Another stream has the upload now.
    virtual void TakenOver() = 0;
  };

  class Lane : public std::enable_shared_from_this<Lane> {
   public:
    // Runs `task` on a thread of `pool`, which outlives it.
    void Post(WorkerPool& pool, absl::AnyInvocable<void()> task);

    // These only in a task of this lane. TakeOver tells the owner before, if that is another.
    void TakeOver(const std::shared_ptr<Owner>& owner);
    bool IsOwnedBy(const Owner* owner) const { return owner_.lock().get() == owner; }

   private:
    struct Work {
      WorkerPool* pool;
      absl::AnyInvocable<void()> task;
    };

    void SubmitFirst() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
    void RunFirst();

    std::weak_ptr<Owner> owner_;  // of the task that runs
    absl::Mutex mutex_;
    std::deque<Work> waiting_ ABSL_GUARDED_BY(mutex_);  // its first one is submitted
  };

  std::shared_ptr<Lane> Of(const std::string& upload_id);

 private:
  absl::Mutex mutex_;
  std::map<std::string, std::weak_ptr<Lane>> lanes_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace sta

#endif  // SERVER_SERVICES_UPLOAD_LANES_H_
