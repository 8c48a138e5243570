// SPDX-License-Identifier: Apache-2.0
//
// What the tests of the pool share: a pool over fake devices, and tasks whose outcome can be waited
// for.
#ifndef TESTS_ACCEL_DEVICE_POOL_POOL_TEST_H_
#define TESTS_ACCEL_DEVICE_POOL_POOL_TEST_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "accel/device_pool/device_pool.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_pool.h"
#include "tests/support/status_matchers.h"

namespace sta {

// Keeps what the pool tells.
class RecordingPoolObserver final : public SilentPoolObserver {
 public:
  void OnFailover(std::string_view from, std::string_view to) override {
    const absl::MutexLock lock(&mutex_);
    failovers_.push_back(std::string(from) + " -> " + std::string(to));
  }
  void OnStateChange(std::string_view device, std::string_view state,
                     std::string_view /*reason*/) override {
    const absl::MutexLock lock(&mutex_);
    states_.push_back(std::string(device) + " " + std::string(state));
  }
  void OnAudit(std::string_view device, AuditVerdict verdict) override {
    const absl::MutexLock lock(&mutex_);
    audits_.push_back(std::string(device) + (verdict == AuditVerdict::kMatched ? " right"
                                             : verdict == AuditVerdict::kMismatched
                                                 ? " wrong"
                                                 : " undecided"));
  }

  std::vector<std::string> failovers() { return Copy(failovers_); }
  std::vector<std::string> states() { return Copy(states_); }
  std::vector<std::string> audits() { return Copy(audits_); }

 private:
  std::vector<std::string> Copy(const std::vector<std::string>& list) {
    const absl::MutexLock lock(&mutex_);
    return list;
  }

  absl::Mutex mutex_;
  std::vector<std::string> failovers_;
  std::vector<std::string> states_;
  std::vector<std::string> audits_;
};

// A batch of one sequence whose rows are 0, 1, 2, ...; fake devices add one to each. It keeps its
// program, which has to be there until it is done.
class CountingTask final : public PoolTask {
 public:
  struct Outcome {
    absl::Status status;
    std::vector<int16_t> rows;
  };

  CountingTask(std::shared_ptr<const PooledProgram> program, int32_t tokens, absl::Time deadline,
               std::promise<Outcome> outcome)
      : program_(std::move(program)),
        offsets_({0, tokens}),
        deadline_(deadline),
        outcome_(std::move(outcome)) {
    for (int32_t i = 0; i < tokens; ++i) rows_.push_back(static_cast<int16_t>(i));
    output_.resize(rows_.size());
  }

  std::span<const int32_t> sequence_offsets() const override { return offsets_; }
  Work Prepare(std::string_view /*device*/) override {
    EXPECT_FALSE(is_prepared_);
    is_prepared_ = true;
    return {.batch = {.rows = rows_, .sequence_offsets = offsets_}, .output = output_};
  }
  absl::Time deadline() const override { return deadline_; }
  void Done(const absl::Status& status) override {
    outcome_.set_value({.status = status, .rows = std::move(output_)});  // throws the second time
  }

 private:
  const std::shared_ptr<const PooledProgram> program_;
  const std::vector<int32_t> offsets_;
  const absl::Time deadline_;
  std::promise<Outcome> outcome_;
  bool is_prepared_ = false;
  std::vector<int16_t> rows_;
  std::vector<int16_t> output_;
};

class PoolTest : public testing::Test {
 protected:
  void TearDown() override {
    for (FakeDevice* device : devices_) device->Release();
    program_.reset();
    pool_.reset();
  }

  // Devices "a", "b", ... of these kinds.
  void Start(const std::vector<std::string>& kinds, const DevicePoolOptions& options = {}) {
    std::vector<DeviceCaps> caps;
    for (const std::string& kind : kinds) {
      caps.push_back({.name = std::string(1, static_cast<char>('a' + caps.size())), .kind = kind});
    }
    StartDevices(caps, options);
  }
  void StartDevices(const std::vector<DeviceCaps>& caps, const DevicePoolOptions& options = {}) {
    std::vector<std::unique_ptr<Device>> devices;
    for (const DeviceCaps& each : caps) {
      auto device = MakeFakeDevice(each);
      devices_.push_back(device.get());
      devices.push_back(std::move(device));
    }
    pool_ = std::make_unique<DevicePool>(std::move(devices), options, clock_, observer_);
    pool_->SetOnRoom([this] { ++room_calls_; });
    auto loaded = pool_->Load(nullptr);
    ASSERT_THAT(loaded, IsOk());
    program_ = *std::move(loaded);
  }

  std::future<CountingTask::Outcome> DispatchTo(size_t device, int32_t tokens = 4,
                                                absl::Time deadline = absl::InfiniteFuture()) {
    std::promise<CountingTask::Outcome> promise;
    auto future = promise.get_future();
    pool_->Dispatch({.device = device, .token_budget = tokens, .estimate = absl::Milliseconds(1)},
                    *program_,
                    std::make_unique<CountingTask>(program_, tokens, deadline, std::move(promise)));
    return future;
  }

  // A batch that runs on the device until that is released.
  std::future<CountingTask::Outcome> Hang(size_t device) {
    devices_[device]->Hold();
    auto hanging = DispatchTo(device);
    devices_[device]->WaitUntilRunning();
    return hanging;
  }

  static void ExpectRight(std::future<CountingTask::Outcome> future) {
    const CountingTask::Outcome outcome = future.get();
    ASSERT_THAT(outcome.status, IsOk());
    for (size_t i = 0; i < outcome.rows.size(); ++i) ASSERT_EQ(outcome.rows[i], i + 1);
  }

  DeviceStatus StatusOf(size_t device) const { return pool_->Devices().at(device); }

  // Blocks until the device is in `state`; time does not pass.
  void AwaitState(size_t device, DeviceState state) {
    uint64_t seen = 0;
    while (StatusOf(device).state != state) {
      seen = pool_->WaitForChange(seen, absl::InfiniteFuture());
    }
  }

  // The pool tells of a failover when the batch may be answered already.
  std::vector<std::string> AwaitFailovers(size_t count) {
    while (observer_.failovers().size() < count) std::this_thread::yield();
    return observer_.failovers();
  }

  FakeClock clock_;
  RecordingPoolObserver observer_;
  std::atomic<int> room_calls_ = 0;
  std::vector<FakeDevice*> devices_;
  std::unique_ptr<DevicePool> pool_;
  std::shared_ptr<const PooledProgram> program_;
};

}  // namespace sta

#endif  // TESTS_ACCEL_DEVICE_POOL_POOL_TEST_H_
