// SPDX-License-Identifier: Apache-2.0
//
// Tells ThreadSanitizer about absl::Mutex and absl::CondVar. Debian's Abseil and gRPC are not
// instrumented, so without this everything that one of their mutexes orders would look like a race.
// Linked into every binary of the tsan preset, whose definitions of these functions the dynamic
// linker prefers to the library's, for gRPC's calls, too. Each calls the library's function with
// what an instrumented one would say around it: a lock happens after the unlocks before it.
//
// Conditions are evaluated by whichever thread unlocks, after that thread has said that it let go:
// their reads are ignored.
#include <dlfcn.h>
#include <sanitizer/tsan_interface.h>

#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"

extern "C" {
void AnnotateIgnoreReadsBegin(const char* file, int line);
void AnnotateIgnoreReadsEnd(const char* file, int line);
}

namespace {

class IgnoreReads {
 public:
  IgnoreReads() { AnnotateIgnoreReadsBegin(__FILE__, __LINE__); }
  ~IgnoreReads() { AnnotateIgnoreReadsEnd(__FILE__, __LINE__); }
};

void Held(absl::Mutex* mutex) { __tsan_acquire(mutex); }
void LetGo(absl::Mutex* mutex) { __tsan_release(mutex); }

}  // namespace

// Defines `result real(...)` as the library's function of the same name.
#define STA_REAL(name) \
  static const auto real = reinterpret_cast<decltype(&name)>(dlsym(RTLD_NEXT, #name))

// void Lock()
#define STA_LOCK(name)           \
  void name(absl::Mutex* self) { \
    STA_REAL(name);              \
    real(self);                  \
    Held(self);                  \
  }

// bool TryLock()
#define STA_TRY_LOCK(name)          \
  bool name(absl::Mutex* self) {    \
    STA_REAL(name);                 \
    const bool locked = real(self); \
    if (locked) Held(self);         \
    return locked;                  \
  }

// void Unlock()
#define STA_UNLOCK(name)          \
  void name(absl::Mutex* self) {  \
    STA_REAL(name);               \
    LetGo(self);                  \
    const IgnoreReads conditions; \
    real(self);                   \
  }

// void LockWhen(condition), void Await(condition)
#define STA_LOCK_WHEN(name)                                        \
  void name(absl::Mutex* self, const absl::Condition& condition) { \
    STA_REAL(name);                                                \
    LetGo(self);                                                   \
    {                                                              \
      const IgnoreReads conditions;                                \
      real(self, condition);                                       \
    }                                                              \
    Held(self);                                                    \
  }

// bool LockWhenWithTimeout(condition, limit), bool AwaitWithTimeout(condition, limit)
#define STA_LOCK_WHEN_WITH(name, Limit)                                         \
  bool name(absl::Mutex* self, const absl::Condition& condition, Limit limit) { \
    STA_REAL(name);                                                             \
    LetGo(self);                                                                \
    bool is_true = false;                                                       \
    {                                                                           \
      const IgnoreReads conditions;                                             \
      is_true = real(self, condition, limit);                                   \
    }                                                                           \
    Held(self);                                                                 \
    return is_true;                                                             \
  }

// bool CondVar::WaitWithTimeout(mutex, limit)
#define STA_WAIT_WITH(name, Limit)                                  \
  bool name(absl::CondVar* self, absl::Mutex* mutex, Limit limit) { \
    STA_REAL(name);                                                 \
    LetGo(mutex);                                                   \
    bool expired = false;                                           \
    {                                                               \
      const IgnoreReads conditions;                                 \
      expired = real(self, mutex, limit);                           \
    }                                                               \
    Held(mutex);                                                    \
    return expired;                                                 \
  }

// Waiting takes no lock where there is nothing to wait for any more.
#define STA_RELEASE(Class, name) \
  void name(absl::Class* self) { \
    STA_REAL(name);              \
    __tsan_release(self);        \
    real(self);                  \
  }
#define STA_ACQUIRE(Class, name) \
  void name(absl::Class* self) { \
    STA_REAL(name);              \
    real(self);                  \
    __tsan_acquire(self);        \
  }
#define STA_ACQUIRE_WITH(Class, name, Limit)  \
  bool name(absl::Class* self, Limit limit) { \
    STA_REAL(name);                           \
    const bool happened = real(self, limit);  \
    if (happened) __tsan_acquire(self);       \
    return happened;                          \
  }

extern "C" {

STA_LOCK(_ZN4absl7debian35Mutex4LockEv)
STA_LOCK(_ZN4absl7debian35Mutex10ReaderLockEv)
STA_TRY_LOCK(_ZN4absl7debian35Mutex7TryLockEv)
STA_TRY_LOCK(_ZN4absl7debian35Mutex13ReaderTryLockEv)
STA_UNLOCK(_ZN4absl7debian35Mutex6UnlockEv)
STA_UNLOCK(_ZN4absl7debian35Mutex12ReaderUnlockEv)

STA_LOCK_WHEN(_ZN4absl7debian35Mutex5AwaitERKNS0_9ConditionE)
STA_LOCK_WHEN(_ZN4absl7debian35Mutex8LockWhenERKNS0_9ConditionE)
STA_LOCK_WHEN(_ZN4absl7debian35Mutex14ReaderLockWhenERKNS0_9ConditionE)
STA_LOCK_WHEN_WITH(_ZN4absl7debian35Mutex16AwaitWithTimeoutERKNS0_9ConditionENS0_8DurationE,
                   absl::Duration)
STA_LOCK_WHEN_WITH(_ZN4absl7debian35Mutex17AwaitWithDeadlineERKNS0_9ConditionENS0_4TimeE,
                   absl::Time)
STA_LOCK_WHEN_WITH(_ZN4absl7debian35Mutex19LockWhenWithTimeoutERKNS0_9ConditionENS0_8DurationE,
                   absl::Duration)
STA_LOCK_WHEN_WITH(_ZN4absl7debian35Mutex20LockWhenWithDeadlineERKNS0_9ConditionENS0_4TimeE,
                   absl::Time)

void _ZN4absl7debian37CondVar4WaitEPNS0_5MutexE(absl::CondVar* self, absl::Mutex* mutex) {
  STA_REAL(_ZN4absl7debian37CondVar4WaitEPNS0_5MutexE);
  LetGo(mutex);
  {
    const IgnoreReads conditions;
    real(self, mutex);
  }
  Held(mutex);
}
STA_WAIT_WITH(_ZN4absl7debian37CondVar15WaitWithTimeoutEPNS0_5MutexENS0_8DurationE, absl::Duration)
STA_WAIT_WITH(_ZN4absl7debian37CondVar16WaitWithDeadlineEPNS0_5MutexENS0_4TimeE, absl::Time)

STA_RELEASE(Notification, _ZN4absl7debian312Notification6NotifyEv)
STA_ACQUIRE(Notification, _ZNK4absl7debian312Notification19WaitForNotificationEv)
STA_ACQUIRE_WITH(Notification,
                 _ZNK4absl7debian312Notification30WaitForNotificationWithTimeoutENS0_8DurationE,
                 absl::Duration)
STA_ACQUIRE_WITH(Notification,
                 _ZNK4absl7debian312Notification31WaitForNotificationWithDeadlineENS0_4TimeE,
                 absl::Time)
bool _ZN4absl7debian315BlockingCounter14DecrementCountEv(absl::BlockingCounter* self) {
  STA_REAL(_ZN4absl7debian315BlockingCounter14DecrementCountEv);
  __tsan_release(self);
  return real(self);
}
STA_ACQUIRE(BlockingCounter, _ZN4absl7debian315BlockingCounter4WaitEv)

}  // extern "C"
