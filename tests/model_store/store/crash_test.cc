// SPDX-License-Identifier: Apache-2.0
//
// What the store promises when disks fail and the power is cut, tried at every single call that it
// makes to the file system, in every scenario of store_script.h:
//   - any one call fails, or writes less than it should: the step fails or succeeds, the store goes
//     on, the step can be done again, and nothing that was acknowledged is lost;
//   - the power is cut before any one call: whatever of the unsynced is lost, the store opens,
//   holds
//     what was acknowledged, and the step that was cut off whole or not at all.
// In both cases uploads go on where they were, and no garbage stays.
#include <gtest/gtest.h>

#include <cerrno>
#include <iostream>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "strings/str_cat.h"
#include "tests/model_store/store/store_contents.h"
#include "tests/model_store/store/store_script.h"
#include "tests/support/fake_clock.h"
#include "tests/support/simulated_file_system.h"
#include "tests/support/status_matchers.h"

namespace sta {

void PrintTo(const Scenario& scenario, std::ostream* out) { *out << scenario.name; }

namespace {

using testing::AnyOf;
using testing::Eq;
using testing::IsEmpty;

constexpr CrashOutcome kLose = {CrashOutcome::Kind::kLoseUnsynced};
constexpr CrashOutcome kKeep = {CrashOutcome::Kind::kKeepAll};
constexpr uint64_t kRandomOutcomes = 3;  // of each crash

// How many faults were struck, over all tests of this process.
int64_t points_tried = 0;

class PrintPoints final : public testing::Environment {
 public:
  void TearDown() override { std::cout << "[ POINTS   ] " << points_tried << " tried\n"; }
};
[[maybe_unused]] const auto* const kPrintPoints =
    testing::AddGlobalTestEnvironment(new PrintPoints());

// Where a run stopped: what was acknowledged before the step in flight, and what would be after it.
struct Stop {
  Promises before;
  Promises after;
};

class StoreFaultTest : public testing::TestWithParam<Scenario> {
 protected:
  StoreFaultTest() : start_(clock_.Now()) {
    SimulatedFileSystem files(clock_);
    files.PutDirectory(kStoreRoot);
    GetParam().prepare_disk(files);
    StoreDriver driver(files, clock_);
    for (const Step& step : GetParam().prepare) {
      EXPECT_THAT(step.run(driver), IsOk()) << step.name;
      step.promise(promises_);
    }
    driver.Close();
    prepared_ = files.AfterCrash(kKeep);
  }

  // A disk as it was prepared, at the time when it was.
  std::unique_ptr<SimulatedFileSystem> PreparedDisk() {
    clock_.Advance(start_ - clock_.Now());
    return prepared_->AfterCrash(kKeep);
  }

  // Runs all steps; one that fails is run again.
  Stop RunToTheEnd(StoreDriver& driver) {
    Promises now = promises_;
    for (const Step& step : GetParam().steps) {
      const bool was_struck = !driver.files().struck().empty();
      Promises then = now;
      step.promise(then);
      const absl::Status status = step.run(driver);
      const bool is_struck = !was_struck && !driver.files().struck().empty();
      if (!status.ok()) {
        EXPECT_TRUE(is_struck) << step.name << ": " << status;
        ExpectEither(driver, now, then);
        const absl::Status again = step.run(driver);
        EXPECT_THAT(again, IsOk()) << step.name << ", after " << status;
      }
      // A version that could not be read is there again when it is looked at again.
      if (is_struck) {
        EXPECT_THAT(driver.store().Rescan(), IsOk());
      }
      now = std::move(then);
    }
    return {now, now};
  }

  static void ExpectEither(StoreDriver& driver, const Promises& now, const Promises& then) {
    if (!driver.is_open()) return;
    EXPECT_THAT(ContentsOf(driver.store(), driver.files()),
                AnyOf(Eq(now.contents), Eq(then.contents)));
  }

