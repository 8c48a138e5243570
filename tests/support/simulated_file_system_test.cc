// SPDX-License-Identifier: Apache-2.0
#include "tests/support/simulated_file_system.h"

#include <cerrno>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "tests/support/bytes_of.h"
#include "tests/support/fake_clock.h"
#include "tests/support/status_matchers.h"

namespace sta {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing::UnorderedElementsAre;
using enum absl::StatusCode;
using Tree = std::map<std::string, std::string>;

constexpr CrashOutcome kLose = {CrashOutcome::Kind::kLoseUnsynced};
constexpr CrashOutcome kKeep = {CrashOutcome::Kind::kKeepAll};

class SimulatedFileSystemTest : public testing::Test {
 protected:
  SimulatedFileSystemTest() { files_.PutDirectory("/d"); }

  // A file with unsynced bytes and an unsynced name.
  std::unique_ptr<WritableFile> Write(std::string_view path, std::string_view text) {
    absl::StatusOr<std::unique_ptr<WritableFile>> file = files_.Create(path);
    EXPECT_THAT(file, IsOk());
    EXPECT_THAT((*file)->Append(BytesOf(text)), IsOk());
    return *std::move(file);
  }

  // All trees that random power cuts leave.
  std::set<Tree> PossibleTrees() const {
    std::set<Tree> trees;
    for (uint64_t seed = 0; seed < 200; ++seed) {
      trees.insert(files_.AfterCrash({CrashOutcome::Kind::kRandom, seed})->Tree());
    }
    return trees;
  }

