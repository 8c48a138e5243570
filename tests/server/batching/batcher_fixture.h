// SPDX-License-Identifier: Apache-2.0
//
// BatcherTest: a Batcher on fake devices, with a FakeClock and an observer that counts.
//
//   Start({.max_batch_tokens = 8}, 2);           // two devices, "a" and "b", and a model
//   std::future<Answer> blocker = Occupy();      // holds the first: what comes next waits
//   std::future<Answer> answer = Submit({Sequence(5, 1)});
//   devices_[0]->Release();
//   EXPECT_EQ(answer.get()->rows, ExpectedRows({Sequence(5, 1)}));
#ifndef TESTS_SERVER_BATCHING_BATCHER_FIXTURE_H_
#define TESTS_SERVER_BATCHING_BATCHER_FIXTURE_H_

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "server/batching/batcher.h"
#include "tests/server/services/fake_model.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_device.h"
#include "tests/support/fake_pool.h"
#include "tests/support/status_matchers.h"

namespace sta {

// Adds up what the batcher reports.
class CountingObserver final : public BatchObserver {
 public:
  void OnBatch(const ServedModel&, const BatchRecord&) override {
    const absl::MutexLock lock(&mutex_);
    ++batches;
  }
  void OnBatchDone(const ServedModel&, const BatchRecord& record, absl::Duration compute) override {
    const absl::MutexLock lock(&mutex_);
    computed.push_back(record);
    compute_time += compute;
  }
  void OnQueueChange(const ServedModel&, int64_t requests, int64_t tokens) override {
    const absl::MutexLock lock(&mutex_);
    queued_requests += requests;
    queued_tokens += tokens;
  }
  void OnRejected(const ServedModel&, RejectReason reason) override {
    const absl::MutexLock lock(&mutex_);
    ++rejected[reason];
  }

  int64_t batches = 0;
  std::vector<BatchRecord> computed;
  absl::Duration compute_time;
  int64_t queued_requests = 0;
  int64_t queued_tokens = 0;
  std::map<RejectReason, int> rejected;

 private:
  absl::Mutex mutex_;
};

class BatcherTest : public testing::Test {
 protected:
  static constexpr int64_t kHidden = 4;
  using Answer = absl::StatusOr<JobResult>;

  static std::shared_ptr<const LoadedModel> MakeModel() {
    return std::make_shared<FakeModel>(ModelConfig{.hidden_size = kHidden});
  }
  static TokenSequence Sequence(size_t length, int32_t id) {
    return {.ids = std::vector<int32_t>(length, id)};
  }
  // What the fake device makes of a sequence that the fake model embedded.
  static std::vector<int16_t> ExpectedRows(const std::vector<TokenSequence>& sequences) {
    std::vector<int16_t> rows;
    for (const TokenSequence& sequence : sequences) {
      for (const int32_t id : sequence.ids) {
        rows.insert(rows.end(), kHidden, static_cast<int16_t>(id + 1));
      }
    }
    return rows;
  }

  void Start(const BatcherOptions& options, size_t device_count = 1) {
    std::vector<std::unique_ptr<Device>> devices;
    for (size_t i = 0; i < device_count; ++i) {
      auto device = MakeFakeDevice({.name = std::string(1, static_cast<char>('a' + i))});
      devices_.push_back(device.get());
      devices.push_back(std::move(device));
    }
    batcher_ = std::make_unique<Batcher>(
        std::make_unique<DevicePool>(std::move(devices), DevicePoolOptions{}, clock_,
                                     pool_observer_),
        options, clock_, observer_);
    model_ = LoadModel("model");
  }

  std::shared_ptr<const ServedModel> LoadModel(const std::string& name) {
    auto served = batcher_->Load(name, 1, MakeModel());
    EXPECT_THAT(served, IsOk());
    return *served;
  }

  struct Extra {
    absl::Time deadline = absl::InfiniteFuture();
    std::shared_ptr<const std::atomic<bool>> cancelled;
    std::shared_ptr<const ServedModel> model;
    std::string client;
    int64_t priority = 0;
  };
  std::future<Answer> Submit(std::vector<TokenSequence> sequences) {
    return Submit(std::move(sequences), Extra());
  }
  std::future<Answer> Submit(std::vector<TokenSequence> sequences, const Extra& extra) {
    auto promise = std::make_shared<std::promise<Answer>>();
    std::future<Answer> future = promise->get_future();
    batcher_->Submit({.model = extra.model != nullptr ? extra.model : model_,
                      .sequences = std::move(sequences),
                      .deadline = extra.deadline,
                      .client = extra.client,
                      .priority = extra.priority,
                      .cancelled = extra.cancelled,
                      .done = [promise](Answer answer) { promise->set_value(std::move(answer)); }});
    return future;
  }
  // Holds device 0 with a batch of its own, so that what is submitted next waits.
  std::future<Answer> Occupy() {
    devices_[0]->Hold();
    std::future<Answer> blocker = Submit({Sequence(1, 99)});
    devices_[0]->WaitUntilRunning();
    return blocker;
  }

  FakeClock clock_;
  CountingObserver observer_;
  SilentPoolObserver pool_observer_;
  std::vector<FakeDevice*> devices_;
  std::unique_ptr<Batcher> batcher_;
  std::shared_ptr<const ServedModel> model_;
};

}  // namespace sta

#endif  // TESTS_SERVER_BATCHING_BATCHER_FIXTURE_H_
