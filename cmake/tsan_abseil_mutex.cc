// SPDX-License-Identifier: Apache-2.0
//
// Tells ThreadSanitizer about absl::Mutex and absl::CondVar. Debian's Abseil is not instrumented,
// so without this every access under an absl::Mutex would look like a race. The linker sends our
// calls here (--wrap, see tsan_abseil_mutex.cmake); each wrapper calls the real function between
// the annotations that an instrumented Abseil would make. Only linked into the tsan preset.
//
// Conditions given to Await are evaluated by whichever thread unlocks, after that thread has told
// the sanitizer that it let go: their reads are ignored.
#include <sanitizer/tsan_interface.h>

#include "absl/synchronization/mutex.h"

extern "C" {
void AnnotateIgnoreReadsBegin(const char* file, int line);
void AnnotateIgnoreReadsEnd(const char* file, int line);
}

namespace {

class Unlocked {  // the mutex is free (or being waited for) in this scope
 public:
  explicit Unlocked(absl::Mutex* mutex) : mutex_(mutex) {
    __tsan_mutex_pre_unlock(mutex_, 0);
    AnnotateIgnoreReadsBegin(__FILE__, __LINE__);
    __tsan_mutex_post_unlock(mutex_, 0);
  }
  ~Unlocked() { AnnotateIgnoreReadsEnd(__FILE__, __LINE__); }

 private:
  absl::Mutex* mutex_;
};

void LockedAgain(absl::Mutex* mutex) {
  __tsan_mutex_pre_lock(mutex, 0);
  __tsan_mutex_post_lock(mutex, 0, 0);
}

}  // namespace

#define STA_MUTEX(name) _ZN4absl7debian35Mutex##name
#define STA_CONDVAR(name) _ZN4absl7debian37CondVar##name
#define STA_JOIN_INNER(a, b) a##b
#define STA_JOIN(a, b) STA_JOIN_INNER(a, b)
#define STA_REAL(symbol) STA_JOIN(__real_, symbol)
#define STA_WRAP(symbol) STA_JOIN(__wrap_, symbol)

#define STA_LOCK STA_MUTEX(4LockEv)
#define STA_UNLOCK STA_MUTEX(6UnlockEv)
#define STA_AWAIT STA_MUTEX(5AwaitERKNS0_9ConditionE)
#define STA_WAIT STA_CONDVAR(4WaitEPNS0_5MutexE)
#define STA_WAIT_WITH_DEADLINE STA_CONDVAR(16WaitWithDeadlineEPNS0_5MutexENS0_4TimeE)
#define STA_WAIT_WITH_TIMEOUT STA_CONDVAR(15WaitWithTimeoutEPNS0_5MutexENS0_8DurationE)

extern "C" {

void STA_REAL(STA_LOCK)(absl::Mutex*);
void STA_WRAP(STA_LOCK)(absl::Mutex* mutex) {
  __tsan_mutex_pre_lock(mutex, 0);
  STA_REAL(STA_LOCK)(mutex);
  __tsan_mutex_post_lock(mutex, 0, 0);
}

void STA_REAL(STA_UNLOCK)(absl::Mutex*);
void STA_WRAP(STA_UNLOCK)(absl::Mutex* mutex) {
  const Unlocked unlocked(mutex);
  STA_REAL(STA_UNLOCK)(mutex);
}

void STA_REAL(STA_AWAIT)(absl::Mutex*, const absl::Condition&);
void STA_WRAP(STA_AWAIT)(absl::Mutex* mutex, const absl::Condition& condition) {
  {
    const Unlocked unlocked(mutex);
    STA_REAL(STA_AWAIT)(mutex, condition);
  }
  LockedAgain(mutex);
}

void STA_REAL(STA_WAIT)(absl::CondVar*, absl::Mutex*);
void STA_WRAP(STA_WAIT)(absl::CondVar* changed, absl::Mutex* mutex) {
  {
    const Unlocked unlocked(mutex);
    STA_REAL(STA_WAIT)(changed, mutex);
  }
  LockedAgain(mutex);
}

bool STA_REAL(STA_WAIT_WITH_DEADLINE)(absl::CondVar*, absl::Mutex*, absl::Time);
bool STA_WRAP(STA_WAIT_WITH_DEADLINE)(absl::CondVar* changed, absl::Mutex* mutex,
                                      absl::Time deadline) {
  bool expired = false;
  {
    const Unlocked unlocked(mutex);
    expired = STA_REAL(STA_WAIT_WITH_DEADLINE)(changed, mutex, deadline);
  }
  LockedAgain(mutex);
  return expired;
}

bool STA_REAL(STA_WAIT_WITH_TIMEOUT)(absl::CondVar*, absl::Mutex*, absl::Duration);
bool STA_WRAP(STA_WAIT_WITH_TIMEOUT)(absl::CondVar* changed, absl::Mutex* mutex,
                                     absl::Duration timeout) {
  bool expired = false;
  {
    const Unlocked unlocked(mutex);
    expired = STA_REAL(STA_WAIT_WITH_TIMEOUT)(changed, mutex, timeout);
  }
  LockedAgain(mutex);
  return expired;
}

}  // extern "C"