  FakeClock clock_;
  SimulatedFileSystem files_{clock_};
};

TEST_F(SimulatedFileSystemTest, BehavesAsADiskDoes) {
  std::unique_ptr<WritableFile> file = Write("/d/a", "hello");
  EXPECT_THAT(file->Truncate(4), IsOk());
  EXPECT_THAT(file->Truncate(5), StatusIs(kInvalidArgument));
  EXPECT_EQ(file->size_bytes(), 4);
  EXPECT_THAT(file->MakeReadOnly(), IsOk());
  EXPECT_THAT(file->Close(), IsOk());
  EXPECT_THAT(files_.OpenToAppend("/d/a"), StatusIs(kPermissionDenied));
  EXPECT_THAT(files_.ReadFile("/d/a", 4), IsOkAndHolds("hell"));
  EXPECT_THAT(files_.ReadFile("/d/a", 3), StatusIs(kDataLoss));
  EXPECT_THAT(files_.Create("/d/a"), StatusIs(kAlreadyExists));
  EXPECT_THAT(files_.Create("/e/a"), StatusIs(kNotFound));
  EXPECT_THAT(files_.Create("/d/a/b"), StatusIs(kDataLoss));
  EXPECT_THAT(files_.CreateDirectory("/d"), StatusIs(kAlreadyExists));
  EXPECT_THAT(files_.RemoveDirectory("/d"), StatusIs(kAlreadyExists));
  EXPECT_THAT(files_.RemoveDirectory("/d/a"), StatusIs(kDataLoss));
  EXPECT_THAT(files_.RemoveFile("/d"), StatusIs(kDataLoss));
  EXPECT_THAT(files_.RemoveFile("/d/b"), StatusIs(kNotFound));
  EXPECT_THAT(files_.List("/d/a"), StatusIs(kDataLoss));
  EXPECT_THAT(files_.RemoveFile("/d/a"), IsOk());
  EXPECT_THAT(files_.RemoveDirectory("/d"), IsOk());
  EXPECT_THAT(files_.Tree(), IsEmpty());
}

TEST_F(SimulatedFileSystemTest, ReadsAtAnyOffset) {
  files_.PutFile("/a", "0123456789");
  STA_ASSERT_OK_AND_ASSIGN(const std::unique_ptr<ReadableFile> file, files_.OpenToRead("/a"));
  EXPECT_EQ(file->size_bytes(), 10);
  std::string text(4, '-');
  EXPECT_THAT(file->ReadAt(8, std::as_writable_bytes(std::span(text))), IsOkAndHolds(2));
  EXPECT_EQ(text, "89--");
  EXPECT_THAT(file->ReadAt(11, std::as_writable_bytes(std::span(text))), IsOkAndHolds(0));
}

TEST_F(SimulatedFileSystemTest, CountsLinksAndKnowsTheTime) {
  clock_.Advance(absl::Hours(1));
  Write("/d/a", "12345");
  EXPECT_THAT(files_.Link("/d/a", "/d/b"), IsOk());
  EXPECT_THAT(files_.Link("/d/a", "/d/b"), StatusIs(kAlreadyExists));
  EXPECT_THAT(files_.Rename("/d/a", "/d/b"), IsOk());  // one file: nothing to do
  STA_ASSERT_OK_AND_ASSIGN(FileInfo info, files_.Stat("/d/a"));
  EXPECT_EQ(info.link_count, 2);
  EXPECT_EQ(info.size_bytes, 5);
  EXPECT_EQ(info.modified, clock_.Now());
  Write("/d/c", "");
  EXPECT_THAT(files_.Rename("/d/c", "/d/b"), IsOk());
  STA_ASSERT_OK_AND_ASSIGN(info, files_.Stat("/d/a"));
  EXPECT_EQ(info.link_count, 1);
  EXPECT_TRUE(files_.has_hard_links());
  files_.SetHardLinks(false);
  EXPECT_FALSE(files_.has_hard_links());
  EXPECT_THAT(files_.Link("/d/a", "/d/e"), StatusIs(kUnimplemented));
}

TEST_F(SimulatedFileSystemTest, ADirectoryNeverReplacesAnything) {
  files_.PutFile("/d/full/file", "x");
  files_.PutDirectory("/d/empty");
  files_.PutFile("/d/file", "");
  EXPECT_THAT(files_.Rename("/d/full", "/d/empty"), StatusIs(kAlreadyExists));
  EXPECT_THAT(files_.Rename("/d/full", "/d/file"), StatusIs(kAlreadyExists));
  EXPECT_THAT(files_.Rename("/d/file", "/d/empty"), StatusIs(kDataLoss));
  EXPECT_THAT(files_.Rename("/d/full", "/d/full/x"), StatusIs(kInternal));
  EXPECT_THAT(files_.Rename("/d/full", "/moved"), IsOk());
  EXPECT_THAT(files_.ReadFile("/moved/file", 1), IsOkAndHolds("x"));
}

TEST_F(SimulatedFileSystemTest, LinksAndDevicesAreRefused) {
  files_.PutSymlink("/d/link");
  files_.PutFifo("/d/fifo");
  for (const std::string_view path : {"/d/link", "/d/fifo"}) {
    EXPECT_THAT(files_.OpenToRead(path), StatusIs(kDataLoss));
    EXPECT_THAT(files_.OpenToAppend(path), StatusIs(kDataLoss));
    EXPECT_THAT(files_.ReadFile(path, 9), StatusIs(kDataLoss));
    EXPECT_THAT(files_.Lock(path), StatusIs(kDataLoss));
    EXPECT_THAT(files_.Link(path, "/d/x"), StatusIs(kDataLoss));
    EXPECT_THAT(files_.List(path), StatusIs(kDataLoss));
  }
  STA_ASSERT_OK_AND_ASSIGN(const std::vector<DirectoryEntry> entries, files_.List("/d"));
  ASSERT_EQ(entries.size(), 2);
  EXPECT_EQ(entries[0].kind, FileKind::kOther);
  EXPECT_EQ(entries[1].kind, FileKind::kSymlink);
}

TEST_F(SimulatedFileSystemTest, ALockIsHeldUntilDestroyedOrThePowerIsCut) {
  STA_ASSERT_OK_AND_ASSIGN(std::unique_ptr<FileLock> lock, files_.Lock("/d/lock"));
  EXPECT_THAT(files_.Lock("/d/lock"), StatusIs(kUnavailable, HasSubstr("process")));
  EXPECT_THAT(files_.AfterCrash(kKeep)->Lock("/d/lock"), IsOk());
  lock.reset();
  EXPECT_THAT(files_.Lock("/d/lock"), IsOk());
}

TEST_F(SimulatedFileSystemTest, AFileNeedsItsBytesAndItsNameSynced) {
  const std::unique_ptr<WritableFile> file = Write("/d/a", "hello");
  EXPECT_THAT(files_.AfterCrash(kLose)->Tree(), ElementsAre(Pair("/d/", "")));
  EXPECT_THAT(files_.SyncDirectory("/d"), IsOk());
  EXPECT_THAT(files_.AfterCrash(kLose)->Tree(), ElementsAre(Pair("/d/", ""), Pair("/d/a", "")));
  EXPECT_THAT(file->Sync(), IsOk());
  EXPECT_THAT(file->Append(BytesOf(" there")), IsOk());
  EXPECT_THAT(files_.AfterCrash(kLose)->Tree(),
              ElementsAre(Pair("/d/", ""), Pair("/d/a", "hello")));
  EXPECT_EQ(files_.AfterCrash(kKeep)->Tree(), files_.Tree());
}

TEST_F(SimulatedFileSystemTest, BytesMayComeBackInPartOrAsZeros) {
  files_.PutFile("/a", "12");
  STA_ASSERT_OK_AND_ASSIGN(const std::unique_ptr<WritableFile> file, files_.OpenToAppend("/a"));
  EXPECT_THAT(file->Append(BytesOf("34")), IsOk());
  std::set<std::string> found;
  for (const Tree& tree : PossibleTrees()) found.insert(tree.at("/a"));
  using std::string_literals::operator""s;
  EXPECT_THAT(found, UnorderedElementsAre("12", "123", "1234", "12\0\0"s, "123\0"s));
}

TEST_F(SimulatedFileSystemTest, BytesWhoseSyncFailedAreLostToALaterSync) {
  const std::unique_ptr<WritableFile> file = Write("/d/a", "12");
  EXPECT_THAT(file->Sync(), IsOk());
  EXPECT_THAT(file->Append(BytesOf("34")), IsOk());
  files_.SetFault({FaultKind::kError, files_.calls() + 1, EIO});
  EXPECT_THAT(file->Sync(), StatusIs(kDataLoss));
  EXPECT_THAT(file->Append(BytesOf("5")), IsOk());
  EXPECT_THAT(file->Sync(), IsOk());
  EXPECT_EQ(files_.Tree().at("/d/a"), "12345");
  EXPECT_EQ(files_.AfterCrash(kKeep)->Tree().at("/d/a"), std::string("12\0\0005", 5));
  // Written again they are as good as any.
  EXPECT_THAT(file->Truncate(2), IsOk());
  EXPECT_THAT(file->Append(BytesOf("34")), IsOk());
  EXPECT_THAT(file->Sync(), IsOk());
  EXPECT_EQ(files_.AfterCrash(kKeep)->Tree().at("/d/a"), "1234");
}

TEST_F(SimulatedFileSystemTest, TheOldNameOfARenameMayStayButNeverGoesAlone) {
  files_.PutFile("/d/new", "new");
  files_.PutFile("/e/old", "old");
  EXPECT_THAT(files_.Rename("/d/new", "/e/old"), IsOk());
  const Tree before = {{"/d/", ""}, {"/d/new", "new"}, {"/e/", ""}, {"/e/old", "old"}};
  const Tree after = {{"/d/", ""}, {"/e/", ""}, {"/e/old", "new"}};
  const Tree both = {{"/d/", ""}, {"/d/new", "new"}, {"/e/", ""}, {"/e/old", "new"}};
  EXPECT_THAT(PossibleTrees(), UnorderedElementsAre(before, after, both));
  EXPECT_EQ(files_.AfterCrash(kLose)->Tree(), before);
  EXPECT_THAT(files_.SyncDirectory("/e"), IsOk());
  EXPECT_EQ(files_.AfterCrash(kLose)->Tree(), both);
  EXPECT_THAT(files_.SyncDirectory("/d"), IsOk());
  EXPECT_EQ(files_.AfterCrash(kLose)->Tree(), after);
}

TEST_F(SimulatedFileSystemTest, ASyncOfWhereAFileWasTakesItsNewNameAlong) {
  files_.PutFile("/d/a", "1");
  files_.PutDirectory("/e");
  EXPECT_THAT(files_.Rename("/d/a", "/e/a"), IsOk());
  EXPECT_THAT(files_.SyncDirectory("/d"), IsOk());
  EXPECT_EQ(files_.AfterCrash(kLose)->Tree(), files_.Tree());
}

TEST_F(SimulatedFileSystemTest, ADirectoryIsRenamedAsAWholeOnceBothSidesAreSynced) {
  files_.PutFile("/d/x/file", "1");
  files_.PutDirectory("/e");
  const Tree before = files_.Tree();
  EXPECT_THAT(files_.Rename("/d/x", "/e/y"), IsOk());
  const Tree after = files_.Tree();
  EXPECT_THAT(PossibleTrees(), UnorderedElementsAre(before, after));
  EXPECT_THAT(files_.SyncDirectory("/e"), IsOk());
  EXPECT_EQ(files_.AfterCrash(kLose)->Tree(), before);
  EXPECT_THAT(files_.SyncDirectory("/d"), IsOk());
  EXPECT_EQ(files_.AfterCrash(kLose)->Tree(), after);
}

TEST_F(SimulatedFileSystemTest, WhatFollowsOnANameIsNotKeptWithoutWhatWasBefore) {
  EXPECT_THAT(files_.CreateDirectory("/d/x"), IsOk());
  EXPECT_THAT(files_.Rename("/d/x", "/d/y"), IsOk());
  EXPECT_THAT(files_.CreateDirectory("/d/x"), IsOk());
  const Tree nothing = {{"/d/", ""}};
  const Tree one = {{"/d/", ""}, {"/d/x/", ""}};
  const Tree moved = {{"/d/", ""}, {"/d/y/", ""}};
  EXPECT_THAT(PossibleTrees(), UnorderedElementsAre(nothing, one, moved, files_.Tree()));
}

TEST_F(SimulatedFileSystemTest, ASyncCarriesWhatWasBeforeOnItsNames) {
  files_.PutFile("/d/x/file", "1");
  files_.PutDirectory("/e");
  EXPECT_THAT(files_.Rename("/d/x", "/e/y"), IsOk());
  EXPECT_THAT(files_.CreateDirectory("/d/x"), IsOk());
  EXPECT_THAT(files_.SyncDirectory("/d"), IsOk());
  EXPECT_EQ(files_.AfterCrash(kLose)->Tree(), files_.Tree());
}

TEST_F(SimulatedFileSystemTest, ARemovalComesBackUntilItIsSynced) {
  files_.PutFile("/d/a", "1");
  EXPECT_THAT(files_.RemoveFile("/d/a"), IsOk());
  EXPECT_EQ(files_.AfterCrash(kLose)->Tree().at("/d/a"), "1");
  EXPECT_THAT(files_.SyncDirectory("/d"), IsOk());
  EXPECT_FALSE(files_.AfterCrash(kLose)->Tree().contains("/d/a"));
}

TEST_F(SimulatedFileSystemTest, LinksSurviveAsLinks) {
  files_.PutFile("/d/a", "1");
  EXPECT_THAT(files_.Link("/d/a", "/d/b"), IsOk());
  const std::unique_ptr<SimulatedFileSystem> found = files_.AfterCrash(kKeep);
  STA_ASSERT_OK_AND_ASSIGN(FileInfo info, found->Stat("/d/b"));
  EXPECT_EQ(info.link_count, 2);
  STA_ASSERT_OK_AND_ASSIGN(info, files_.AfterCrash(kLose)->Stat("/d/a"));
  EXPECT_EQ(info.link_count, 1);
}

TEST_F(SimulatedFileSystemTest, OneCallFailsAsTheFaultSays) {
  EXPECT_EQ(files_.calls(), 0);
  files_.SetFault({FaultKind::kError, 2, ENOSPC});
  EXPECT_THAT(files_.Stat("/d"), IsOk());
  EXPECT_THAT(files_.CreateDirectory("/d/x"), StatusIs(kResourceExhausted, HasSubstr("/d/x")));
  EXPECT_EQ(files_.struck(), "CreateDirectory /d/x");
  EXPECT_THAT(files_.Stat("/d/x"), StatusIs(kNotFound));
  EXPECT_EQ(files_.calls(), 3);
}

TEST_F(SimulatedFileSystemTest, AllCallsFailFromOneOn) {
  files_.SetFault({FaultKind::kErrorsOn, 2, EIO});
  EXPECT_THAT(files_.Stat("/d"), IsOk());
  EXPECT_THAT(files_.Stat("/d"), StatusIs(kDataLoss));
  EXPECT_THAT(files_.List("/d"), StatusIs(kDataLoss));
  files_.SetFault({});
  EXPECT_THAT(files_.Stat("/d"), IsOk());
}

TEST_F(SimulatedFileSystemTest, AnAppendIsCutShort) {
  STA_ASSERT_OK_AND_ASSIGN(const std::unique_ptr<WritableFile> file, files_.Create("/d/a"));
  files_.SetFault({FaultKind::kShortWrite, 2, EIO});
  EXPECT_THAT(file->Append(BytesOf("1234567")), StatusIs(kDataLoss));
  EXPECT_EQ(file->size_bytes(), 3);
  files_.SetFault({FaultKind::kShortWrite, 3, EIO});
  EXPECT_THAT(file->Sync(), IsOk());
  EXPECT_EQ(files_.struck(), "");
  EXPECT_EQ(files_.Tree().at("/d/a"), "123");
}

TEST_F(SimulatedFileSystemTest, WithoutPowerNothingHappens) {
  const std::unique_ptr<WritableFile> file = Write("/d/a", "1");
  EXPECT_THAT(files_.SyncDirectory("/d"), IsOk());
  files_.SetFault({FaultKind::kCrash, files_.calls() + 1});
  EXPECT_THAT(file->Sync(), StatusIs(kAborted));
  EXPECT_THAT(file->Append(BytesOf("2")), StatusIs(kAborted));
  EXPECT_THAT(files_.RemoveFile("/d/a"), StatusIs(kAborted));
  EXPECT_EQ(files_.struck(), "Sync /d/a");
  EXPECT_EQ(files_.AfterCrash(kLose)->Tree().at("/d/a"), "");
  EXPECT_EQ(files_.AfterCrash(kKeep)->Tree().at("/d/a"), "1");
  EXPECT_THAT(files_.AfterCrash(kLose)->RemoveFile("/d/a"), IsOk());
}

TEST_F(SimulatedFileSystemTest, AFullVolumeTakesWhatFits) {
  files_.PutFile("/d/a", "12345");
  files_.SetCapacity(8);
  EXPECT_THAT(files_.FreeBytes("/d"), IsOkAndHolds(3));
  STA_ASSERT_OK_AND_ASSIGN(const std::unique_ptr<WritableFile> file, files_.Create("/d/b"));
  EXPECT_THAT(file->Append(BytesOf("6789")), StatusIs(kResourceExhausted));
  EXPECT_EQ(files_.Tree().at("/d/b"), "678");
  EXPECT_THAT(files_.Create("/d/c"), StatusIs(kResourceExhausted));
  EXPECT_THAT(files_.CreateDirectory("/d/c"), StatusIs(kResourceExhausted));
  EXPECT_THAT(files_.RemoveFile("/d/a"), IsOk());
  EXPECT_THAT(files_.CreateDirectory("/d/c"), IsOk());
}

TEST_F(SimulatedFileSystemTest, AReadOnlyVolumeIsOnlyRead) {
  files_.PutFile("/d/a", "1");
  files_.SetReadOnlyVolume(true);
  EXPECT_THAT(files_.ReadFile("/d/a", 1), IsOk());
  EXPECT_THAT(files_.Create("/d/b"), StatusIs(kFailedPrecondition));
  EXPECT_THAT(files_.RemoveFile("/d/a"), StatusIs(kFailedPrecondition));
  EXPECT_THAT(files_.Lock("/d/lock"), StatusIs(kFailedPrecondition));
}

TEST_F(SimulatedFileSystemTest, WhatIsDeniedIsDeniedBelowToo) {
  files_.PutFile("/d/a", "1");
  files_.PutFile("/da", "1");
  files_.Deny("/d");
  EXPECT_THAT(files_.ReadFile("/d/a", 1), StatusIs(kPermissionDenied));
  EXPECT_THAT(files_.List("/d"), StatusIs(kPermissionDenied));
  EXPECT_THAT(files_.ReadFile("/da", 1), IsOk());
  files_.Deny("");
  EXPECT_THAT(files_.ReadFile("/d/a", 1), IsOk());
}

TEST_F(SimulatedFileSystemTest, RemoveAllTakesATree) {
  files_.PutFile("/d/x/y/z", "1");
  files_.RemoveAll("/d/x");
  EXPECT_THAT(files_.AfterCrash(kLose)->Tree(), ElementsAre(Pair("/d/", "")));
}

TEST_F(SimulatedFileSystemTest, ThreadsMayShareIt) {
  std::vector<std::thread> threads;
  for (const std::string_view name : {"/d/a", "/d/b", "/d/c"}) {
    threads.emplace_back([this, name] {
      for (int i = 0; i < 100; ++i) {
        EXPECT_THAT(Write(name, "1")->Sync(), IsOk());
        EXPECT_THAT(files_.SyncDirectory("/d"), IsOk());
        EXPECT_THAT(files_.RemoveFile(name), IsOk());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(files_.calls(), 3 * 100 * 5);
  EXPECT_THAT(files_.Tree(), ElementsAre(Pair("/d/", "")));
}

}  // namespace
}  // namespace sta
