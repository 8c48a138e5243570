// SPDX-License-Identifier: Apache-2.0
//
// What the tests of VersionStore begin with: a store at /s on a simulated disk.
#ifndef TESTS_MODEL_STORE_STORE_VERSION_STORE_TEST_H_
#define TESTS_MODEL_STORE_STORE_VERSION_STORE_TEST_H_

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "model_store/store/version_store.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_package.h"
#include "tests/support/simulated_file_system.h"
#include "tests/support/status_matchers.h"

namespace sta {

class VersionStoreTest : public testing::Test {
 protected:
  VersionStoreTest() {
    files_->PutDirectory("/s");
    options_.on_warning = [this](const std::string& text) { warnings_.push_back(text); };
    Open();
  }

  void Open() {
    store_.reset();
    absl::StatusOr<std::unique_ptr<VersionStore>> store =
        VersionStore::Open("/s", options_, *files_, clock_, checker_);
    ASSERT_THAT(store, IsOk());
    store_ = *std::move(store);
  }

  // A power cut that loses what was not synced, and a new start.
  void CutPower() {
    std::unique_ptr<SimulatedFileSystem> found = files_->AfterCrash({});
    store_.reset();
    files_ = std::move(found);
    Open();
  }

  UploadStatus Start(const FakePackage& package, const FakeUpload& upload = {"m"}) {
    const absl::StatusOr<StartedUpload> started =
        store_->StartUpload({.name = upload.name,
                             .version = upload.version,
                             .manifest = package.Manifest(),
                             .key = upload.key});
    EXPECT_THAT(started, IsOk());
    return started.ok() && started->upload.has_value() ? *started->upload : UploadStatus();
  }

  VersionInfo Upload(const FakePackage& package, const FakeUpload& upload = {"m"}) {
    const absl::StatusOr<VersionInfo> version = UploadFakePackage(*store_, upload, package);
    EXPECT_THAT(version, IsOk());
    return version.value_or(VersionInfo());
  }

  void PutPackage(const std::string& path, const FakePackage& package) {
    for (const auto& [name, bytes] : package.files) files_->PutFile(path + "/" + name, bytes);
    files_->PutFile(path + "/manifest.json", package.Manifest());
  }

  std::vector<int64_t> Versions(const std::string& name = "m") {
    std::vector<int64_t> versions;
    for (const VersionInfo& info : store_->Snapshot()->versions) {
      if (info.name == name) versions.push_back(info.version);
    }
    return versions;
  }

  // Files of the store's own folder that belong to nothing that is there.
  std::vector<std::string> Garbage() {
    std::vector<std::string> garbage;
    for (const auto& [path, bytes] : files_->Tree()) {
      if (path.ends_with("/")) continue;
      for (const char* folder : {"uploads", "staging", "trash", "blobs"}) {
        if (path.starts_with(std::string("/s/.sta/") + folder)) garbage.push_back(path);
      }
    }
    return garbage;
  }

  FakeClock clock_;
  std::unique_ptr<SimulatedFileSystem> files_ = std::make_unique<SimulatedFileSystem>(clock_);
  StoreOptions options_;
  PackageChecker checker_ = AcceptPackage;
  std::vector<std::string> warnings_;
  std::unique_ptr<VersionStore> store_;
};

}  // namespace sta

#endif  // TESTS_MODEL_STORE_STORE_VERSION_STORE_TEST_H_
