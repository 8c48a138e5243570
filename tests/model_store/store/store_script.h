// SPDX-License-Identifier: Apache-2.0
//
// Scripts of what clients do to a store, each step with what its success promises, so that a test
// can stop anywhere and know what must be there.
//
//   Promises promises = scenario.promises;
//   for (const Step& step : scenario.steps) {
//     if (step.run(driver).ok()) step.promise(promises);
//   }
#ifndef TESTS_MODEL_STORE_STORE_STORE_SCRIPT_H_
#define TESTS_MODEL_STORE_STORE_STORE_SCRIPT_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "model_store/store/version_store.h"
#include "tests/model_store/store/store_contents.h"
#include "tests/support/fake_clock.h"
#include "tests/support/simulated_file_system.h"

namespace sta {

struct TestPackage {
  std::string name;
  int64_t version = 0;
  PackageFiles files;
};

// What the store has acknowledged.
struct Promises {
  struct Upload {
    TestPackage package;
    std::map<std::string, int64_t> durable_bytes;  // by file
  };

  StoreContents contents;
  std::map<std::string, Upload> uploads;        // open ones, by the model's name
  std::map<std::string, int64_t> last_version;  // of every name, also of deleted versions
};

// A client of a store on a simulated disk, which does things as a client does: it asks where it is
// before it goes on.
class StoreDriver {
 public:
  StoreDriver(SimulatedFileSystem& files, FakeClock& clock) : files_(files), clock_(clock) {}

  absl::Status Open();
  void Close() { store_.reset(); }
  VersionStore& store() { return *store_; }
  bool is_open() const { return store_ != nullptr; }
  FakeClock& clock() { return clock_; }
  SimulatedFileSystem& files() { return files_; }

  // Begins or finds the upload, or finds the version.
  absl::StatusOr<StartedUpload> Start(const TestPackage& package);
  // Sends what is missing of the first `parts` of four quarters of every file.
  absl::Status Send(const TestPackage& package, int parts);
  absl::Status Sync(const TestPackage& package);
  // Sends the rest and makes it a version.
  absl::Status Finish(const TestPackage& package);

 private:
  absl::Status SendFile(const TestPackage& package, const std::string& id,
                        const UploadFileStatus& file, int parts);

  SimulatedFileSystem& files_;
  FakeClock& clock_;
  std::unique_ptr<VersionStore> store_;
};

struct Step {
  std::string name;
  // Safe to be run again after an error.
  std::function<absl::Status(StoreDriver&)> run;
  std::function<void(Promises&)> promise;
};

struct Scenario {
  std::string name;
  std::function<void(SimulatedFileSystem&)> prepare_disk;
  std::vector<Step> prepare;  // without faults
  std::vector<Step> steps;    // with them
};

// The whole life of a store.
const std::vector<Scenario>& StoreScenarios();

}  // namespace sta

#endif  // TESTS_MODEL_STORE_STORE_STORE_SCRIPT_H_
