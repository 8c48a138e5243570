// SPDX-License-Identifier: Apache-2.0
//
// PollThread: does something again and again on a thread of its own.
//
//   PollThread thread(clock, absl::Seconds(1), [&] { files.Reload(); });
//
// The destructor waits for what is in hand.
#ifndef SERVER_SECURITY_POLL_THREAD_H_
#define SERVER_SECURITY_POLL_THREAD_H_

#include <functional>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "accel/device_pool/clock.h"

namespace sta {

class PollThread {
 public:
  // The first time after one `interval`, which is over zero. `clock` outlives the thread.
  PollThread(Clock& clock, absl::Duration interval, std::function<void()> work);
  ~PollThread();
  PollThread(const PollThread&) = delete;
  PollThread& operator=(const PollThread&) = delete;

 private:
  void Loop();
  // False: stopped.
  bool WaitUntil(absl::Time time);

  Clock& clock_;
  const absl::Duration interval_;
  const std::function<void()> work_;
  absl::Mutex mutex_;
  absl::CondVar changed_;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace sta

#endif  // SERVER_SECURITY_POLL_THREAD_H_
