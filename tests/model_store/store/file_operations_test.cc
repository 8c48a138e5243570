// SPDX-License-Identifier: Apache-2.0
#include "model_store/store/file_operations.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>

#include "model_store/store/posix_file_system.h"
#include "model_store/store/store_layout.h"
#include "tests/support/fake_clock.h"
#include "tests/support/simulated_file_system.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace sta {
namespace {

using absl::StatusCode;
using testing::AnyOf;
using testing::ElementsAre;
using testing::Pair;

// Every operation is done below /s, which is there, on a disk of its own.
class FileOperationsTest : public testing::Test {
 protected:
  using Operation = std::function<absl::Status(FileSystem&)>;

  std::unique_ptr<SimulatedFileSystem> NewDisk() {
    auto files = std::make_unique<SimulatedFileSystem>(clock_);
    files->PutDirectory("/s");
    prepare_(*files);
    return files;
  }
  // The calls of `operation` where none fails.
  int64_t CallsOf(const Operation& operation) {
    const auto files = NewDisk();
    const int64_t before = files->calls();
    EXPECT_THAT(operation(*files), IsOk());
    return files->calls() - before;
  }
  // Does it once for each of its calls, which fails, and looks at what is there then.
  void FailEachCall(const Operation& operation,
                    const std::function<void(SimulatedFileSystem&)>& look) {
    const int64_t calls = CallsOf(operation);
    ASSERT_GT(calls, 0);
    for (int64_t call = 1; call <= calls; ++call) {
      const auto files = NewDisk();
      files->SetFault(
          {.kind = FaultKind::kError, .call = files->calls() + call, .error_number = ENOMEM});
      EXPECT_THAT(operation(*files), StatusIs(StatusCode::kResourceExhausted)) << files->struck();
      const testing::ScopedTrace trace(__FILE__, __LINE__, files->struck());
      files->SetFault({});
      look(*files);
    }
  }
  // Cuts the power before each of its calls, and looks at what may be there then.
  void CutPowerAtEachCall(const Operation& operation,
                          const std::function<void(SimulatedFileSystem&)>& look) {
    constexpr uint64_t kSeeds = 8;
    const int64_t calls = CallsOf(operation);
    for (int64_t call = 1; call <= calls; ++call) {
      const auto files = NewDisk();
      files->SetFault({.kind = FaultKind::kCrash, .call = files->calls() + call});
      EXPECT_THAT(operation(*files), StatusIs(StatusCode::kAborted)) << files->struck();
      const testing::ScopedTrace trace(__FILE__, __LINE__, files->struck());
      look(*files->AfterCrash({CrashOutcome::Kind::kLoseUnsynced}));
      look(*files->AfterCrash({CrashOutcome::Kind::kKeepAll}));
      for (uint64_t seed = 0; seed < kSeeds; ++seed) {
        look(*files->AfterCrash({CrashOutcome::Kind::kRandom, seed}));
      }
    }
  }

