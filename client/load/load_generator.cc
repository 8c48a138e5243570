// SPDX-License-Identifier: Apache-2.0
#include "client/load/load_generator.h"

#include <algorithm>
#include <random>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"

namespace sta::client {
namespace {

// Collects outcomes from many threads and knows when the run is over.
class Recorder {
 public:
  Recorder(const LoadOptions& options, const std::atomic<bool>& stop)
      : options_(options), stop_(stop), begin_(absl::Now() + options.warm_up) {}

  absl::Time begin() const { return begin_; }
  // Whether another request should be sent at `now`.
  bool Goes(absl::Time now) const {
    return !stop_.load() && now < begin_ + options_.duration &&
           counted_.load() < options_.max_requests;
  }
  int64_t NextIndex() { return next_index_++; }

  // A request that was (to be) sent at `sent` is over. What was sent in the warm-up does not count.
  void Record(absl::Time sent, const absl::Status& status) {
    if (sent < begin_) return;
    const absl::Time now = absl::Now();
    ++counted_;
    const absl::MutexLock lock(&mutex_);
    result_.elapsed = std::max(result_.elapsed, now - begin_);
    if (status.ok()) {
      result_.latency_us.Record(absl::ToInt64Microseconds(now - sent));
    } else {
      ++result_.errors[status.code()];
    }
  }

  LoadResult TakeResult() {
    const absl::MutexLock lock(&mutex_);
    return std::move(result_);
  }

 private:
  const LoadOptions& options_;
  const std::atomic<bool>& stop_;
  const absl::Time begin_;
  std::atomic<int64_t> next_index_ = 0;
  std::atomic<int64_t> counted_ = 0;
  absl::Mutex mutex_;
  LoadResult result_ ABSL_GUARDED_BY(mutex_);
};

void RunStream(const SendFunction& send, Recorder& recorder) {
  for (absl::Time sent = absl::Now(); recorder.Goes(sent); sent = absl::Now()) {
    absl::Notification answered;
    absl::Status answer;
    send(recorder.NextIndex(), [&](const absl::Status& status) {
      answer = status;
      answered.Notify();
    });
    answered.WaitForNotification();
    recorder.Record(sent, answer);
  }
}

// Counts requests in flight of an open loop.
class InFlight {
 public:
  void Add() {
    const absl::MutexLock lock(&mutex_);
    ++count_;
  }
  void Remove() {
    const absl::MutexLock lock(&mutex_);
    if (--count_ == 0) changed_.SignalAll();
  }
  int64_t count() {
    const absl::MutexLock lock(&mutex_);
    return count_;
  }
  void WaitForNone() {
    const absl::MutexLock lock(&mutex_);
    while (count_ > 0) changed_.Wait(&mutex_);
  }

 private:
  absl::Mutex mutex_;
  absl::CondVar changed_;
  int64_t count_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace

double LoadResult::RequestsPerSecond() const {
  const double seconds = absl::ToDoubleSeconds(elapsed);
  return seconds > 0.0 ? static_cast<double>(requests()) / seconds : 0.0;
}

LoadResult RunClosedLoop(const SendFunction& send, const LoadOptions& options,
                         const std::atomic<bool>& stop) {
  Recorder recorder(options, stop);
  std::vector<std::thread> streams;
  streams.reserve(static_cast<size_t>(options.streams));
  for (int i = 0; i < options.streams; ++i) {
    streams.emplace_back([&] { RunStream(send, recorder); });
  }
  for (std::thread& stream : streams) stream.join();
  return recorder.TakeResult();
}

LoadResult RunOpenLoop(const SendFunction& send, const LoadOptions& options,
                       const std::atomic<bool>& stop) {
  Recorder recorder(options, stop);
  InFlight in_flight;
  std::mt19937_64 engine(options.seed);
  std::exponential_distribution<double> exponential(options.rate);
  for (absl::Time planned = absl::Now(); recorder.Goes(planned);
       planned += absl::Seconds(options.is_poisson ? exponential(engine) : 1.0 / options.rate)) {
    absl::SleepFor(planned - absl::Now());  // not at all when the generator is late
    if (in_flight.count() >= options.max_in_flight) {
      recorder.Record(planned, absl::ResourceExhaustedError("too many requests in flight"));
      continue;
    }
    in_flight.Add();
    send(recorder.NextIndex(), [&recorder, &in_flight, planned](const absl::Status& status) {
      recorder.Record(planned, status);
      in_flight.Remove();
    });
  }
  in_flight.WaitForNone();
  return recorder.TakeResult();
}

}  // namespace sta::client