  // Runs the steps until one is cut off.
  Stop RunToTheCrash(StoreDriver& driver) {
    Promises now = promises_;
    for (const Step& step : GetParam().steps) {
      Promises then = now;
      step.promise(then);
      const absl::Status status = step.run(driver);
      if (!status.ok()) {
        EXPECT_NE(driver.files().struck(), "") << step.name << ": " << status;
        return {now, then};
      }
      now = std::move(then);
      if (!driver.files().struck().empty()) break;
    }
    return {now, now};
  }

  // The store that `driver` has open holds what was promised, and goes on from there.
  void CheckPromises(StoreDriver& driver, const Stop& stop) {
    const StoreContents contents = ContentsOf(driver.store(), driver.files());
    ASSERT_THAT(contents, AnyOf(Eq(stop.before.contents), Eq(stop.after.contents)));
    Promises now = contents == stop.after.contents ? stop.after : stop.before;
    for (const auto& [name, upload] : now.uploads) {
      // What the step in flight would have added to an upload was not acknowledged.
      const auto acknowledged = stop.before.uploads.find(name);
      CheckUpload(driver, acknowledged == stop.before.uploads.end()
                              ? Promises::Upload{upload.package, {}}
                              : acknowledged->second);
      if (HasFatalFailure()) return;
      now.contents.versions[{name, upload.package.version}] = {upload.package.files};
      now.last_version[name] = std::max(now.last_version[name], upload.package.version);
    }
    for (const UploadStatus& upload : driver.store().ListUploads()) {
      EXPECT_THAT(driver.store().AbortUpload(upload.id), IsOk());
    }
    CheckNumbers(driver, now);
    EXPECT_THAT(driver.store().CollectGarbage(), IsOk());
    EXPECT_EQ(ContentsOf(driver.store(), driver.files()), now.contents);
    EXPECT_THAT(WrongPaths(driver.files(), now.contents), IsEmpty());
  }

  // All that the store holds survives one more power cut.
  void CheckDurable(StoreDriver& driver) {
    const StoreContents contents = ContentsOf(driver.store(), driver.files());
    driver.Close();
    const std::unique_ptr<SimulatedFileSystem> found = driver.files().AfterCrash(kLose);
    StoreDriver next(*found, clock_);
    ASSERT_THAT(next.Open(), IsOk());
    EXPECT_EQ(ContentsOf(next.store(), *found), contents);
    EXPECT_THAT(WrongPaths(*found, contents), IsEmpty());
  }

  // An upload has what was acknowledged of it, and can be finished.
  void CheckUpload(StoreDriver& driver, const Promises::Upload& promised) {
    STA_ASSERT_OK_AND_ASSIGN(const StartedUpload started, driver.Start(promised.package));
    ASSERT_TRUE(started.upload.has_value());
    for (const UploadFileStatus& file : started.upload->files) {
      const auto durable = promised.durable_bytes.find(file.name);
      if (durable == promised.durable_bytes.end()) continue;
      EXPECT_GE(file.received_bytes, durable->second) << file.name;
    }
    ASSERT_THAT(driver.Finish(promised.package), IsOk());
  }

  // No number is given twice.
  void CheckNumbers(StoreDriver& driver, const Promises& now) {
    for (const auto& [name, last] : now.last_version) {
      const TestPackage next = {name, 0, FilesOfPackage('z')};
      STA_ASSERT_OK_AND_ASSIGN(const StartedUpload started, driver.Start(next));
      ASSERT_TRUE(started.upload.has_value());
      EXPECT_GT(started.upload->version, last) << name;
      EXPECT_THAT(driver.store().AbortUpload(started.upload->id), IsOk());
    }
  }

  // Every call fails in turn.
  void FailEveryCall(FaultKind kind, int error_number) {
    int64_t points = 0;
    for (int64_t call = 1; !HasFailure(); ++call) {
      const std::unique_ptr<SimulatedFileSystem> files = PreparedDisk();
      files->SetFault({kind, call, error_number});
      StoreDriver driver(*files, clock_);
      const Stop stop = RunToTheEnd(driver);
      if (files->calls() < call) break;
      if (files->struck().empty()) continue;  // no call that could be cut short
      SCOPED_TRACE(StrCat("call ", call, ": ", files->struck()));
      ++points;
      EXPECT_FALSE(HasFailure());
      // What was acknowledged despite the error does not need luck to survive.
      const std::unique_ptr<SimulatedFileSystem> found = files->AfterCrash(kLose);
      StoreDriver next(*found, clock_);
      ASSERT_THAT(next.Open(), IsOk());
      EXPECT_EQ(ContentsOf(next.store(), *found), stop.after.contents);
      files->SetFault({});
      CheckPromises(driver, stop);
      if (!HasFatalFailure()) CheckDurable(driver);
    }
    points_tried += points;
    RecordProperty("points", static_cast<int>(points));
  }

