// SPDX-License-Identifier: Apache-2.0
//
// HealthBoard: which names are serving, and who watches. The health service shows it over gRPC; the
// server sets it as models become ready and when it drains.
//
//   board.Set("minilm", true);
//   board.Close();                  // draining: nothing serves any more, for ever
//
// Thread-safe. No call blocks; watchers are called without a lock held.
#ifndef SERVER_SERVICES_HEALTH_BOARD_H_
#define SERVER_SERVICES_HEALTH_BOARD_H_

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace sta {

enum class Health { kUnknownName, kNotServing, kServing };

class HealthBoard {
 public:
  class Watcher {
   public:
    virtual ~Watcher() = default;
    // The name may have another health now; Get tells. May be called spuriously and from any
    // thread, also after RemoveWatcher returned.
    virtual void Changed() = 0;
    // The board closes: no further change will come.
    virtual void Closed() = 0;
  };

  // Adds the name or changes its health. No effect after Close.
  void Set(std::string_view name, bool serving);

  // Forgets the name. No effect after Close.
  void Remove(std::string_view name);

  Health Get(std::string_view name) const;

  // Sets every name to not serving and calls Closed of all watchers, now and to come.
  void Close();

  // Changed() is called for every Set and Remove of `name` from now on.
  void AddWatcher(std::string_view name, std::shared_ptr<Watcher> watcher);
  void RemoveWatcher(std::string_view name, const std::shared_ptr<Watcher>& watcher);

 private:
  std::vector<std::shared_ptr<Watcher>> WatchersOf(std::string_view name) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  mutable absl::Mutex mutex_;
  std::map<std::string, bool, std::less<>> serving_ ABSL_GUARDED_BY(mutex_);
  std::multimap<std::string, std::shared_ptr<Watcher>, std::less<>> watchers_
      ABSL_GUARDED_BY(mutex_);
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace sta

#endif  // SERVER_SERVICES_HEALTH_BOARD_H_