  FakeClock clock_;
  std::function<void(SimulatedFileSystem&)> prepare_ = [](SimulatedFileSystem&) {};
};

bool IsReadOnly(SimulatedFileSystem& files, const std::string& path) {
  return absl::IsPermissionDenied(files.OpenToAppend(path).status());
}

TEST_F(FileOperationsTest, EnsuresADirectoryDurably) {
  const auto files = NewDisk();
  ASSERT_THAT(EnsureDirectory(*files, "/s/d"), IsOk());
  EXPECT_TRUE(files->AfterCrash({})->Tree().contains("/s/d/"));
}

TEST_F(FileOperationsTest, ADirectoryThatIsThereIsMadeDurable) {
  const auto files = NewDisk();
  ASSERT_THAT(files->CreateDirectory("/s/d"), IsOk());
  EXPECT_FALSE(files->AfterCrash({})->Tree().contains("/s/d/"));
  ASSERT_THAT(EnsureDirectory(*files, "/s/d"), IsOk());
  EXPECT_TRUE(files->AfterCrash({})->Tree().contains("/s/d/"));
}

TEST_F(FileOperationsTest, SyncsTheParentThatItIsTold) {
  const auto files = NewDisk();
  files->SetFault({.kind = FaultKind::kError, .call = files->calls() + 2, .error_number = EACCES});
  EXPECT_THAT(EnsureDirectory(*files, "/s/d", "/s/."), StatusIs(StatusCode::kPermissionDenied));
  EXPECT_EQ(files->struck(), "SyncDirectory /s/.");
}

TEST_F(FileOperationsTest, WhatIsNoDirectoryDoesNotBecomeOne) {
  const auto files = NewDisk();
  files->PutFile("/s/file", "x");
  EXPECT_THAT(EnsureDirectory(*files, "/s/file"), StatusIs(StatusCode::kDataLoss));
  files->PutSymlink("/s/link");
  EXPECT_THAT(EnsureDirectory(*files, "/s/link"), StatusIs(StatusCode::kDataLoss));
  EXPECT_THAT(EnsureDirectory(*files, "/s/none/d"), StatusIs(StatusCode::kNotFound));
  files->SetReadOnlyVolume(true);
  EXPECT_THAT(EnsureDirectory(*files, "/s/d"), StatusIs(StatusCode::kFailedPrecondition));
}

TEST_F(FileOperationsTest, AReadOnlyFileIsDurableOnceItsNameIs) {
  const auto files = NewDisk();
  ASSERT_THAT(WriteReadOnlyFile(*files, "/s/f", "text"), IsOk());
  EXPECT_EQ(files->Tree()["/s/f"], "text");
  EXPECT_FALSE(files->AfterCrash({})->Tree().contains("/s/f"));
  ASSERT_THAT(files->SyncDirectory("/s"), IsOk());
  const auto found = files->AfterCrash({});
  EXPECT_EQ(found->Tree()["/s/f"], "text");
  EXPECT_TRUE(IsReadOnly(*found, "/s/f"));
}

TEST_F(FileOperationsTest, WritesNoFileOverAnother) {
  const auto files = NewDisk();
  files->PutFile("/s/f", "old");
  EXPECT_THAT(WriteReadOnlyFile(*files, "/s/f", "new"), StatusIs(StatusCode::kAlreadyExists));
  EXPECT_EQ(files->Tree()["/s/f"], "old");
}

TEST_F(FileOperationsTest, TellsOfEachCallThatFailsWhileItWrites) {
  FailEachCall([](FileSystem& files) { return WriteReadOnlyFile(files, "/s/f", "text"); },
               [](SimulatedFileSystem&) {});
  const auto files = NewDisk();
  files->SetCapacity(3);
  EXPECT_THAT(WriteReadOnlyFile(*files, "/s/f", "text"), StatusIs(StatusCode::kResourceExhausted));
}

TEST_F(FileOperationsTest, ReplacesAFileDurably) {
  const auto files = NewDisk();
  for (const char* text : {"old", "new", ""}) {
    ASSERT_THAT(ReplaceFile(*files, "/s/f", text), IsOk());
    EXPECT_EQ(files->AfterCrash({})->Tree().at("/s/f"), text);
    EXPECT_THAT(files->Tree(), ElementsAre(Pair("/s/", ""), Pair("/s/f", text)));
  }
}

TEST_F(FileOperationsTest, AReplacedFileIsTheOldOrTheNewOneAfterACrash) {
  prepare_ = [](SimulatedFileSystem& files) { files.PutFile("/s/f", "old"); };
  CutPowerAtEachCall([](FileSystem& files) { return ReplaceFile(files, "/s/f", "the new one"); },
                     [](SimulatedFileSystem& files) {
                       EXPECT_THAT(files.Tree()["/s/f"], AnyOf("old", "the new one"));
                       // What it left is in nobody's way.
                       EXPECT_THAT(ReplaceFile(files, "/s/f", "next"), IsOk());
                       EXPECT_THAT(files.Tree(),
                                   ElementsAre(Pair("/s/", ""), Pair("/s/f", "next")));
                     });
}

TEST_F(FileOperationsTest, AFailedReplacementLeavesNoTemporaryFile) {
  prepare_ = [](SimulatedFileSystem& files) { files.PutFile("/s/f", "old"); };
  FailEachCall([](FileSystem& files) { return ReplaceFile(files, "/s/f", "new"); },
               [](SimulatedFileSystem& files) {
                 EXPECT_THAT(files.Tree()["/s/f"], AnyOf("old", "new"));
                 EXPECT_FALSE(files.Tree().contains("/s/f" + std::string(kTemporarySuffix)));
               });
  const auto files = NewDisk();
  files->SetCapacity(5);
  EXPECT_THAT(ReplaceFile(*files, "/s/f", "new"), StatusIs(StatusCode::kResourceExhausted));
  EXPECT_EQ(files->Tree()["/s/f"], "old");
  EXPECT_THAT(ReplaceFile(*files, "/none/f", "new"), StatusIs(StatusCode::kNotFound));
}

TEST_F(FileOperationsTest, CopiesEveryByteOfAFile) {
  for (const size_t size : {size_t{0}, size_t{1}, size_t{1} << 20, (size_t{1} << 20) + 1}) {
    std::string bytes(size, '\0');
    for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(i * 7 + i / 251);
    const auto files = NewDisk();
    files->PutFile("/s/from", bytes);
    ASSERT_THAT(CopyFile(*files, "/s/from", "/s/to"), IsOk());
    ASSERT_THAT(files->SyncDirectory("/s"), IsOk());
    const auto found = files->AfterCrash({});
    EXPECT_TRUE(found->Tree()["/s/to"] == bytes) << size;
    EXPECT_TRUE(found->Tree()["/s/from"] == bytes) << size;
    EXPECT_TRUE(IsReadOnly(*found, "/s/to"));
    EXPECT_FALSE(IsReadOnly(*found, "/s/from"));
  }
}

TEST_F(FileOperationsTest, CopiesNothingToATakenNameOrFromNowhere) {
  const auto files = NewDisk();
  files->PutFile("/s/from", "new");
  files->PutFile("/s/to", "old");
  EXPECT_THAT(CopyFile(*files, "/s/from", "/s/to"), StatusIs(StatusCode::kAlreadyExists));
  EXPECT_EQ(files->Tree()["/s/to"], "old");
  EXPECT_THAT(CopyFile(*files, "/s/none", "/s/copy"), StatusIs(StatusCode::kNotFound));
  EXPECT_FALSE(files->Tree().contains("/s/copy"));
  EXPECT_THAT(CopyFile(*files, "/s", "/s/copy"), StatusIs(StatusCode::kDataLoss));
}

TEST_F(FileOperationsTest, TellsOfEachCallThatFailsWhileItCopies) {
  prepare_ = [](SimulatedFileSystem& files) { files.PutFile("/s/from", "bytes"); };
  FailEachCall([](FileSystem& files) { return CopyFile(files, "/s/from", "/s/to"); },
               [](SimulatedFileSystem& files) { EXPECT_EQ(files.Tree()["/s/from"], "bytes"); });
}

TEST_F(FileOperationsTest, RemovesAFileThatMayNotBeThere) {
  const auto files = NewDisk();
  files->PutFile("/s/f", "x");
  EXPECT_THAT(RemoveFileIfThere(*files, "/s/f"), IsOk());
  EXPECT_THAT(files->Stat("/s/f"), StatusIs(StatusCode::kNotFound));
  EXPECT_THAT(RemoveFileIfThere(*files, "/s/f"), IsOk());
  EXPECT_THAT(RemoveFileIfThere(*files, "/s"), StatusIs(StatusCode::kDataLoss));
  files->Deny("/s");
  EXPECT_THAT(RemoveFileIfThere(*files, "/s/f"), StatusIs(StatusCode::kPermissionDenied));
}

TEST_F(FileOperationsTest, RemovesWhateverIsThere) {
  const auto files = NewDisk();
  files->PutFile("/s/t/a/b/c", "x");
  files->PutFile("/s/t/d", "x");
  files->PutDirectory("/s/t/empty");
  files->PutSymlink("/s/t/link");
  files->PutFifo("/s/t/a/fifo");
  files->PutFile("/s/tt", "x");
  EXPECT_THAT(RemoveTree(*files, "/s/t"), IsOk());
  EXPECT_THAT(files->Stat("/s/t"), StatusIs(StatusCode::kNotFound));
  EXPECT_THAT(RemoveTree(*files, "/s/t"), IsOk());
  EXPECT_EQ(files->Tree()["/s/tt"], "x");
  EXPECT_THAT(RemoveTree(*files, "/s/tt"), IsOk());
  EXPECT_THAT(files->Stat("/s/tt"), StatusIs(StatusCode::kNotFound));
}

TEST_F(FileOperationsTest, TellsOfEachCallThatFailsWhileItRemovesATree) {
  prepare_ = [](SimulatedFileSystem& files) {
    files.PutFile("/s/t/a/b", "x");
    files.PutFile("/s/t/c", "x");
  };
  FailEachCall([](FileSystem& files) { return RemoveTree(files, "/s/t"); },
               [](SimulatedFileSystem& files) {
                 EXPECT_TRUE(files.Tree().contains("/s/t/"));
                 EXPECT_THAT(RemoveTree(files, "/s/t"), IsOk());  // it goes on where it stopped
               });
}

TEST_F(FileOperationsTest, FollowsNoLinkOutOfATreeThatItRemoves) {
  const TemporaryDirectory directory;
  namespace fs = std::filesystem;
  fs::create_directories(directory.path() / "kept");
  fs::create_directories(directory.path() / "tree/folder");
  std::ofstream(directory.path() / "kept/file") << "x";
  fs::create_directory_symlink(directory.path() / "kept", directory.path() / "tree/folder/link");
  fs::create_directory_symlink(directory.path() / "kept", directory.path() / "link");
  PosixFileSystem files;
  EXPECT_THAT(RemoveTree(files, directory.path() / "tree"), IsOk());
  EXPECT_THAT(RemoveTree(files, directory.path() / "link"), IsOk());
  EXPECT_FALSE(fs::exists(directory.path() / "tree"));
  EXPECT_FALSE(fs::is_symlink(fs::symlink_status(directory.path() / "link")));
  EXPECT_TRUE(fs::exists(directory.path() / "kept/file"));
}

}  // namespace
}  // namespace sta
