// SPDX-License-Identifier: Apache-2.0
//
// FakeHost: a ModelHost whose models are nothing. A test says which version fails at what, and may
// stop a load half-way.
//
//   host.Fail("verify m/2", absl::DataLossError("damaged"));
//   host.Hold("load m/3");                   // that call waits until Release
//   host.WaitUntilHeld();
//
// Thread-safe.
#ifndef TESTS_SERVER_MODELS_FAKE_HOST_H_
#define TESTS_SERVER_MODELS_FAKE_HOST_H_

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "server/models/model_host.h"
#include "strings/str_cat.h"
#include "tests/server/services/fake_model.h"

namespace sta {

class FakeHost final : public ModelHost {
 public:
  static constexpr int64_t kMemoryBytes = 100;

  // `call` is "verify NAME/VERSION", "load ..." or "warm ..."; an OK status lets it succeed again.
  void Fail(const std::string& call, absl::Status status) {
    const absl::MutexLock lock(&mutex_);
    failures_[call] = std::move(status);
  }
  void Hold(std::string call) {
    const absl::MutexLock lock(&mutex_);
    held_call_ = std::move(call);
  }
  void WaitUntilHeld() {
    const absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(&is_held_));
  }
  void Release() {
    const absl::MutexLock lock(&mutex_);
    held_call_.clear();
    changed_.SignalAll();
  }

  // All calls so far; forgets them.
  std::vector<std::string> TakeCalls() {
    const absl::MutexLock lock(&mutex_);
    return std::exchange(calls_, {});
  }
  // Models that exist.
  int live() const { return static_cast<int>(alive_.use_count()) - 1; }
  // Models that were destroyed by Unload.
  int unloaded() const {
    const absl::MutexLock lock(&mutex_);
    return unloaded_;
  }

  absl::Status Verify(const VersionInfo& version) override {
    return Call(StrCat("verify ", version.name, "/", version.version));
  }
  absl::StatusOr<std::shared_ptr<const ServedModel>> Load(const VersionInfo& version) override {
    if (absl::Status status = Call(StrCat("load ", version.name, "/", version.version));
        !status.ok()) {
      return status;
    }
    auto served = std::make_shared<ServedModel>();
    served->name = version.name;
    served->version = version.version;
    served->model = std::make_shared<CountedModel>(alive_);
    served->memory_bytes = kMemoryBytes;
    return served;
  }
  absl::Status Warm(const std::shared_ptr<const ServedModel>& served, bool beside_others) override {
    return Call(StrCat(beside_others ? "warm beside others " : "warm ", served->name, "/",
                       served->version));
  }
  void Unload(std::shared_ptr<const ServedModel> served) override {
    const absl::MutexLock lock(&mutex_);
    calls_.push_back(StrCat("unload ", served->name, "/", served->version));
    if (served.use_count() == 1) ++unloaded_;
  }
  void ReturnMemory() override {
    const absl::MutexLock lock(&mutex_);
    ++memory_returns_;
  }
  int memory_returns() const {
    const absl::MutexLock lock(&mutex_);
    return memory_returns_;
  }

 private:
  class CountedModel final : public FakeModel {
   public:
    explicit CountedModel(std::shared_ptr<const bool> alive)
        : FakeModel({.max_sequence_tokens = 7}), alive_(std::move(alive)) {}

   private:
    const std::shared_ptr<const bool> alive_;
  };

  absl::Status Call(const std::string& call) {
    const absl::MutexLock lock(&mutex_);
    calls_.push_back(call);
    is_held_ = held_call_ == call;
    while (held_call_ == call) changed_.Wait(&mutex_);
    is_held_ = false;
    const auto failure = failures_.find(call);
    return failure != failures_.end() ? failure->second : absl::OkStatus();
  }

  const std::shared_ptr<const bool> alive_ = std::make_shared<bool>(true);
  mutable absl::Mutex mutex_;
  absl::CondVar changed_;
  std::map<std::string, absl::Status> failures_ ABSL_GUARDED_BY(mutex_);
  std::string held_call_ ABSL_GUARDED_BY(mutex_);
  bool is_held_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::string> calls_ ABSL_GUARDED_BY(mutex_);
  int unloaded_ ABSL_GUARDED_BY(mutex_) = 0;
  int memory_returns_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace sta

#endif  // TESTS_SERVER_MODELS_FAKE_HOST_H_
