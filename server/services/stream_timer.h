// SPDX-License-Identifier: Apache-2.0
//
// StreamTimer: tells streams that their time is over. One thread for all of them.
//
//   StreamTimer timer(clock);
//   timer.Set(stream, clock.Now() + absl::Seconds(60));   // replaces what was set for it
//   timer.Clear(stream);
//
// Thread-safe; Set and Clear do not wait for a stream. Streams are called without a lock held, once
// for each Set, and maybe also after Clear returned. What is set when the timer is destroyed is
// dropped.
#ifndef SERVER_SERVICES_STREAM_TIMER_H_
#define SERVER_SERVICES_STREAM_TIMER_H_

#include <map>
#include <memory>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "accel/device_pool/clock.h"

namespace sta {

class StreamTimer {
 public:
  class Stream {
   public:
    virtual ~Stream() = default;
    virtual void TimeIsOver() = 0;
  };

  // `clock` outlives the timer.
  explicit StreamTimer(Clock& clock) : clock_(clock), thread_([this] { Loop(); }) {}
  ~StreamTimer();
  StreamTimer(const StreamTimer&) = delete;
  StreamTimer& operator=(const StreamTimer&) = delete;

  void Set(const std::shared_ptr<Stream>& stream, absl::Time time);
  void Clear(const std::shared_ptr<Stream>& stream);

 private:
  using Streams = std::vector<std::shared_ptr<Stream>>;

  void Loop();
  // Waits until the first time that is set, and takes what is due. Nothing once the timer ends.
  Streams AwaitDue() ABSL_LOCKS_EXCLUDED(mutex_);

  Clock& clock_;
  absl::Mutex mutex_;
  absl::CondVar changed_;
  std::map<std::shared_ptr<Stream>, absl::Time> times_ ABSL_GUARDED_BY(mutex_);
  // What the thread sleeps until: only an earlier time wakes it, so that a time that is set anew
  // for every message costs no switch of threads.
  absl::Time sleeps_until_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  bool ending_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace sta

#endif  // SERVER_SERVICES_STREAM_TIMER_H_
