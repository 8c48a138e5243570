// SPDX-License-Identifier: Apache-2.0
//
// LifecycleEngine: does what the policy says: loads on the loading thread, drains, unloads,
// deletes; one small step at a time. Internal to server/models: the manager's thread alone calls
// it, and what comes from other threads (a load that is over, a last lease that was dropped) comes
// as a task in that thread's queue.
//
//   while (engine.Step()) {}                    // until nothing is to be done
//   ... the next task of the queue, or engine.next_retry() ...
#ifndef SERVER_MODELS_LIFECYCLE_ENGINE_H_
#define SERVER_MODELS_LIFECYCLE_ENGINE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/models/loading_thread.h"
#include "server/models/model_manager.h"
#include "server/models/task_queue.h"
#include "server/models/version_table.h"

namespace sta {

class LifecycleEngine {
 public:
  // The queue is shared with leases, which may outlive the engine: it is closed before that goes.
  LifecycleEngine(const ModelManager::Parts& parts, const ModelManagerOptions& options,
                  std::shared_ptr<TaskQueue> queue);

  VersionTable& table() { return table_; }
  bool is_loading() const { return is_loading_; }

  // Takes over what the store holds now.
  void Sync();
  // Does the next thing; false where there is none.
  bool Step();

  // When a load that failed is due again, or never.
  absl::Time next_retry();
  void RetryWhatIsDue();

  // Calls `waiter` when the version is ready (now, where it is), or why it will not be. Has it
  // loaded if need be.
  void WhenReady(VersionRecord& record, VersionRecord::Waiter waiter);
  // A request asked for a version that was evicted.
  void OnWanted(const std::string& name, int64_t version);
  // A request found its files changed.
  void OnDamaged(const std::string& name, int64_t version, std::string_view reason);

  // Waits for the load in hand; nothing becomes ready any more.
  void StopLoading() {
    is_stopping_ = true;
    loading_.reset();
  }
  // Tells all who wait.
  void Abandon(const absl::Status& status);

 private:
  bool SettleOne();
  void Settle(VersionRecord& record);
  void Delete(VersionRecord& record);
  bool RetireOne();

  void Load(VersionRecord& record);
  void Drain(VersionRecord& record, bool evict);
  void Refuse(VersionRecord& record);

  void OnLoaded(const std::string& name, int64_t version, LoadResult result);
  void BecomeReady(VersionRecord& record, std::shared_ptr<const ServedModel> served);
  void Fail(VersionRecord& record, const absl::Status& status);
  void OnReturned(std::shared_ptr<const ServedModel> served);
  std::shared_ptr<const ServedModel> MakeLease(std::shared_ptr<const ServedModel> served);

  ModelManager::Parts parts_;
  const ModelManagerOptions options_;
  const std::shared_ptr<TaskQueue> queue_;
  VersionTable table_;
  bool is_loading_ = false;
  bool is_stopping_ = false;
  std::unique_ptr<LoadingThread> loading_;
};

}  // namespace sta

#endif  // SERVER_MODELS_LIFECYCLE_ENGINE_H_
