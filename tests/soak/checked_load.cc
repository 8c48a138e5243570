// SPDX-License-Identifier: Apache-2.0
#include "tests/soak/checked_load.h"

#include <thread>
#include <utility>

#include "absl/synchronization/notification.h"
#include "client/load/load_generator.h"

namespace sta::soak {
namespace {

constexpr int64_t kHurriedEvery = 8;
constexpr absl::Duration kHurry = absl::Milliseconds(3);
constexpr absl::Duration kPatience = absl::Seconds(30);
// After a deadline, before a request without an answer is called lost.
constexpr absl::Duration kGrace = absl::Seconds(30);

bool IsHurried(int64_t index) { return index % kHurriedEvery == 0; }

}  // namespace

absl::StatusOr<std::unique_ptr<CheckedLoad>> CheckedLoad::Create(const std::string& address,
                                                                 const Questions& questions) {
  client::ClientOptions options = {.address = address, .timeout = kPatience, .max_attempts = 1};
  absl::StatusOr<std::unique_ptr<client::Client>> patient = client::Client::Create(options);
  options.timeout = kHurry;
  absl::StatusOr<std::unique_ptr<client::Client>> hurried = client::Client::Create(options);
  if (!patient.ok()) return patient.status();
  if (!hurried.ok()) return hurried.status();
  return std::unique_ptr<CheckedLoad>(
      new CheckedLoad(*std::move(patient), *std::move(hurried), questions));
}

absl::Status CheckedLoad::Judge(int64_t index, const absl::StatusOr<client::InferResult>& answer) {
  const bool is_right = answer.ok() && questions_.IsRight(index, *answer);
  const absl::MutexLock lock(&mutex_);
  if (is_right) {
    ++figures_.right;
  } else if (answer.ok()) {
    ++figures_.wrong;
  } else if (IsHurried(index) && absl::IsDeadlineExceeded(answer.status())) {
    ++figures_.expired;
  } else {
    if (figures_.refused.empty()) figures_.first_refusal = std::string(answer.status().message());
    ++figures_.refused[answer.status().code()];
  }
  return answer.status();
}

LoadFigures CheckedLoad::Run(absl::Duration duration, const std::atomic<bool>& stop) {
  {
    const absl::MutexLock lock(&mutex_);
    figures_ = {};
  }
  // Of the threads too, which outlive this call where something is lost.
  struct Shared {
    std::atomic<int64_t> sent = 0;
    client::LoadResult result;
    absl::Notification over;
  };
  const auto shared = std::make_shared<Shared>();
  const auto send = [this, shared, first_index = first_index_](
                        int64_t number, std::function<void(absl::Status)> done) {
    ++shared->sent;
    const int64_t index = first_index + number;
    client::Client& client = IsHurried(index) ? *hurried_ : *patient_;
    client.InferAsync(questions_.request(index),
                      [this, index, done](const absl::StatusOr<client::InferResult>& answer) {
                        done(Judge(index, answer));
                      });
  };
  std::thread streams([shared, send, duration, &stop] {
    shared->result = client::RunClosedLoop(send, {.streams = kStreams, .duration = duration}, stop);
    shared->over.Notify();
  });
  const bool is_over = shared->over.WaitForNotificationWithTimeout(duration + kPatience + kGrace);
  if (is_over) {
    streams.join();
  } else {
    streams.detach();
  }
  const absl::MutexLock lock(&mutex_);
  LoadFigures figures = figures_;
  int64_t answered = figures.right + figures.wrong + figures.expired;
  for (const auto& [code, count] : figures.refused) answered += count;
  figures.lost = shared->sent - answered;
  if (is_over) {
    figures.latency_us = std::move(shared->result.latency_us);
    figures.elapsed = shared->result.elapsed;
  }
  first_index_ += shared->sent;
  return figures;
}

}  // namespace sta::soak
