// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include "checksum/crc32c.h"
#include "tests/server/models/manager_test_fixture.h"

namespace sta {
namespace {

using absl::StatusCode;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

class ManagerAliasTest : public ManagerTest {};

TEST_F(ManagerAliasTest, AnAliasMovesWhenTheVersionIsReady) {
  AddVersion("m", 1);
  AddVersion("m", 2);
  StartManager();
  host_.Hold("load m/1");
  absl::Notification moved;
  manager_->SetAlias("m", "prod", 1, kAnywhere,
                     [&](const absl::StatusOr<AliasChange>&) { moved.Notify(); });
  host_.WaitUntilHeld();
  EXPECT_EQ(Served("m"), 2);
  EXPECT_EQ(store_->Snapshot()->FindAlias("m", "prod"), nullptr);
  host_.Release();
  moved.WaitForNotification();
  EXPECT_EQ(Served("m"), 1);
  EXPECT_EQ(Served("m", "prod"), 1);
  EXPECT_EQ(store_->Snapshot()->FindAlias("m", "prod")->version, 1);
  manager_->WaitUntilIdleForTest();
  EXPECT_THAT(States("m"), ElementsAre("2 READY", "1 READY")) << "the newest is wanted, too";
}

TEST_F(ManagerAliasTest, AnAliasIsThereAfterAStart) {
  AddVersion("m", 1);
  AddVersion("m", 2);
  StartManager();
  EXPECT_THAT(SetAlias("m", "prod", 1), IsOkAndHolds(Pair(1, 0)));
  StopManager();
  host_.TakeCalls();
  StartManager({.policy = {.load_newest = 0}});
  EXPECT_THAT(host_.TakeCalls(), ElementsAre("verify m/1", "load m/1", "warm m/1"));
  EXPECT_EQ(Served("m"), 1);
  EXPECT_THAT(States("m"), ElementsAre("2 UNLOADED", "1 READY"));
}

TEST_F(ManagerAliasTest, MovesUnloadWhatNobodyNamesAnyMore) {
  AddVersion("m", 1);
  AddVersion("m", 2);
  AddVersion("m", 3);
  StartManager();
  EXPECT_THAT(SetAlias("m", "prod", 1), IsOkAndHolds(Pair(1, 0)));
  EXPECT_THAT(SetAlias("m", "prod", 2, 1), IsOkAndHolds(Pair(2, 1)));
  manager_->WaitUntilIdleForTest();
  EXPECT_THAT(States("m"), ElementsAre("3 READY", "2 READY", "1 UNLOADED"));
  EXPECT_THAT(RollBackAlias("m", "prod"), IsOkAndHolds(Pair(1, 2)));
  manager_->WaitUntilIdleForTest();
  EXPECT_THAT(States("m"), ElementsAre("3 READY", "2 UNLOADED", "1 READY"));
  EXPECT_THAT(Await([&](auto done) { manager_->DeleteAlias("m", "prod", std::move(done)); }),
              IsOk());
  manager_->WaitUntilIdleForTest();
  EXPECT_THAT(States("m"), ElementsAre("3 READY", "2 UNLOADED", "1 UNLOADED"));
  EXPECT_EQ(Served("m"), 3);
}

TEST_F(ManagerAliasTest, AnAliasDoesNotMoveToAVersionThatFails) {
  AddVersion("m", 1);
  AddVersion("m", 2);
  host_.Fail("warm beside others m/1", absl::DataLossError("computes nonsense"));
  StartManager();
  EXPECT_THAT(SetAlias("m", "prod", 1),
              StatusIs(StatusCode::kFailedPrecondition, HasSubstr("computes nonsense")));
  EXPECT_EQ(store_->Snapshot()->FindAlias("m", "prod"), nullptr);
  EXPECT_EQ(Served("m"), 2);
}

TEST_F(ManagerAliasTest, RefusesWhatCannotBe) {
  AddVersion("m", 1);
  AddVersion("m", 2);
  StartManager();
  host_.TakeCalls();
  EXPECT_THAT(SetAlias("m", "prod", 9), StatusIs(StatusCode::kNotFound));
  EXPECT_THAT(SetAlias("n", "prod", 1), StatusIs(StatusCode::kNotFound));
  EXPECT_THAT(SetAlias("m", "7", 1), StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(SetAlias("m", "prod", 1, 2),
              StatusIs(StatusCode::kAborted, HasSubstr("is at no version, not at 2")));
  EXPECT_THAT(RollBackAlias("m", "prod"), StatusIs(StatusCode::kNotFound));
  EXPECT_THAT(Await([&](auto done) { manager_->DeleteAlias("m", "prod", std::move(done)); }),
              StatusIs(StatusCode::kNotFound));
  EXPECT_THAT(host_.TakeCalls(), IsEmpty()) << "nothing was loaded for it";
  EXPECT_THAT(SetAlias("m", "prod", 2, 0), IsOkAndHolds(Pair(2, 0)));
  EXPECT_THAT(RollBackAlias("m", "prod"),
              StatusIs(StatusCode::kFailedPrecondition, HasSubstr("named no version before")));
  EXPECT_THAT(RollBackAlias("m", "prod", 1), StatusIs(StatusCode::kAborted));
  EXPECT_THAT(UnloadModel("m", 2), StatusIs(StatusCode::kFailedPrecondition, HasSubstr("alias")));
  EXPECT_THAT(DeleteVersion("m", 2), StatusIs(StatusCode::kFailedPrecondition, HasSubstr("alias")));
  EXPECT_EQ(Served("m"), 2);
}

TEST_F(ManagerAliasTest, RollsBackToNothingThatIsGone) {
  AddVersion("m", 1);
  AddVersion("m", 2);
  StartManager();
  EXPECT_THAT(SetAlias("m", "prod", 1), IsOkAndHolds(Pair(1, 0)));
  EXPECT_THAT(SetAlias("m", "prod", 2), IsOkAndHolds(Pair(2, 1)));
  EXPECT_THAT(DeleteVersion("m", 1), IsOk());
  EXPECT_THAT(RollBackAlias("m", "prod"), StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_EQ(Served("m"), 2);
}

TEST_F(ManagerAliasTest, DeletesAfterTheLastRequest) {
  AddVersion("m", 1);
  StartManager();
  absl::Notification deleted;
  absl::Status answer;
  {
    STA_ASSERT_OK_AND_ASSIGN(const auto lease, registry_.Find("m", ""));
    EXPECT_THAT(DeleteVersion("m", 1),
                StatusIs(StatusCode::kFailedPrecondition, HasSubstr("requests use")));
    EXPECT_EQ(Served("m"), 1);
    manager_->DeleteVersion("m", 1, true, [&](const absl::Status& status) {
      answer = status;
      deleted.Notify();
    });
    manager_->WaitUntilIdleForTest();
    EXPECT_TRUE(IsOnDisk("m", 1));
    EXPECT_THAT(LoadModel("m", 1),
                StatusIs(StatusCode::kFailedPrecondition, HasSubstr("being deleted")));
  }
  deleted.WaitForNotification();
  EXPECT_THAT(answer, IsOk());
  EXPECT_FALSE(IsOnDisk("m", 1));
  EXPECT_THAT(States("m"), IsEmpty());
  EXPECT_THAT(DeleteVersion("m", 1), StatusIs(StatusCode::kNotFound));
}

TEST_F(ManagerAliasTest, AForcedDeleteTakesTheAliases) {
  AddVersion("m", 1);
  AddVersion("m", 2);
  StartManager();
  EXPECT_THAT(SetAlias("m", "prod", 1), IsOkAndHolds(Pair(1, 0)));
  EXPECT_THAT(DeleteVersion("m", 1, true), IsOk());
  EXPECT_EQ(store_->Snapshot()->FindAlias("m", "prod"), nullptr);
  EXPECT_EQ(Served("m"), 2);
}

class ManagerMemoryTest : public ManagerTest {};

TEST_F(ManagerMemoryTest, PutsOutTheLeastRecentlyUsedAndBringsItBackOnDemand) {
  AddVersion("a", 1);
  const int64_t package_bytes = [&] {
    EXPECT_THAT(store_->Rescan(), IsOk());
    return store_->Snapshot()->Find("a", 1)->size_bytes;
  }();
  // Two that are loaded and one whose size alone is known do not fit; one and one do.
  StartManager({.policy = {.memory_budget_bytes = package_bytes + FakeHost::kMemoryBytes}});
  AddVersion("b", 1);
  FindNewVersions();
  EXPECT_THAT(States("b"), ElementsAre("1 READY"));
  EXPECT_EQ(Served("a"), 1);  // later than b
  AddVersion("c", 1);
  FindNewVersions();
  EXPECT_THAT(States("a"), ElementsAre("1 READY"));
  EXPECT_THAT(States("b"), ElementsAre("1 UNLOADED"));
  EXPECT_THAT(States("c"), ElementsAre("1 READY"));
  EXPECT_TRUE(registry_.List("b")[0].is_evicted);
  EXPECT_TRUE(registry_.AllReady());
  EXPECT_THAT(registry_.Find("b", ""),
              StatusIs(StatusCode::kUnavailable, HasSubstr("being loaded")));
  manager_->WaitUntilIdleForTest();
  EXPECT_EQ(Served("b"), 1);
  EXPECT_EQ(host_.live(), 3) << "what b takes is known by now, and there is room";
}

TEST_F(ManagerMemoryTest, RefusesWhatDoesNotFitAndSaysSo) {
  AddVersion("a", 1);
  StartManager({.policy = {.memory_budget_bytes = 50}});
  EXPECT_EQ(host_.live(), 0);
  EXPECT_THAT(registry_.Find("a", ""),
              StatusIs(StatusCode::kResourceExhausted, HasSubstr("--model-memory")));
  EXPECT_THAT(LoadModel("a", 1),
              StatusIs(StatusCode::kResourceExhausted, HasSubstr("does not fit")));
  EXPECT_THAT(SetAlias("a", "prod", 1), StatusIs(StatusCode::kResourceExhausted));
  EXPECT_EQ(store_->Snapshot()->FindAlias("a", "prod"), nullptr);
}

// Uploaded versions, which retention may delete.
class ManagerRetentionTest : public ManagerTest {
 protected:
  int64_t Upload(const std::string& package) {
    const std::filesystem::path directory = Package(package);
    const auto read = [&](const std::string& file) {
      return *files_.ReadFile(directory / file, 1 << 24);
    };
    const auto started = store_->StartUpload(
        {.name = "m", .manifest = read("manifest.json"), .key = StrCat(++uploads_)});
    EXPECT_THAT(started, IsOk());
    for (const UploadFileStatus& file : started->upload->files) {
      if (file.received_bytes == file.size_bytes) continue;
      const std::string content = read(file.name);
      const auto bytes = std::as_bytes(std::span(content));
      EXPECT_THAT(
          store_->AppendToUpload(started->upload->id,
                                 {.file = file.name, .data = bytes, .crc32c = Crc32c(bytes)}),
          IsOk());
    }
    const auto version = store_->FinishUpload(started->upload->id);
    EXPECT_THAT(version, IsOk());
    return version->version;
  }

  int uploads_ = 0;
};

TEST_F(ManagerRetentionTest, DeletesOldVersionsWhenNewOnesServe) {
  StartManager({.keep_versions = 2});
  for (int64_t version = 1; version <= 4; ++version) {
    EXPECT_EQ(Upload("a"), version);
    manager_->StoreChanged();
    manager_->WaitUntilIdleForTest();
    EXPECT_EQ(Served("m"), version);
  }
  EXPECT_THAT(States("m"), ElementsAre("4 READY", "3 UNLOADED"));
  EXPECT_THAT(retired_, ElementsAre("m/1 ok", "m/2 ok"));
  EXPECT_FALSE(IsOnDisk("m", 2));
}

TEST_F(ManagerRetentionTest, KeepsTheVersionThatServesWhereNewerOnesFail) {
  StartManager({.keep_versions = 1});
  EXPECT_EQ(Upload("a"), 1);
  manager_->StoreChanged();
  manager_->WaitUntilIdleForTest();
  host_.Fail("load m/2", absl::DataLossError("broken"));
  EXPECT_EQ(Upload("b"), 2);
  manager_->StoreChanged();
  manager_->WaitUntilIdleForTest();
  EXPECT_THAT(States("m"), ElementsAre("2 FAILED", "1 READY"));
  EXPECT_THAT(UnloadModel("m", 1), IsOk());
  EXPECT_TRUE(IsOnDisk("m", 1));
}

}  // namespace
}  // namespace sta
