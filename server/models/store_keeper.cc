// SPDX-License-Identifier: Apache-2.0
#include "server/models/store_keeper.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/synchronization/notification.h"

namespace sta {

StoreKeeper::StoreKeeper(VersionStore& store, Clock& clock, const StoreKeeperOptions& options,
                         std::function<void()> on_changed,
                         std::function<void(const absl::Status&)> on_status)
    : store_(store),
      clock_(clock),
      options_(options),
      on_changed_(std::move(on_changed)),
      on_status_(std::move(on_status)),
      thread_([this] { Loop(); }) {}

StoreKeeper::~StoreKeeper() {
  tasks_.Stop();
  thread_.join();
}

void StoreKeeper::Loop() {
  const absl::Duration poll =
      options_.poll > absl::ZeroDuration() ? options_.poll : absl::InfiniteDuration();
  absl::Time next_search = clock_.Now() + poll;
  absl::Time next_collection = clock_.Now() + options_.garbage_interval;
  while (!tasks_.stopped()) {
    const absl::Time now = clock_.Now();
    // A clock that was set back does not stop the searches.
    next_search = std::min(next_search, now + poll);
    next_collection = std::min(next_collection, now + options_.garbage_interval);
    if (now >= next_search) {
      Search();
      next_search = now + poll;
    } else if (now >= next_collection) {
      CollectGarbage();
      next_collection = now + options_.garbage_interval;
    } else if (auto task = tasks_.Next(clock_, std::min(next_search, next_collection),
                                       /*is_idle=*/true)) {
      (*task)();
    }
  }
}

void StoreKeeper::Search() {
  const std::shared_ptr<const StoreSnapshot> before = store_.Snapshot();
  Report(store_.Rescan(), last_search_);
  if (store_.Snapshot() != before) on_changed_();
}

void StoreKeeper::CollectGarbage() {
  if (!store_.read_only()) Report(store_.CollectGarbage(), last_collection_);
}

void StoreKeeper::Report(const absl::Status& status, absl::Status& last) {
  if (status == last) return;
  last = status;
  on_status_(status);
}

void StoreKeeper::WaitForSearchForTest() {
  absl::Notification done;
  tasks_.Post([&] {
    Search();
    done.Notify();
  });
  done.WaitForNotification();
}

}  // namespace sta
