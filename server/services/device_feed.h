// SPDX-License-Identifier: Apache-2.0
//
// DeviceFeed: tells watchers when the devices of a pool have changed. One thread waits on the pool
// for all watchers, however many there are; none of gRPC's does.
//
//   DeviceFeed feed(pool, clock);
//   feed.Add(watcher, absl::Seconds(1));
//   feed.Close();                          // for ever: every watcher is told
//
// Thread-safe. Add, Remove and Close do not wait for the pool or for a watcher's turn; watchers are
// called without a lock held. The destructor closes and joins the thread.
#ifndef SERVER_SERVICES_DEVICE_FEED_H_
#define SERVER_SERVICES_DEVICE_FEED_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "accel/device_pool/clock.h"
#include "accel/device_pool/device_pool.h"

namespace sta {

class DeviceFeed {
 public:
  class Watcher {
   public:
    virtual ~Watcher() = default;
    // Something other than a counter may have changed. Comes spuriously, and also after Remove
    // returned.
    virtual void Changed() = 0;
    // The watcher's interval is over.
    virtual void Due() = 0;
    // Nothing more will come.
    virtual void Closed() = 0;
  };

  // `pool` and `clock`, the pool's, outlive the feed.
  DeviceFeed(DevicePool& pool, Clock& clock);
  ~DeviceFeed();
  DeviceFeed(const DeviceFeed&) = delete;
  DeviceFeed& operator=(const DeviceFeed&) = delete;

  // Changed() is called for every change from now on, Due() at every `interval` > 0 unless that is
  // infinite. After Close, Closed() at once.
  void Add(const std::shared_ptr<Watcher>& watcher, absl::Duration interval);
  void Remove(const std::shared_ptr<Watcher>& watcher);

  void Close();

 private:
  struct Timer {
    absl::Duration interval;
    absl::Time due;
  };
  using Watchers = std::map<std::shared_ptr<Watcher>, Timer>;

  void Loop();
  // When the thread must look again; nothing once the feed is closed.
  std::optional<absl::Time> NextDue() const;
  void Tell(bool changed);

  DevicePool& pool_;
  Clock& clock_;
  mutable absl::Mutex mutex_;
  Watchers watchers_ ABSL_GUARDED_BY(mutex_);
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace sta

#endif  // SERVER_SERVICES_DEVICE_FEED_H_