  void RecoverAndCheck(const SimulatedFileSystem& crashed, const CrashOutcome& outcome,
                       const Stop& stop) {
    SCOPED_TRACE(StrCat("outcome ", static_cast<int>(outcome.kind), " seed ", outcome.seed));
    const std::unique_ptr<SimulatedFileSystem> found = crashed.AfterCrash(outcome);
    StoreDriver driver(*found, clock_);
    ASSERT_THAT(driver.Open(), IsOk());
    CheckPromises(driver, stop);
    if (outcome.kind != CrashOutcome::Kind::kRandom && !HasFatalFailure()) CheckDurable(driver);
  }

  // The power is cut a second time while the store puts right what the first cut left.
  void CrashWhileRecovering(const SimulatedFileSystem& crashed, int64_t call, const Stop& stop) {
    SCOPED_TRACE(StrCat("and again before call ", call));
    const std::unique_ptr<SimulatedFileSystem> found =
        crashed.AfterCrash({CrashOutcome::Kind::kRandom, static_cast<uint64_t>(call)});
    found->SetFault({FaultKind::kCrash, call});
    StoreDriver driver(*found, clock_);
    driver.Open().IgnoreError();
    driver.Close();
    RecoverAndCheck(*found, {CrashOutcome::Kind::kRandom, static_cast<uint64_t>(call)}, stop);
  }

  FakeClock clock_;
  const absl::Time start_;
  Promises promises_;
  std::unique_ptr<SimulatedFileSystem> prepared_;
};

TEST_P(StoreFaultTest, EveryCallFindsTheDiskFull) { FailEveryCall(FaultKind::kError, ENOSPC); }
TEST_P(StoreFaultTest, EveryCallFailsToReadOrWrite) { FailEveryCall(FaultKind::kError, EIO); }
TEST_P(StoreFaultTest, EveryCallIsNotPermitted) { FailEveryCall(FaultKind::kError, EACCES); }
TEST_P(StoreFaultTest, EveryWriteIsCutShort) { FailEveryCall(FaultKind::kShortWrite, ENOSPC); }

TEST_P(StoreFaultTest, ThePowerIsCutAtEveryCall) {
  int64_t points = 0;
  constexpr int64_t kRecoveryCalls = 60;  // about what opening takes
  for (int64_t call = 1; !HasFailure(); ++call) {
    const std::unique_ptr<SimulatedFileSystem> files = PreparedDisk();
    files->SetFault({FaultKind::kCrash, call});
    StoreDriver driver(*files, clock_);
    const Stop stop = RunToTheCrash(driver);
    driver.Close();
    if (files->struck().empty()) break;
    SCOPED_TRACE(StrCat("call ", call, ": ", files->struck()));
    RecoverAndCheck(*files, kLose, stop);
    RecoverAndCheck(*files, kKeep, stop);
    for (uint64_t seed = 0; seed < kRandomOutcomes; ++seed) {
      RecoverAndCheck(*files, {CrashOutcome::Kind::kRandom, seed + 100 * call}, stop);
    }
    CrashWhileRecovering(*files, 1 + call * 7 % kRecoveryCalls, stop);
    points += 3 + kRandomOutcomes;
  }
  points_tried += points;
  RecordProperty("points", static_cast<int>(points));
}

INSTANTIATE_TEST_SUITE_P(Store, StoreFaultTest, testing::ValuesIn(StoreScenarios()),
                         [](const auto& scenario) { return scenario.param.name; });

}  // namespace
}  // namespace sta
