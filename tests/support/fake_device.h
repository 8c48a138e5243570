// SPDX-License-Identifier: Apache-2.0
//
// FakeDevice: a Device whose output row is its input row plus one (modulo 2^16), unless ComputeWith
// says what to make of a Program; which records its batches, can be held, and fails on demand.
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
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "accel/device.h"

namespace sta {

class FakeDevice final : public Device {
 public:
  using Compute =
      std::function<void(const Program&, const PackedSequences&, std::span<int16_t> output)>;

  explicit FakeDevice(std::string name, int64_t max_tokens = 1 << 20)
      : FakeDevice(DeviceCaps{
            .name = std::move(name), .kind = "fake", .detail = "", .max_tokens = max_tokens}) {}
  explicit FakeDevice(DeviceCaps caps) : caps_(std::move(caps)) {}

  const DeviceCaps& caps() const override { return caps_; }
  DeviceHealth health() const override { return DeviceHealth::kHealthy; }

  absl::StatusOr<std::unique_ptr<LoadedProgram>> Load(
      std::shared_ptr<const Program> program) override {
    const absl::MutexLock lock(&mutex_);
    ++loads_;
    if (good_loads_ > 0) {
      --good_loads_;
    } else if (!load_status_.ok()) {
      return load_status_;
    }
    return std::make_unique<FakeProgram>(std::move(program));
  }

  absl::Status Run(const LoadedProgram& program, const PackedSequences& batch,
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
    if (batch.sequence_offsets.back() > refuses_over_tokens_) {
      return absl::InvalidArgumentError("longer than the device takes");
    }
    if (!failures_.empty()) {
      const absl::Status failure = failures_.front();
      failures_.pop_front();
      return failure;
    }
    const auto& loaded = static_cast<const FakeProgram&>(program);
    if (compute_ && loaded.program != nullptr) {
      compute_(*loaded.program, batch, output);
    } else {
      for (size_t i = 0; i < output.size(); ++i) {
        output[i] = static_cast<int16_t>(static_cast<uint16_t>(batch.rows[i]) + 1);
      }
    }
    if (is_wrong_) output[0] = static_cast<int16_t>(output[0] ^ 1);
    return absl::OkStatus();
  }

  absl::Status Recover() override {
    const absl::MutexLock lock(&mutex_);
    ++recoveries_;
    return recover_status_;
  }

  absl::Duration EstimateRun(const LoadedProgram& /*program*/,
                             std::span<const int32_t> sequence_offsets) const override {
    const absl::MutexLock lock(&mutex_);
    return estimate_ + sequence_offsets.back() * estimate_per_token_;
  }

  DeviceTelemetry telemetry() const override {
    const absl::MutexLock lock(&mutex_);
    return telemetry_;
  }

  // What runs of a Program that is not null compute.
  void ComputeWith(Compute compute) {
    const absl::MutexLock lock(&mutex_);
    compute_ = std::move(compute);
  }
  // Batches of more tokens are INVALID_ARGUMENT from now on.
  void RefuseOver(int64_t tokens) {
    const absl::MutexLock lock(&mutex_);
    refuses_over_tokens_ = tokens;
  }
  void SetEstimate(absl::Duration run, absl::Duration token) {
    const absl::MutexLock lock(&mutex_);
    estimate_ = run;
    estimate_per_token_ = token;
  }
  // From now on one bit of every output is wrong.
  void ComputeWrong(bool is_wrong) {
    const absl::MutexLock lock(&mutex_);
    is_wrong_ = is_wrong;
  }
  void SetTelemetry(const DeviceTelemetry& telemetry) {
    const absl::MutexLock lock(&mutex_);
    telemetry_ = telemetry;
  }
  void SetRecoverStatus(absl::Status status) {
    const absl::MutexLock lock(&mutex_);
    recover_status_ = std::move(status);
  }
  int recoveries() const {
    const absl::MutexLock lock(&mutex_);
    return recoveries_;
  }
  int loads() const {
    const absl::MutexLock lock(&mutex_);
    return loads_;
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
  // Loads return `status` from now on, or after so many good ones.
  void FailLoad(absl::Status status, int good_loads = 0) {
    const absl::MutexLock lock(&mutex_);
    load_status_ = std::move(status);
    good_loads_ = good_loads;
  }
  // The offsets of every batch that was started.
  std::vector<std::vector<int32_t>> batches() const {
    const absl::MutexLock lock(&mutex_);
    return batches_;
  }

 private:
  struct FakeProgram final : public LoadedProgram {
    explicit FakeProgram(std::shared_ptr<const Program> loaded) : program(std::move(loaded)) {}
    const std::shared_ptr<const Program> program;
  };

  const DeviceCaps caps_;
  mutable absl::Mutex mutex_;
  bool held_ ABSL_GUARDED_BY(mutex_) = false;
  int running_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Status load_status_ ABSL_GUARDED_BY(mutex_);
  int good_loads_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Status recover_status_ ABSL_GUARDED_BY(mutex_);
  Compute compute_ ABSL_GUARDED_BY(mutex_);
  absl::Duration estimate_ ABSL_GUARDED_BY(mutex_) = absl::Milliseconds(1);
  absl::Duration estimate_per_token_ ABSL_GUARDED_BY(mutex_);
  DeviceTelemetry telemetry_ ABSL_GUARDED_BY(mutex_);
  int64_t refuses_over_tokens_ ABSL_GUARDED_BY(mutex_) = int64_t{1} << 40;
  bool is_wrong_ ABSL_GUARDED_BY(mutex_) = false;
  int recoveries_ ABSL_GUARDED_BY(mutex_) = 0;
  int loads_ ABSL_GUARDED_BY(mutex_) = 0;
  std::deque<absl::Status> failures_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::vector<int32_t>> batches_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace sta

#endif  // TESTS_SUPPORT_FAKE_DEVICE_H_
