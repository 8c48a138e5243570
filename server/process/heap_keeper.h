// SPDX-License-Identifier: Apache-2.0
//
// HeapKeeper: gives memory back to the system that the C library's heap keeps and nobody uses.
//
//   HeapKeeper keeper(clock);                    // on a thread of its own, until it is gone
//
// What a flood has taken is freed among blocks that stay, where the library would keep it for ever.
// A look takes microseconds; giving back holds the heap for some milliseconds, so that it is done
// only where it is worth it.
#ifndef SERVER_PROCESS_HEAP_KEEPER_H_
#define SERVER_PROCESS_HEAP_KEEPER_H_

#include <cstdint>

#include "accel/device_pool/clock.h"
#include "server/security/poll_thread.h"

namespace sta {

// The heap of this process.
class Heap {
 public:
  virtual ~Heap() = default;
  // Of the whole process, in memory; 0 where the system does not tell.
  virtual int64_t ResidentBytes();
  // Of the heap.
  virtual int64_t UsedBytes();
  // That are free, given back or not.
  virtual int64_t FreeBytes();
  virtual void GiveBack();
};

// When to give back. Not thread-safe.
class HeapPolicy {
 public:
  // What is worth it.
  static constexpr int64_t kLeastBytes = 32 << 20;

  // `heap` outlives this.
  explicit HeapPolicy(Heap& heap) : heap_(heap) {}

  void Check();

 private:
  // Of the process beside what the heap's users have: programs, stacks, and what is free and not
  // given back, which the library does not tell apart from the rest of what is free.
  int64_t ExcessBytes();

  Heap& heap_;
  // The least excess since it was last given back.
  int64_t settled_bytes_ = 0;
};

class HeapKeeper {
 public:
  // `clock` outlives this.
  explicit HeapKeeper(Clock& clock);

 private:
  Heap heap_;
  HeapPolicy policy_{heap_};
  PollThread thread_;
};

}  // namespace sta

#endif  // SERVER_PROCESS_HEAP_KEEPER_H_
