// SPDX-License-Identifier: Apache-2.0
//
// FakeDevice: a Device whose output row is its input row plus one (modulo 2^16), which records its
// batches, can be held, and fails on demand.
//
//   auto device = std::make_unique<FakeDevice>("a");
//   FakeDevice* control = device.get();
//   control->Hold();                          // Run blocks from now on ...
//   control->WaitUntilRunning();              // ... and this returns when one has arrived
//   control->Release();
//
// Thread-safe.
#ifndef TESTS_SUPPORT_FAKE_DEVICE_H_
#define TESTS_SUPPORT_FAKE_DEVICE_H_

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "accel/device.h"

namespace sta {

class FakeDevice final : public Device {
 public:
  explicit FakeDevice(std::string name, int64_t max_tokens = 1 << 20)
      : caps_{.name = std::move(name), .kind = "fake", .detail = "", .max_tokens = max_tokens} {}

  const DeviceCaps& caps() const override { return caps_; }
  DeviceHealth health() const override { return DeviceHealth::kHealthy; }

  absl::StatusOr<std::unique_ptr<LoadedProgram>> Load(
      std::shared_ptr<const Program> /*program*/) override {
    const absl::MutexLock lock(&mutex_);
    if (!load_status_.ok()) return load_status_;
    return std::make_unique<FakeProgram>();
  }

  absl::Status Run(const LoadedProgram& /*program*/, const PackedSequences& batch,
                   std::span<int16_t> output, absl::Time /*deadline*/) override {
    const absl::MutexLock lock(&mutex_);
    batches_.emplace_back(batch.sequence_offsets.begin(), batch.sequence_offsets.end());
    ++running_;
    const auto is_free = [this] {
      mutex_.AssertHeld();
      return !held_;
    };
    mutex_.Await(absl::Condition(&is_free));
    --running_;
    if (!failures_.empty()) {
      const absl::Status failure = failures_.front();
      failures_.pop_front();
      return failure;
    }
    for (size_t i = 0; i < output.size(); ++i) {
      output[i] = static_cast<int16_t>(static_cast<uint16_t>(batch.rows[i]) + 1);
    }
    return absl::OkStatus();
  }

  absl::Duration EstimateRun(const LoadedProgram& /*program*/,
                             std::span<const int32_t> /*sequence_offsets*/) const override {
    return absl::Milliseconds(1);
  }

  void Hold() {
    const absl::MutexLock lock(&mutex_);
    held_ = true;
  }
  void Release() {
    const absl::MutexLock lock(&mutex_);
    held_ = false;
  }
  void WaitUntilRunning() {
    const absl::MutexLock lock(&mutex_);
    const auto is_running = [this] {
      mutex_.AssertHeld();
      return running_ > 0;
    };
    mutex_.Await(absl::Condition(&is_running));
  }
  // The next Run that gets through returns `status`; may be called several times.
  void FailNext(absl::Status status) {
    const absl::MutexLock lock(&mutex_);
    failures_.push_back(std::move(status));
  }
  void FailLoad(absl::Status status) {
    const absl::MutexLock lock(&mutex_);
    load_status_ = std::move(status);
  }
  // The offsets of every batch that was started.
  std::vector<std::vector<int32_t>> batches() const {
    const absl::MutexLock lock(&mutex_);
    return batches_;
  }

 private:
  class FakeProgram final : public LoadedProgram {};

  const DeviceCaps caps_;
  mutable absl::Mutex mutex_;
  bool held_ ABSL_GUARDED_BY(mutex_) = false;
  int running_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Status load_status_ ABSL_GUARDED_BY(mutex_);
  std::deque<absl::Status> failures_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::vector<int32_t>> batches_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace sta

#endif  // TESTS_SUPPORT_FAKE_DEVICE_H_
