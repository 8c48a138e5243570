// SPDX-License-Identifier: Apache-2.0
#include "model_store/store/posix_file_system.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <memory>
#include <span>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "tests/support/bytes_of.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace sta {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using enum absl::StatusCode;

class PosixFileSystemTest : public testing::Test {
 protected:
  fs::path At(std::string_view name) const { return directory_.path() / name; }

  void Put(std::string_view name, std::string_view text) {
    std::ofstream(At(name), std::ios::binary) << text;
  }

  std::string Get(std::string_view name) {
    std::ostringstream text;
    text << std::ifstream(At(name), std::ios::binary).rdbuf();
    return text.str();
  }

  TemporaryDirectory directory_;
  PosixFileSystem files_;
};

TEST_F(PosixFileSystemTest, AFileIsWrittenCutAndAppendedTo) {
  STA_ASSERT_OK_AND_ASSIGN(std::unique_ptr<WritableFile> file, files_.Create(At("a")));
  EXPECT_THAT(file->Append(BytesOf("hello")), IsOk());
  EXPECT_THAT(file->Truncate(4), IsOk());
  EXPECT_THAT(file->Append(BytesOf("!")), IsOk());
  EXPECT_EQ(file->size_bytes(), 5);
  EXPECT_THAT(file->Sync(), IsOk());
  EXPECT_THAT(file->Close(), IsOk());
  EXPECT_THAT(files_.SyncDirectory(directory_.path()), IsOk());
  STA_ASSERT_OK_AND_ASSIGN(file, files_.OpenToAppend(At("a")));
  EXPECT_EQ(file->size_bytes(), 5);
  EXPECT_THAT(file->Append(BytesOf("?")), IsOk());
  EXPECT_EQ(Get("a"), "hell!?");
}

TEST_F(PosixFileSystemTest, TruncateOnlyShortens) {
  STA_ASSERT_OK_AND_ASSIGN(const std::unique_ptr<WritableFile> file, files_.Create(At("a")));
  EXPECT_THAT(file->Append(BytesOf("abc")), IsOk());
  EXPECT_THAT(file->Truncate(4), StatusIs(kInvalidArgument, HasSubstr("to 4 bytes: it has 3")));
  EXPECT_THAT(file->Truncate(-1), StatusIs(kInvalidArgument));
  EXPECT_EQ(Get("a"), "abc");
}

TEST_F(PosixFileSystemTest, AnAppendThatFailsTellsHowMuchGotThere) {
  STA_ASSERT_OK_AND_ASSIGN(const std::unique_ptr<WritableFile> file, files_.Create(At("a")));
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  auto* const handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit five_bytes = {.rlim_cur = 5, .rlim_max = before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &five_bytes), 0);
  const absl::Status status = file->Append(BytesOf("12345678"));
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, handler);
  EXPECT_THAT(status, StatusIs(kResourceExhausted, HasSubstr(At("a").string())));
  EXPECT_EQ(file->size_bytes(), 5);
  EXPECT_EQ(Get("a"), "12345");
}

TEST_F(PosixFileSystemTest, CreateNeverTakesWhatIsThere) {
  Put("file", "x");
  fs::create_directory(At("directory"));
  fs::create_symlink("nowhere", At("link"));
  for (const std::string_view name : {"file", "directory", "link"}) {
    EXPECT_THAT(files_.Create(At(name)), StatusIs(kAlreadyExists, HasSubstr(name)));
    EXPECT_THAT(files_.CreateDirectory(At(name)), StatusIs(kAlreadyExists, HasSubstr(name)));
  }
  EXPECT_FALSE(fs::exists(At("nowhere")));
  EXPECT_EQ(Get("file"), "x");
}

