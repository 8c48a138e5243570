// SPDX-License-Identifier: Apache-2.0
//
// MemoryBudget: a bound on what all requests together take in memory, counted before it is
// allocated.
//
//   MemoryBudget budget(512 << 20);
//   MemoryBudget::Share share;
//   if (absl::Status status = budget.Grow(share, message_bytes); !status.ok()) ...
//   ... the share gives back what it has when it is destroyed
//
// Thread-safe, but for a Share, which belongs to one request. The budget outlives its shares.
#ifndef SERVER_BATCHING_MEMORY_BUDGET_H_
#define SERVER_BATCHING_MEMORY_BUDGET_H_

#include <atomic>
#include <cstdint>

#include "absl/status/status.h"

namespace sta {

class MemoryBudget {
 public:
  // What one request has of the budget.
  class Share {
   public:
    Share() = default;
    ~Share() {
      if (budget_ != nullptr) budget_->used_bytes_ -= bytes_;
    }
    Share(const Share&) = delete;
    Share& operator=(const Share&) = delete;

    int64_t bytes() const { return bytes_; }

   private:
    friend class MemoryBudget;

    MemoryBudget* budget_ = nullptr;
    int64_t bytes_ = 0;
  };

  explicit MemoryBudget(int64_t max_bytes) : max_bytes_(max_bytes) {}
  MemoryBudget(const MemoryBudget&) = delete;
  MemoryBudget& operator=(const MemoryBudget&) = delete;

  // RESOURCE_EXHAUSTED, with the figures, where so much more would be too much; the share keeps
  // what it has.
  absl::Status Grow(Share& share, int64_t bytes);

  int64_t used_bytes() const { return used_bytes_; }

 private:
  const int64_t max_bytes_;
  std::atomic<int64_t> used_bytes_ = 0;
};

}  // namespace sta

#endif  // SERVER_BATCHING_MEMORY_BUDGET_H_
