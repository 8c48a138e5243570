// SPDX-License-Identifier: Apache-2.0
//
// ModelFeed: what changes about models, in order, for those who watch: WatchModels, health,
// metrics.
//
//   feed.Update("minilm", registry.List("minilm"), now);   // the manager; says nothing new: no
//   event
//
//   auto cursor = feed.Open("", token);                    // one watcher: all models
//   feed.AddWatcher(watcher);                              // before the first Read: nothing is
//   missed auto events = feed.Read(*cursor, 64);                  // until it is empty; then wait
//   for Changed
//
// Events are numbered from 1 in each run of the server; the last `capacity` are kept. A resume
// token is the run's random number and the number of the event, so that one of another run is known
// for what it is. An event is a plain value: it keeps no model in memory.
//
// Thread-safe. No call blocks for longer than it takes to copy what it returns; watchers are called
// without a lock held.
#ifndef SERVER_MODELS_MODEL_FEED_H_
#define SERVER_MODELS_MODEL_FEED_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "server/models/model_status.h"

namespace sta {

struct ModelEvent {
  ModelStatus status;       // as it was right after the change
  bool is_deleted = false;  // gone from the store; `status` is the last before that
  absl::Time time;
  // To go on after this event. Empty for the versions that a new cursor starts with, but the last
  // of them: who has not seen them all must start over.
  std::string resume_token;
};

class ModelFeed {
 public:
  class Watcher {
   public:
    virtual ~Watcher() = default;
    // Read may have something new. May be called spuriously and from any thread, also after
    // RemoveWatcher returned; must not block.
    virtual void Changed() = 0;
    // Nothing more will come.
    virtual void Closed() = 0;
  };

  // Where a watcher is; one thread at a time uses it.
  class Cursor {
   private:
    friend class ModelFeed;
    std::string name_;
    std::deque<ModelEvent> start_;  // versions as they were when the cursor was opened
    uint64_t next_ = 0;             // number of the next event after those
  };

  // `epoch` is random, different in every run of the server.
  ModelFeed(uint64_t epoch, size_t capacity) : epoch_(epoch), capacity_(capacity) {}

  // Makes an event of every version of `name` that is new, differs from what was last told, or is
  // not in `versions` any more. `versions` are all that there are.
  void Update(std::string_view name, const std::vector<ModelStatus>& versions, absl::Time now);

  // A cursor at every version as it is now or, with the token of an event, right after that. Only
  // events of model `name`, where that is not empty.
  // ABORTED: the token is of another run or too old; INVALID_ARGUMENT: it is none.
  absl::StatusOr<Cursor> Open(std::string_view name, std::string_view resume_token) const;

  // The next events, at most `max_events` > 0; empty: there is nothing new. ABORTED: the watcher
  // was so slow that events have been dropped that it has not seen.
  absl::StatusOr<std::vector<ModelEvent>> Read(Cursor& cursor, size_t max_events) const;

  // Changed() is called for every change from now on; after Close, Closed() at once.
  void AddWatcher(std::shared_ptr<Watcher> watcher);
  void RemoveWatcher(const std::shared_ptr<Watcher>& watcher);
  // Closed() of all watchers, now and to come. Events still come in and can be read.
  void Close();

 private:
  using Versions = std::map<int64_t, ModelStatus, std::greater<>>;

  std::string Token(uint64_t number) const;
  void Append(ModelEvent event) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void NotifyWatchers();

  const uint64_t epoch_;
  const size_t capacity_;

  mutable absl::Mutex mutex_;
  std::map<std::string, Versions, std::less<>> told_ ABSL_GUARDED_BY(mutex_);
  std::deque<ModelEvent> events_ ABSL_GUARDED_BY(mutex_);  // the last is number `last_`
  uint64_t last_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<std::shared_ptr<Watcher>> watchers_ ABSL_GUARDED_BY(mutex_);
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace sta

#endif  // SERVER_MODELS_MODEL_FEED_H_