TEST_F(PosixFileSystemTest, ReadsAtAnyOffsetAndStopsAtTheEnd) {
  Put("a", "0123456789");
  STA_ASSERT_OK_AND_ASSIGN(const std::unique_ptr<ReadableFile> file, files_.OpenToRead(At("a")));
  EXPECT_EQ(file->size_bytes(), 10);
  std::string text(4, '-');
  EXPECT_THAT(file->ReadAt(3, std::as_writable_bytes(std::span(text))), IsOkAndHolds(4));
  EXPECT_EQ(text, "3456");
  EXPECT_THAT(file->ReadAt(8, std::as_writable_bytes(std::span(text))), IsOkAndHolds(2));
  EXPECT_EQ(text, "8956");
  EXPECT_THAT(file->ReadAt(11, std::as_writable_bytes(std::span(text))), IsOkAndHolds(0));
}

TEST_F(PosixFileSystemTest, ReadFileHasALimit) {
  Put("a", "12345");
  EXPECT_THAT(files_.ReadFile(At("a"), 5), IsOkAndHolds("12345"));
  EXPECT_THAT(files_.ReadFile(At("a"), 4),
              StatusIs(kDataLoss, HasSubstr("its 5 bytes are over the limit of 4")));
  EXPECT_THAT(files_.ReadFile(At("b"), 5), StatusIs(kNotFound, HasSubstr("b'")));
}

TEST_F(PosixFileSystemTest, SymbolicLinksAreSeenNotFollowed) {
  fs::create_directory(At("target"));
  Put("target/file", "secret");
  fs::create_symlink("target/file", At("to_file"));
  fs::create_symlink("target", At("to_directory"));
  EXPECT_THAT(files_.Stat(At("to_file")), IsOkAndHolds(Field(&FileInfo::kind, FileKind::kSymlink)));
  EXPECT_THAT(files_.OpenToRead(At("to_file")), StatusIs(kDataLoss, HasSubstr("symbolic link")));
  EXPECT_THAT(files_.ReadFile(At("to_file"), 100), StatusIs(kDataLoss));
  EXPECT_THAT(files_.OpenToAppend(At("to_file")), StatusIs(kDataLoss, HasSubstr("symbolic link")));
  EXPECT_THAT(files_.Link(At("to_file"), At("new")), StatusIs(kDataLoss));
  EXPECT_THAT(files_.Lock(At("to_file")), StatusIs(kDataLoss));
  EXPECT_THAT(files_.List(At("to_directory")), StatusIs(kDataLoss));
  EXPECT_THAT(files_.SyncDirectory(At("to_directory")), StatusIs(kDataLoss));
  EXPECT_THAT(files_.RemoveDirectory(At("to_directory")), StatusIs(kDataLoss));
  EXPECT_THAT(files_.RemoveFile(At("to_file")), IsOk());
  EXPECT_EQ(Get("target/file"), "secret");
  // A link above the last component, or before a slash, is the operator's own choice.
  EXPECT_THAT(files_.ReadFile(At("to_directory/file"), 100), IsOkAndHolds("secret"));
  EXPECT_THAT(files_.List(At("to_directory/")), IsOk());
  EXPECT_THAT(files_.Stat(At("to_directory/")),
              IsOkAndHolds(Field(&FileInfo::kind, FileKind::kDirectory)));
}

TEST_F(PosixFileSystemTest, WhatIsNoRegularFileIsRefusedAtOnce) {
  ASSERT_EQ(mkfifo(At("fifo").c_str(), 0644), 0);
  fs::create_directory(At("directory"));
  for (const std::string& path :
       {At("fifo").string(), At("directory").string(), std::string("/dev/null")}) {
    EXPECT_THAT(files_.OpenToRead(path), StatusIs(kDataLoss, HasSubstr(path)));
    EXPECT_THAT(files_.OpenToAppend(path), StatusIs(kDataLoss, HasSubstr(path)));
    EXPECT_THAT(files_.Lock(path), StatusIs(kDataLoss, HasSubstr(path)));
    EXPECT_THAT(files_.Link(path, At("link")), StatusIs(kDataLoss, HasSubstr(path)));
  }
  EXPECT_THAT(files_.Stat(At("fifo")), IsOkAndHolds(Field(&FileInfo::kind, FileKind::kOther)));
}

