// SPDX-License-Identifier: Apache-2.0
#include "server/models/model_manager.h"

#include <atomic>
#include <thread>

#include "tests/server/models/manager_test_fixture.h"

namespace sta {
namespace {

using absl::StatusCode;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST_F(ManagerTest, VerifiesLoadsAndWarmsTheNewestVersionOfEachModel) {
  AddVersion("m", 1);
  AddVersion("m", 2);
  AddVersion("n", 7);
  StartManager();
  EXPECT_THAT(host_.TakeCalls(), ElementsAre("verify m/2", "load m/2", "warm m/2", "verify n/7",
                                             "load n/7", "warm beside others n/7"));
  EXPECT_THAT(States("m"), ElementsAre("2 READY", "1 UNLOADED"));
  EXPECT_EQ(Served("n"), 7);
  EXPECT_THAT(loads_, ElementsAre("m/2 ok", "n/7 ok"));
  EXPECT_TRUE(registry_.AllReady());
  EXPECT_THAT(registry_.Find("m", "1"),
              StatusIs(StatusCode::kFailedPrecondition, HasSubstr("not loaded")));
}

TEST_F(ManagerTest, RegistersAllVersionsBeforeTheFirstRequest) {
  AddVersion("m", 1);
  host_.Hold("verify m/1");
  StartManagerWithoutWaiting();
  EXPECT_THAT(registry_.Find("m", ""), StatusIs(StatusCode::kUnavailable));
  EXPECT_FALSE(registry_.AllReady());
}

TEST_F(ManagerTest, AnEmptyStoreIsReady) {
  StartManager();
  EXPECT_TRUE(registry_.AllReady());
  EXPECT_THAT(LoadModel("m", 1), StatusIs(StatusCode::kNotFound, HasSubstr("'m' version 1")));
}

TEST_F(ManagerTest, SwitchesWithoutAGap) {
  AddVersion("m", 1);
  StartManager();
  std::atomic<bool> is_over = false;
  std::atomic<int> finds = 0;
  std::atomic<int> failures = 0;
  std::vector<std::thread> clients;
  for (int i = 0; i < 3; ++i) {
    clients.emplace_back([&] {
      int64_t newest = 0;
      while (!is_over) {
        const auto lease = registry_.Find("m", "");
        if (!lease.ok() || (*lease)->version < newest) ++failures;
        if (lease.ok()) newest = (*lease)->version;
        ++finds;
      }
    });
  }
  for (int64_t version = 2; version <= 30; ++version) {
    AddVersion("m", version);
    FindNewVersions();
    EXPECT_EQ(Served("m"), version);
  }
  is_over = true;
  for (std::thread& client : clients) client.join();
  manager_->WaitUntilIdleForTest();
  EXPECT_GT(finds, 0);
  EXPECT_EQ(failures, 0);
  EXPECT_EQ(host_.live(), 1);
  EXPECT_EQ(host_.unloaded(), 29) << "each on the manager's thread";
}

TEST_F(ManagerTest, TheOldVersionServesUntilTheNewOneIsWarm) {
  AddVersion("m", 1);
  StartManager();
  for (const char* stage : {"verify m/2", "load m/2", "warm beside others m/2"}) {
    host_.Hold(stage);
    if (store_->Snapshot()->Find("m", 2) == nullptr) {
      AddVersion("m", 2);
      EXPECT_THAT(store_->Rescan(), IsOk());
      manager_->StoreChanged();
    }
    host_.WaitUntilHeld();
    EXPECT_EQ(Served("m"), 1) << stage;
    EXPECT_TRUE(registry_.AllReady()) << stage;
  }
  host_.Release();
  manager_->WaitUntilIdleForTest();
  EXPECT_THAT(States("m"), ElementsAre("2 READY", "1 UNLOADED"));
}

TEST_F(ManagerTest, AFailedLoadKeepsTheOldVersionServing) {
  AddVersion("m", 1);
  StartManager();
  for (const char* stage : {"verify m/2", "load m/2", "warm beside others m/2"}) {
    host_.Fail(stage, absl::DataLossError("it is broken"));
    AddVersion("m", 2);
    FindNewVersions();
    EXPECT_THAT(States("m"), ElementsAre("2 FAILED", "1 READY")) << stage;
    EXPECT_EQ(registry_.List("m")[0].reason, "it is broken");
    EXPECT_EQ(Served("m"), 1);
    EXPECT_TRUE(registry_.AllReady());
    host_.Fail(stage, absl::OkStatus());
    RemoveVersion("m", 2);
    FindNewVersions();
    EXPECT_THAT(States("m"), ElementsAre("1 READY"));
  }
  EXPECT_EQ(host_.live(), 1);
}

TEST_F(ManagerTest, AFailedVersionIsTriedAgainWhenItsContentHasChanged) {
  AddVersion("m", 1);
  host_.Fail("verify m/1", absl::DataLossError("broken"));
  StartManager();
  FindNewVersions();
  EXPECT_THAT(loads_, ElementsAre("m/1 failed"));
  EXPECT_FALSE(registry_.AllReady());
  host_.Fail("verify m/1", absl::OkStatus());
  FindNewVersions();
  EXPECT_THAT(States("m"), ElementsAre("1 FAILED"));
  AddVersion("m", 1, "b");
  FindNewVersions();
  EXPECT_THAT(States("m"), ElementsAre("1 READY"));
}

TEST_F(ManagerTest, AVersionThatFailsForWantOfADeviceIsTriedAgainLaterAndLater) {
  AddVersion("m", 1);
  host_.Fail("load m/1", absl::UnavailableError("no device is ready"));
  StartManager({.first_backoff = absl::Seconds(1), .longest_backoff = absl::Seconds(3)});
  EXPECT_EQ(loads_.size(), 1u);
  size_t loads = 1;
  for (const int seconds : {1, 2, 3, 3}) {
    clock_.Advance(absl::Seconds(seconds) - absl::Milliseconds(1));
    manager_->WaitUntilIdleForTest();
    EXPECT_EQ(loads_.size(), loads) << seconds;
    clock_.Advance(absl::Milliseconds(1));
    manager_->StoreChanged();
    manager_->WaitUntilIdleForTest();
    EXPECT_EQ(loads_.size(), ++loads) << seconds;
  }
  host_.Fail("load m/1", absl::OkStatus());
  EXPECT_THAT(LoadModel("m", 1), IsOk());
  EXPECT_THAT(host_.TakeCalls(), testing::Contains("verify m/1").Times(1))
      << "its bytes were verified before";
}

TEST_F(ManagerTest, ContentThatIsReplacedInPlaceIsVerifiedAndLoadedAnew) {
  AddVersion("m", 1);
  StartManager();
  host_.TakeCalls();
  AddVersion("m", 1, "b");
  FindNewVersions();
  EXPECT_THAT(host_.TakeCalls(), ElementsAre("unload m/1", "verify m/1", "load m/1", "warm m/1"));
  EXPECT_EQ(Served("m"), 1);
}

TEST_F(ManagerTest, AVersionThatVanishesIsDrained) {
  AddVersion("m", 1);
  StartManager();
  {
    STA_ASSERT_OK_AND_ASSIGN(const auto lease, registry_.Find("m", ""));
    RemoveVersion("m", 1);
    FindNewVersions();
    EXPECT_THAT(States("m"), ElementsAre("1 DRAINING"));
    EXPECT_EQ(host_.unloaded(), 0);
  }
  manager_->StoreChanged();
  manager_->WaitUntilIdleForTest();
  EXPECT_THAT(States("m"), IsEmpty());
  EXPECT_EQ(host_.unloaded(), 1);
}

TEST_F(ManagerTest, TheVersionBeforeTakesTheLoadOfOneThatVanishes) {
  AddVersion("m", 1);
  AddVersion("m", 2);
  StartManager();
  host_.Hold("load m/1");
  RemoveVersion("m", 2);
  EXPECT_THAT(store_->Rescan(), IsOk());
  manager_->StoreChanged();
  host_.WaitUntilHeld();
  EXPECT_EQ(Served("m"), 2) << "its files are still mapped";
  host_.Release();
  manager_->WaitUntilIdleForTest();
  EXPECT_THAT(States("m"), ElementsAre("1 READY"));
}

TEST_F(ManagerTest, LoadsAndUnloadsWhatTheOperatorSays) {
  AddVersion("m", 1);
  AddVersion("m", 2);
  StartManager();
  EXPECT_THAT(LoadModel("m", 1), IsOk());
  EXPECT_THAT(States("m"), ElementsAre("2 READY", "1 READY"));
  FindNewVersions();
  EXPECT_EQ(Served("m", "1"), 1) << "it stays";
  EXPECT_THAT(UnloadModel("m", 2), IsOk());
  EXPECT_THAT(States("m"), ElementsAre("2 UNLOADED", "1 READY"));
  EXPECT_THAT(UnloadModel("m", 1), IsOk());
  EXPECT_EQ(host_.live(), 0);
  EXPECT_TRUE(registry_.AllReady()) << "nothing is wanted";
  EXPECT_THAT(UnloadModel("m", 1), IsOk()) << "once more";
  EXPECT_THAT(LoadModel("m", 2), IsOk());
  EXPECT_EQ(Served("m"), 2);
}

TEST_F(ManagerTest, AnUnloadEndsWhenTheLastLeaseIsDropped) {
  AddVersion("m", 1);
  StartManager();
  std::atomic<bool> is_unloaded = false;
  absl::Notification unloaded;
  {
    STA_ASSERT_OK_AND_ASSIGN(const auto lease, registry_.Find("m", ""));
    manager_->UnloadModel("m", 1, false, [&](const absl::Status& status) {
      is_unloaded = status.ok();
      unloaded.Notify();
    });
    manager_->WaitUntilIdleForTest();
    EXPECT_FALSE(is_unloaded);
    EXPECT_THAT(registry_.Find("m", "1"),
                StatusIs(StatusCode::kUnavailable, HasSubstr("being unloaded")));
    EXPECT_EQ(lease->version, 1) << "what is in flight goes on";
  }
  unloaded.WaitForNotification();
  EXPECT_TRUE(is_unloaded);
  EXPECT_EQ(host_.live(), 0);
}

TEST_F(ManagerTest, ReturnsMemoryToTheSystemWhenAllIsQuiet) {
  AddVersion("m", 1);
  StartManager();
  EXPECT_THAT(UnloadModel("m", 1), IsOk());
  EXPECT_EQ(host_.memory_returns(), 0);
  // The loading thread may still be on its way to its wait.
  while (host_.memory_returns() == 0) {
    clock_.Advance(absl::Seconds(1));
    std::this_thread::yield();
  }
  clock_.Advance(absl::Minutes(1));
  EXPECT_THAT(LoadModel("m", 1), IsOk());
  EXPECT_EQ(host_.memory_returns(), 1);
}

TEST_F(ManagerTest, AnOrderIsEndedByItsOpposite) {
  AddVersion("m", 1);
  host_.Hold("load m/1");
  StartManagerWithoutWaiting();
  host_.WaitUntilHeld();
  absl::Status loaded;
  absl::Status unloaded;
  manager_->LoadModel("m", 1, [&](const absl::Status& status) { loaded = status; });
  manager_->UnloadModel("m", 1, false, [&](const absl::Status& status) { unloaded = status; });
  absl::Notification ready;
  manager_->LoadModel("m", 1, [&](const absl::Status& status) { ready.Notify(); });
  host_.Release();
  ready.WaitForNotification();
  manager_->WaitUntilIdleForTest();
  EXPECT_THAT(loaded, StatusIs(StatusCode::kAborted, HasSubstr("unloaded meanwhile")));
  EXPECT_THAT(unloaded, StatusIs(StatusCode::kAborted, HasSubstr("asked for again")));
  EXPECT_EQ(Served("m"), 1);
}

TEST_F(ManagerTest, ALoadThatIsNotWantedAnyMoreIsGivenBack) {
  AddVersion("m", 1);
  host_.Hold("load m/1");
  StartManagerWithoutWaiting();
  host_.WaitUntilHeld();
  absl::Notification unloaded;
  manager_->UnloadModel("m", 1, false, [&](const absl::Status&) { unloaded.Notify(); });
  host_.Release();
  unloaded.WaitForNotification();
  EXPECT_EQ(host_.unloaded(), 1);
  EXPECT_THAT(States("m"), ElementsAre("1 UNLOADED"));
}

TEST_F(ManagerTest, LoadSaysWhyItCouldNot) {
  AddVersion("m", 1);
  host_.Fail("load m/1", absl::InvalidArgumentError("layer 3 is missing"));
  StartManager();
  EXPECT_THAT(LoadModel("m", 1), StatusIs(StatusCode::kFailedPrecondition,
                                          HasSubstr("could not be loaded: layer 3 is missing")));
  host_.Fail("load m/1", absl::OkStatus());
  EXPECT_THAT(LoadModel("m", 1), IsOk());
}

TEST_F(ManagerTest, DamageTakesAVersionOutAndItIsVerifiedAndLoadedOnceMore) {
  AddVersion("m", 1);
  StartManager();
  host_.TakeCalls();
  {
    STA_ASSERT_OK_AND_ASSIGN(const auto lease, registry_.Find("m", ""));
    registry_.ReportDamage(*lease, "embeddings.safetensors was cut");
    registry_.ReportDamage(*lease, "embeddings.safetensors was cut");
    manager_->WaitUntilIdleForTest();
    EXPECT_THAT(registry_.Find("m", ""),
                StatusIs(StatusCode::kFailedPrecondition, HasSubstr("was cut")));
    EXPECT_THAT(host_.TakeCalls(), IsEmpty()) << "a request still uses what was loaded";
  }
  manager_->StoreChanged();
  manager_->WaitUntilIdleForTest();
  EXPECT_THAT(host_.TakeCalls(), ElementsAre("unload m/1", "verify m/1", "load m/1", "warm m/1"));
  STA_ASSERT_OK_AND_ASSIGN(auto lease, registry_.Find("m", ""));
  registry_.ReportDamage(*lease, "cut again");
  lease.reset();
  manager_->WaitUntilIdleForTest();
  EXPECT_THAT(States("m"), ElementsAre("1 FAILED"));
  EXPECT_THAT(host_.TakeCalls(), ElementsAre("unload m/1"));
  EXPECT_THAT(LoadModel("m", 1), IsOk());
}

TEST_F(ManagerTest, TellsWatchersInOrder) {
  AddVersion("m", 1);
  StartManager();
  STA_ASSERT_OK_AND_ASSIGN(ModelFeed::Cursor start, feed_.Open("", ""));
  STA_ASSERT_OK_AND_ASSIGN(const std::vector<ModelEvent> now, feed_.Read(start, 9));
  ASSERT_EQ(now.size(), 1u);
  EXPECT_EQ(now[0].status.state, ModelState::kReady);
  EXPECT_EQ(now[0].status.summary->max_sequence_tokens, 7);
  AddVersion("m", 2);
  FindNewVersions();
  EXPECT_THAT(DeleteVersion("m", 1), IsOk());
  STA_ASSERT_OK_AND_ASSIGN(ModelFeed::Cursor later, feed_.Open("m", now[0].resume_token));
  STA_ASSERT_OK_AND_ASSIGN(const std::vector<ModelEvent> events, feed_.Read(later, 99));
  std::vector<std::string> states;
  for (const ModelEvent& event : events) {
    const std::string state = StrCat(event.status.version, " ",
                                     event.is_deleted ? "gone" : ModelStateName(event.status.state),
                                     event.status.is_default ? " default" : "");
    if (states.empty() || states.back() != state) states.push_back(state);
  }
  EXPECT_THAT(states,
              ElementsAre("1 READY default", "2 UNLOADED", "2 VERIFYING", "2 LOADING", "2 WARMING",
                          "1 READY", "2 READY default", "1 DRAINING", "1 UNLOADED", "1 gone"));
}

TEST_F(ManagerTest, LeaksNothingWhereverItIsStopped) {
  for (const char* stage : {"verify m/1", "load m/1", "warm m/1", ""}) {
    AddVersion("m", 1);
    host_.Hold(stage);
    StartManagerWithoutWaiting();
    if (*stage != '\0') {
      host_.WaitUntilHeld();
    } else {
      manager_->WaitUntilIdleForTest();
    }
    absl::Status deleted;
    manager_->DeleteVersion("m", 1, true, [&](const absl::Status& status) { deleted = status; });
    absl::Status loaded;
    manager_->LoadModel("n", 1, [&](const absl::Status& status) { loaded = status; });
    StopManager();
    EXPECT_EQ(host_.live(), 0) << stage;
    EXPECT_THAT(registry_.List(), IsEmpty()) << stage;
    EXPECT_FALSE(loaded.ok()) << stage;
  }
}

TEST_F(ManagerTest, ALeaseMayOutliveTheManager) {
  AddVersion("m", 1);
  StartManager();
  STA_ASSERT_OK_AND_ASSIGN(auto lease, registry_.Find("m", ""));
  absl::Status unloaded;
  manager_->UnloadModel("m", 1, false, [&](const absl::Status& status) { unloaded = status; });
  manager_->WaitUntilIdleForTest();
  StopManager();
  EXPECT_THAT(unloaded, StatusIs(StatusCode::kUnavailable, HasSubstr("shutting down")));
  EXPECT_EQ(host_.live(), 1);
  lease.reset();
  EXPECT_EQ(host_.live(), 0);
}

}  // namespace
}  // namespace sta
