// SPDX-License-Identifier: Apache-2.0
//
// ManagerTest: a ModelManager over a real store in a temporary directory, with a FakeHost and a
// FakeClock.
//
//   AddVersion("m", 1);
//   StartManager();                              // and waits until it has nothing to do
//   AddVersion("m", 2);
//   FindNewVersions();
//   EXPECT_THAT(States("m"), ElementsAre("2 READY", "1 UNLOADED"));
#ifndef TESTS_SERVER_MODELS_MANAGER_TEST_FIXTURE_H_
#define TESTS_SERVER_MODELS_MANAGER_TEST_FIXTURE_H_

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/synchronization/notification.h"
#include "model_store/store/posix_file_system.h"
#include "server/models/model_manager.h"
#include "tests/server/models/fake_host.h"
#include "tests/support/fake_clock.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/tiny_package.h"

namespace sta {

class ManagerTest : public testing::Test, public ModelManagerObserver {
 protected:
  static constexpr std::nullopt_t kAnywhere = std::nullopt;

  ManagerTest() {
    absl::StatusOr<std::unique_ptr<VersionStore>> store =
        VersionStore::Open(directory_.path(), {}, files_, clock_);
    EXPECT_THAT(store, IsOk());
    store_ = *std::move(store);
  }
  // The manager's thread calls this observer: it ends before any destructor runs.
  void TearDown() override {
    StopManager();
    EXPECT_EQ(host_.live(), 0);
  }

  // "a" or "b", which differ; made when it is first asked for.
  std::filesystem::path Package(const std::string& package) const {
    const std::filesystem::path path = packages_.path() / package;
    if (!std::filesystem::exists(path)) {
      EXPECT_THAT(WriteTinyPackage(path, {.normalize = package == "a"}), IsOk());
    }
    return path;
  }
  // By other means than an upload.
  void AddVersion(const std::string& name, int64_t version, const std::string& package = "a") {
    const std::filesystem::path path = directory_.path() / name / StrCat(version);
    std::filesystem::remove_all(path);
    std::filesystem::create_directories(path.parent_path());
    std::filesystem::copy(Package(package), path);
  }
  void RemoveVersion(const std::string& name, int64_t version) {
    std::filesystem::remove_all(directory_.path() / name / StrCat(version));
  }
  bool IsOnDisk(const std::string& name, int64_t version) const {
    return std::filesystem::exists(directory_.path() / name / StrCat(version));
  }

  void StartManagerWithoutWaiting(const ModelManagerOptions& options = {}) {
    EXPECT_THAT(store_->Rescan(), IsOk());
    manager_ = std::make_unique<ModelManager>(ModelManager::Parts{.store = *store_,
                                                                  .host = host_,
                                                                  .registry = registry_,
                                                                  .feed = feed_,
                                                                  .observer = *this,
                                                                  .clock = clock_},
                                              options);
  }
  void StartManager(const ModelManagerOptions& options = {}) {
    StartManagerWithoutWaiting(options);
    manager_->WaitUntilIdleForTest();
  }
  void StopManager() {
    host_.Release();
    manager_.reset();
  }
  void FindNewVersions() {
    EXPECT_THAT(store_->Rescan(), IsOk());
    manager_->StoreChanged();
    manager_->WaitUntilIdleForTest();
  }

  // The methods of the manager, waiting for the answer.
  absl::Status LoadModel(const std::string& name, int64_t version) {
    return Await([&](auto done) { manager_->LoadModel(name, version, std::move(done)); });
  }
  absl::Status UnloadModel(const std::string& name, int64_t version, bool force = false) {
    return Await([&](auto done) { manager_->UnloadModel(name, version, force, std::move(done)); });
  }
  absl::Status DeleteVersion(const std::string& name, int64_t version, bool force = false) {
    return Await(
        [&](auto done) { manager_->DeleteVersion(name, version, force, std::move(done)); });
  }
  // The alias's new place, and the place before.
  absl::StatusOr<std::pair<int64_t, int64_t>> SetAlias(
      const std::string& name, const std::string& alias, int64_t version,
      std::optional<int64_t> expected = kAnywhere) {
    return AwaitChange(
        [&](auto done) { manager_->SetAlias(name, alias, version, expected, std::move(done)); });
  }
  absl::StatusOr<std::pair<int64_t, int64_t>> RollBackAlias(
      const std::string& name, const std::string& alias,
      std::optional<int64_t> expected = kAnywhere) {
    return AwaitChange(
        [&](auto done) { manager_->RollBackAlias(name, alias, expected, std::move(done)); });
  }

  template <typename Call>
  static absl::Status Await(Call call) {
    absl::Notification answered;
    absl::Status answer;
    call([&](const absl::Status& status) {
      answer = status;
      answered.Notify();
    });
    answered.WaitForNotification();
    return answer;
  }
  template <typename Call>
  static absl::StatusOr<std::pair<int64_t, int64_t>> AwaitChange(Call call) {
    absl::Notification answered;
    absl::StatusOr<std::pair<int64_t, int64_t>> answer;
    call([&](const absl::StatusOr<AliasChange>& change) {
      if (change.ok()) {
        answer = std::pair(change->version, change->previous);
      } else {
        answer = change.status();
      }
      answered.Notify();
    });
    answered.WaitForNotification();
    return answer;
  }

  // "2 READY", newest first.
  std::vector<std::string> States(std::string_view name) const {
    std::vector<std::string> states;
    for (const ModelStatus& status : registry_.List(name)) {
      states.push_back(StrCat(status.version, " ", ModelStateName(status.state)));
    }
    return states;
  }
  // The version that a request gets; 0 for none.
  int64_t Served(std::string_view name, std::string_view version = "") const {
    const auto lease = registry_.Find(name, version);
    return lease.ok() ? (*lease)->version : 0;
  }

  // ModelManagerObserver:
  void OnLoad(const ModelStatus& status, absl::Duration /*duration*/,
              const absl::Status& result) override {
    loads_.push_back(StrCat(status.name, "/", status.version, " ", result.ok() ? "ok" : "failed"));
  }
  void OnRetention(std::string_view name, int64_t version, const absl::Status& result) override {
    retired_.push_back(StrCat(name, "/", version, " ", result.ok() ? "ok" : "failed"));
  }

  TemporaryDirectory packages_;
  TemporaryDirectory directory_;
  FakeClock clock_;
  PosixFileSystem files_;
  std::unique_ptr<VersionStore> store_;
  FakeHost host_;
  ModelRegistry registry_;
  ModelFeed feed_{/*epoch=*/1, /*capacity=*/256};
  // Written by the manager's thread: read when it waits.
  std::vector<std::string> loads_;
  std::vector<std::string> retired_;
  std::unique_ptr<ModelManager> manager_;
};

}  // namespace sta

#endif  // TESTS_SERVER_MODELS_MANAGER_TEST_FIXTURE_H_