TEST_F(PosixFileSystemTest, ListsEveryKindByName) {
  Put("b", "");
  fs::create_directory(At("c"));
  fs::create_symlink("b", At("a"));
  ASSERT_EQ(mkfifo(At(".d").c_str(), 0644), 0);
  STA_ASSERT_OK_AND_ASSIGN(const std::vector<DirectoryEntry> entries,
                           files_.List(directory_.path()));
  std::vector<std::pair<std::string, FileKind>> seen;
  for (const DirectoryEntry& entry : entries) seen.emplace_back(entry.name, entry.kind);
  EXPECT_THAT(seen,
              ElementsAre(std::pair(".d", FileKind::kOther), std::pair("a", FileKind::kSymlink),
                          std::pair("b", FileKind::kFile), std::pair("c", FileKind::kDirectory)));
  EXPECT_THAT(files_.List(At("b")), StatusIs(kDataLoss));
  EXPECT_THAT(files_.List(At("nothing")), StatusIs(kNotFound));
}

TEST_F(PosixFileSystemTest, LinksAreCounted) {
  Put("a", "12345");
  EXPECT_THAT(files_.Link(At("a"), At("b")), IsOk());
  STA_ASSERT_OK_AND_ASSIGN(FileInfo info, files_.Stat(At("b")));
  EXPECT_EQ(info.kind, FileKind::kFile);
  EXPECT_EQ(info.link_count, 2);
  EXPECT_EQ(info.size_bytes, 5);
  EXPECT_GT(info.modified, absl::UnixEpoch());
  EXPECT_THAT(files_.Link(At("a"), At("b")), StatusIs(kAlreadyExists));
  EXPECT_THAT(files_.Link(At("c"), At("d")), StatusIs(kNotFound));
  EXPECT_THAT(files_.RemoveFile(At("a")), IsOk());
  STA_ASSERT_OK_AND_ASSIGN(info, files_.Stat(At("b")));
  EXPECT_EQ(info.link_count, 1);
}

TEST_F(PosixFileSystemTest, LinksDoNotCrossVolumes) {
  if (!fs::exists("/proc/self/status")) GTEST_SKIP() << "no /proc";
  EXPECT_THAT(files_.Link("/proc/self/status", At("a")), StatusIs(kUnimplemented));
}

TEST_F(PosixFileSystemTest, RenameReplacesAFileButNoDirectory) {
  Put("a", "new");
  Put("b", "old");
  EXPECT_THAT(files_.Rename(At("a"), At("b")), IsOk());
  EXPECT_EQ(Get("b"), "new");
  EXPECT_THAT(files_.Rename(At("a"), At("b")), StatusIs(kNotFound));

  fs::create_directory(At("full"));
  Put("full/file", "x");
  fs::create_directory(At("empty"));
  EXPECT_THAT(files_.Rename(At("full"), At("empty")), StatusIs(kAlreadyExists));
  EXPECT_THAT(files_.Rename(At("full"), At("b")), StatusIs(kAlreadyExists));
  EXPECT_THAT(files_.Rename(At("b"), At("empty")), StatusIs(kDataLoss));
  EXPECT_THAT(files_.Rename(At("full"), At("moved")), IsOk());
  EXPECT_EQ(Get("moved/file"), "x");
}

TEST_F(PosixFileSystemTest, RemovesFilesAndEmptyDirectories) {
  Put("file", "");
  fs::create_directory(At("directory"));
  Put("directory/file", "");
  EXPECT_THAT(files_.RemoveFile(At("nothing")), StatusIs(kNotFound));
  EXPECT_THAT(files_.RemoveFile(At("directory")), StatusIs(kDataLoss));
  EXPECT_THAT(files_.RemoveDirectory(At("file")), StatusIs(kDataLoss));
  EXPECT_THAT(files_.RemoveDirectory(At("directory")), StatusIs(kAlreadyExists));
  EXPECT_THAT(files_.RemoveFile(At("directory/file")), IsOk());
  EXPECT_THAT(files_.RemoveDirectory(At("directory")), IsOk());
  EXPECT_FALSE(fs::exists(At("directory")));
}

