// SPDX-License-Identifier: Apache-2.0
//
// BackendTest: what inference runs on, whichever protocol asks for it: one FakeDevice that can be
// held, a batcher, a registry, and the rest of InferenceBackend; the clock is fake.
//
//   class MyTest : public BackendTest { ... };
//   SetReady(LoadModel("m", std::make_shared<FakeModel>(ClassifierConfig())));
//   device_->Hold();
//   MyService service(backend());
#ifndef TESTS_SERVER_SERVICES_BACKEND_FIXTURE_H_
#define TESTS_SERVER_SERVICES_BACKEND_FIXTURE_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "server/services/inference.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_pool.h"
#include "tests/support/status_matchers.h"

namespace sta {

class BackendTest : public testing::Test {
 protected:
  // `logged_fraction` of the requests get a line in the access log.
  explicit BackendTest(double logged_fraction = 0)
      : access_log_({.fraction = logged_fraction}, clock_, [this](const AccessRecord& line) {
          const absl::MutexLock lock(&lines_mutex_);
          lines_.push_back(line);
        }) {}

  void SetUp() override {
    auto device = MakeFakeDevice({.name = "a"});
    device_ = device.get();
    std::vector<std::unique_ptr<Device>> devices;
    devices.push_back(std::move(device));
    batcher_ = std::make_unique<Batcher>(
        std::make_unique<DevicePool>(std::move(devices), DevicePoolOptions{}, clock_,
                                     pool_observer_),
        BatcherOptions{}, clock_, metrics_);
  }

  // What serves ends before it.
  void TearDown() override {
    device_->Release();
    registry_.Clear();  // its leases end before the batcher
    batcher_.reset();
  }

  static ModelConfig ClassifierConfig() {
    ModelConfig config;
    config.task = Task::kSequenceClassification;
    config.hidden_size = 2;
    config.vocabulary_size = 256;
    config.labels = {"low", "middle", "high"};
    return config;
  }

  // As version 1.
  std::shared_ptr<const ServedModel> LoadModel(const std::string& name,
                                               std::shared_ptr<const LoadedModel> model) {
    auto served = batcher_->Load(name, 1, std::move(model));
    EXPECT_THAT(served, IsOk());
    return *std::move(served);
  }
  void SetReady(const std::shared_ptr<const ServedModel>& served) {
    ModelStatus status;
    status.name = served->name;
    status.version = served->version;
    status.state = ModelState::kReady;
    registry_.SetReady(status, served);
    metrics_.RegisterModel(served->name, served->version);
  }

  InferenceBackend backend() {
    return {.registry = registry_,
            .batcher = *batcher_,
            .metrics = metrics_,
            .access_log = access_log_,
            .shared_memory = shared_memory_,
            .memory = memory_,
            .workers = workers_,
            .diagnostics = diagnostics_};
  }

  // Of the access log. Who has an answer finds its line.
  std::vector<AccessRecord> Lines() {
    const absl::MutexLock lock(&lines_mutex_);
    return lines_;
  }

  FakeClock clock_;
  SilentPoolObserver pool_observer_;
  Metrics metrics_{"test"};
  absl::Mutex lines_mutex_;
  std::vector<AccessRecord> lines_ ABSL_GUARDED_BY(lines_mutex_);
  AccessLog access_log_;
  WorkerPool workers_{WorkerPool::Options{}};
  SharedMemory shared_memory_;
  MemoryBudget memory_{1 << 30};
  DiagnosticRunner diagnostics_{{}, clock_, metrics_};
  FakeDevice* device_ = nullptr;
  std::unique_ptr<Batcher> batcher_;
  ModelRegistry registry_;
};

}  // namespace sta

#endif  // TESTS_SERVER_SERVICES_BACKEND_FIXTURE_H_
