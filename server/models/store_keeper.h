// SPDX-License-Identifier: Apache-2.0
//
// StoreKeeper: what a store has to have done now and then, on a thread of its own: looking for
// versions that came or went by other means than uploads, and collecting garbage.
//
//   StoreKeeper keeper(store, clock, {.poll = absl::Seconds(2)}, [&] { manager.StoreChanged(); });
//
// A store that cannot be read is told once, and again when it can be. The destructor waits for the
// disk work in hand.
#ifndef SERVER_MODELS_STORE_KEEPER_H_
#define SERVER_MODELS_STORE_KEEPER_H_

#include <functional>
#include <thread>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "accel/device_pool/clock.h"
#include "model_store/store/version_store.h"
#include "server/models/task_queue.h"

namespace sta {

struct StoreKeeperOptions {
  absl::Duration poll = absl::Seconds(2);              // 0: never
  absl::Duration garbage_interval = absl::Minutes(1);  // > 0
};

class StoreKeeper {
 public:
  // `store` and `clock` outlive the keeper. Called from its thread: `on_changed` after a search
  // that found something new; `on_status` when a search or a collection fails otherwise than the
  // last one did, or succeeds after one that failed.
  StoreKeeper(VersionStore& store, Clock& clock, const StoreKeeperOptions& options,
              std::function<void()> on_changed, std::function<void(const absl::Status&)> on_status);
  ~StoreKeeper();
  StoreKeeper(const StoreKeeper&) = delete;
  StoreKeeper& operator=(const StoreKeeper&) = delete;

  // Searches now, and returns when that is done.
  void WaitForSearchForTest();

 private:
  void Loop();
  void Search();
  void CollectGarbage();
  void Report(const absl::Status& status, absl::Status& last);

  VersionStore& store_;
  Clock& clock_;
  const StoreKeeperOptions options_;
  const std::function<void()> on_changed_;
  const std::function<void(const absl::Status&)> on_status_;
  absl::Status last_search_;
  absl::Status last_collection_;
  TaskQueue tasks_;
  std::thread thread_;
};

}  // namespace sta

#endif  // SERVER_MODELS_STORE_KEEPER_H_