TEST_F(PosixFileSystemTest, ALockExcludesOthersAndNamesItsHolder) {
  PosixFileSystem others;
  STA_ASSERT_OK_AND_ASSIGN(std::unique_ptr<FileLock> lock, files_.Lock(At("lock")));
  const std::string holder = std::to_string(getpid());
  EXPECT_EQ(Get("lock"), holder + "\n");
  EXPECT_THAT(others.Lock(At("lock")),
              StatusIs(kUnavailable, HasSubstr("process " + holder + " holds it")));
  lock.reset();
  EXPECT_THAT(others.Lock(At("lock")), IsOk());
}

TEST_F(PosixFileSystemTest, ALockFileWithoutANumberIsStillALock) {
  STA_ASSERT_OK_AND_ASSIGN(const std::unique_ptr<FileLock> lock, files_.Lock(At("lock")));
  Put("lock", "who knows");
  EXPECT_THAT(files_.Lock(At("lock")), StatusIs(kUnavailable, HasSubstr("another process")));
}

// Root may write everything: the test is another user's for as long as it runs.
TEST_F(PosixFileSystemTest, WhatMayNotBeWrittenIsPermissionDenied) {
  constexpr uid_t kNobody = 65534;
  const bool is_root = geteuid() == 0;
  if (is_root) {
    ASSERT_EQ(chown(directory_.path().c_str(), kNobody, kNobody), 0);
    ASSERT_EQ(seteuid(kNobody), 0);
  }
  const absl::Cleanup be_root_again = [is_root] { EXPECT_TRUE(!is_root || seteuid(0) == 0); };
  STA_ASSERT_OK_AND_ASSIGN(const std::unique_ptr<WritableFile> file, files_.Create(At("a")));
  EXPECT_THAT(file->MakeReadOnly(), IsOk());
  EXPECT_THAT(file->Append(BytesOf("x")), IsOk());
  EXPECT_THAT(files_.OpenToAppend(At("a")), StatusIs(kPermissionDenied, HasSubstr("a'")));
  EXPECT_THAT(files_.ReadFile(At("a"), 1), IsOkAndHolds("x"));
  fs::permissions(directory_.path(), fs::perms::owner_read | fs::perms::owner_exec);
  EXPECT_THAT(files_.Create(At("b")), StatusIs(kPermissionDenied));
  EXPECT_THAT(files_.CreateDirectory(At("b")), StatusIs(kPermissionDenied));
  EXPECT_THAT(files_.Rename(At("a"), At("b")), StatusIs(kPermissionDenied));
  EXPECT_THAT(files_.RemoveFile(At("a")), StatusIs(kPermissionDenied));
  EXPECT_THAT(files_.Link(At("a"), At("b")), StatusIs(kPermissionDenied));
  fs::permissions(directory_.path(), fs::perms::owner_all);
}

TEST_F(PosixFileSystemTest, ModesAreThoseOfTheContract) {
  const mode_t before = umask(022);
  EXPECT_THAT(files_.CreateDirectory(At("directory")), IsOk());
  STA_ASSERT_OK_AND_ASSIGN(const std::unique_ptr<WritableFile> file, files_.Create(At("file")));
  umask(before);
  EXPECT_EQ(fs::status(At("directory")).permissions(), fs::perms{0755});
  EXPECT_EQ(fs::status(At("file")).permissions(), fs::perms{0644});
  EXPECT_THAT(file->MakeReadOnly(), IsOk());
  EXPECT_EQ(fs::status(At("file")).permissions(), fs::perms{0444});
}

TEST_F(PosixFileSystemTest, KnowsTheFreeSpace) {
  STA_ASSERT_OK_AND_ASSIGN(const int64_t free_bytes, files_.FreeBytes(directory_.path()));
  EXPECT_GT(free_bytes, 0);
  EXPECT_THAT(files_.FreeBytes(At("nothing")), StatusIs(kNotFound));
}

}  // namespace
}  // namespace sta
