// SPDX-License-Identifier: Apache-2.0
//
// HandedOver: what a reactor made for itself, and its reactions use.
//
//   HandedOver<Driver> driver_;
//   driver_.Set(std::make_shared<Driver>(...));      // in the constructor, before the call begins
//   driver_.Get().Cancelled();                       // in a reaction
//
// Reactions come from other threads than the one that made the reactor. gRPC orders them behind
// that, which ThreadSanitizer does not see in its library: it sees this.
#ifndef SERVER_SERVICES_HANDED_OVER_H_
#define SERVER_SERVICES_HANDED_OVER_H_

#include <atomic>
#include <memory>
#include <utility>

namespace sta {

template <typename T>
class HandedOver {
 public:
  // Once; returns it.
  T& Set(std::shared_ptr<T> value) {
    value_ = std::move(value);
    is_set_.store(true, std::memory_order_release);
    return *value_;
  }

  T& Get() const { return *GetShared(); }
  const std::shared_ptr<T>& GetShared() const {
    static_cast<void>(is_set_.load(std::memory_order_acquire));
    return value_;
  }

 private:
  std::shared_ptr<T> value_;
  std::atomic<bool> is_set_ = false;
};

}  // namespace sta

#endif  // SERVER_SERVICES_HANDED_OVER_H_
