// SPDX-License-Identifier: Apache-2.0
//
// OrderedWindow: keeps several asynchronous calls in flight and hands out their results in the
// order in which they were started.
//
//   OrderedWindow<Embeddings> window(4);
//   while (...) {
//     if (window.IsFull()) Consume(window.WaitForFront());
//     client.EmbedAsync(model, texts, window.Start());
//   }
//   while (!window.IsEmpty()) Consume(window.WaitForFront());
//
// For one thread, which blocks in WaitForFront; the callbacks may come from any thread, also after
// the window is gone.
#ifndef CLIENT_CONSOLE_ORDERED_WINDOW_H_
#define CLIENT_CONSOLE_ORDERED_WINDOW_H_

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/synchronization/notification.h"

namespace sta::client {

template <typename Result>
class OrderedWindow {
 public:
  explicit OrderedWindow(size_t capacity) : capacity_(capacity) {}

  bool IsFull() const { return calls_.size() >= capacity_; }
  bool IsEmpty() const { return calls_.empty(); }

  // The callback of a new call, to be called exactly once. The window must not be full.
  std::function<void(absl::StatusOr<Result>)> Start() {
    auto call = std::make_shared<Call>();
    calls_.push_back(call);
    return [call = std::move(call)](absl::StatusOr<Result> result) {
      call->result = std::move(result);
      call->done.Notify();
    };
  }

  // The result of the oldest call that was not handed out yet. The window must not be empty.
  absl::StatusOr<Result> WaitForFront() {
    const std::shared_ptr<Call> call = std::move(calls_.front());
    calls_.pop_front();
    call->done.WaitForNotification();
    return std::move(call->result);
  }

 private:
  struct Call {
    absl::Notification done;
    absl::StatusOr<Result> result;
  };

  const size_t capacity_;
  std::deque<std::shared_ptr<Call>> calls_;
};

}  // namespace sta::client

#endif  // CLIENT_CONSOLE_ORDERED_WINDOW_H_
