// SPDX-License-Identifier: Apache-2.0
#include "server/models/store_keeper.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "model_store/store/posix_file_system.h"
#include "tests/support/fake_clock.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/tiny_package.h"

namespace sta {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class StoreKeeperTest : public testing::Test {
 protected:
  StoreKeeperTest() {
    auto store = VersionStore::Open(root_, {.upload_expiry = absl::Minutes(30)}, files_, clock_);
    EXPECT_THAT(store, IsOk());
    store_ = *std::move(store);
  }

  void Start(const StoreKeeperOptions& options) {
    keeper_ = std::make_unique<StoreKeeper>(
        *store_, clock_, options,
        [this] {
          const absl::MutexLock lock(&mutex_);
          ++changes_;
        },
        [this](const absl::Status& status) {
          const absl::MutexLock lock(&mutex_);
          codes_.push_back(status.code());
        });
  }
  void WaitForChanges(int changes) {
    const auto is_there = [&] {
      mutex_.AssertHeld();
      return changes_ >= changes;
    };
    const absl::MutexLock lock(&mutex_, absl::Condition(&is_there));
  }

  TemporaryDirectory directory_;
  const std::filesystem::path root_ = directory_.path();
  FakeClock clock_;
  PosixFileSystem files_;
  std::unique_ptr<VersionStore> store_;
  absl::Mutex mutex_;
  int changes_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<absl::StatusCode> codes_ ABSL_GUARDED_BY(mutex_);
  std::unique_ptr<StoreKeeper> keeper_;  // before what it tells
};

TEST_F(StoreKeeperTest, FindsAVersionThatWasPutThere) {
  Start({.poll = absl::Seconds(2)});
  keeper_->WaitForSearchForTest();
  ASSERT_THAT(WriteTinyPackage(root_ / "m" / "1"), IsOk());
  clock_.Advance(absl::Seconds(2));
  WaitForChanges(1);
  EXPECT_NE(store_->Snapshot()->Find("m", 1), nullptr);
  keeper_->WaitForSearchForTest();
  const absl::MutexLock lock(&mutex_);
  EXPECT_EQ(changes_, 1) << "nothing was new the second time";
  EXPECT_THAT(codes_, IsEmpty());
}

TEST_F(StoreKeeperTest, GoesOnWhereTheClockIsSetBack) {
  Start({.poll = absl::Seconds(2)});
  keeper_->WaitForSearchForTest();
  ASSERT_THAT(WriteTinyPackage(root_ / "m" / "1"), IsOk());
  clock_.Advance(absl::Hours(-5));
  // The second search begins after a look at the clock.
  for (int i = 0; i < 2; ++i) keeper_->WaitForSearchForTest();
  ASSERT_THAT(WriteTinyPackage(root_ / "m" / "2"), IsOk());
  clock_.Advance(absl::Seconds(2));
  WaitForChanges(2);
}

TEST_F(StoreKeeperTest, TellsOnceThatTheStoreCannotBeReadAndThatItCanBeAgain) {
  Start({.poll = absl::ZeroDuration()});
  const std::filesystem::path away = root_.string() + ".away";
  std::filesystem::rename(root_, away);
  keeper_->WaitForSearchForTest();
  keeper_->WaitForSearchForTest();
  std::filesystem::rename(away, root_);
  keeper_->WaitForSearchForTest();
  const absl::MutexLock lock(&mutex_);
  EXPECT_THAT(codes_, ElementsAre(absl::StatusCode::kNotFound, absl::StatusCode::kOk));
}

}  // namespace
}  // namespace sta
