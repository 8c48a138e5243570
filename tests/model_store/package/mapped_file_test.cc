// SPDX-License-Identifier: Apache-2.0
#include "model_store/package/mapped_file.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <functional>

#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace sta {
namespace {

using testing::HasSubstr;

namespace fs = std::filesystem;

constexpr size_t kBytes = 100'000;
constexpr const char* kDamage =
    "file 'weights' was cut short, changed or unreadable while it was in use";

class MappedFileTest : public testing::Test {
 protected:
  MappedFileTest() { Write('x'); }

  void Write(char fill) {
    std::ofstream(path_, std::ios::binary | std::ios::trunc) << std::string(kBytes, fill);
  }
  // As a write does that is later than a tick of the clock.
  void MoveTime() {
    fs::last_write_time(path_, fs::last_write_time(path_) + std::chrono::hours(1));
  }

  const TemporaryDirectory temporary_;
  const fs::path path_ = temporary_.path() / "weights";
};

TEST_F(MappedFileTest, ReadsAFile) {
  STA_ASSERT_OK_AND_ASSIGN(const auto file, MappedFile::Open(path_));
  EXPECT_EQ(file->text(), std::string(kBytes, 'x'));
  EXPECT_EQ(file->bytes().size(), kBytes);
  EXPECT_EQ(file->name(), "weights");
  EXPECT_THAT(file->CheckIntact(), IsOk());
  EXPECT_FALSE(file->damaged());
}

TEST_F(MappedFileTest, AnEmptyFileIsEmptyAndMustStaySo) {
  fs::resize_file(path_, 0);
  STA_ASSERT_OK_AND_ASSIGN(const auto file, MappedFile::Open(path_));
  EXPECT_TRUE(file->bytes().empty());
  EXPECT_THAT(file->CheckIntact(), IsOk());
  Write('y');
  EXPECT_THAT(file->CheckIntact(), StatusIs(absl::StatusCode::kDataLoss, kDamage));
}

TEST_F(MappedFileTest, RefusesWhatIsNoRegularFileWithoutWaiting) {
  const fs::path fifo = temporary_.path() / "fifo";
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  const fs::path socket_path = temporary_.path() / "socket";
  const int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{.sun_family = AF_UNIX};
  ASSERT_LT(socket_path.string().size(), sizeof(address.sun_path));
  socket_path.string().copy(address.sun_path, sizeof(address.sun_path) - 1);
  ASSERT_EQ(bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  close(listener);
  const fs::path link = temporary_.path() / "link";
  fs::create_symlink(path_, link);
  const std::vector<std::pair<fs::path, const char*>> cases = {
      {fifo, "file 'fifo' is not a regular file"},
      {socket_path, "file 'socket' is not a regular file"},
      {temporary_.path(), "is not a regular file"},
      {"/dev/zero", "file 'zero' is not a regular file"},
      {link, "file 'link' is a symbolic link"},
  };
  for (const auto& [path, message] : cases) {
    EXPECT_THAT(MappedFile::Open(path), StatusIs(absl::StatusCode::kDataLoss, HasSubstr(message)));
  }
  EXPECT_THAT(MappedFile::Open(temporary_.path() / "nothing"),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("cannot open file 'nothing'")));
}

TEST_F(MappedFileTest, AFileThatIsCutShortReadsAsZerosAndSaysSo) {
  STA_ASSERT_OK_AND_ASSIGN(const auto file, MappedFile::Open(path_));
  fs::resize_file(path_, 10);
  EXPECT_EQ(std::string(file->text()).back(), 0);
  EXPECT_TRUE(file->damaged());
  EXPECT_THAT(file->CheckIntact(), StatusIs(absl::StatusCode::kDataLoss, kDamage));
}

TEST_F(MappedFileTest, TheLastPageIsZerosWithoutAFault) {
  STA_ASSERT_OK_AND_ASSIGN(const auto file, MappedFile::Open(path_));
  fs::resize_file(path_, kBytes - 1);
  EXPECT_EQ(std::string(file->text()).back(), 0);
  EXPECT_FALSE(file->damaged());  // nobody can know without asking for the size
  EXPECT_THAT(file->CheckIntact(), StatusIs(absl::StatusCode::kDataLoss, kDamage));
  EXPECT_TRUE(file->damaged());
}

TEST_F(MappedFileTest, DamageIsForGood) {
  STA_ASSERT_OK_AND_ASSIGN(const auto file, MappedFile::Open(path_));
  const fs::file_time_type time = fs::last_write_time(path_);
  fs::resize_file(path_, kBytes - 1);
  EXPECT_THAT(file->CheckIntact(), StatusIs(absl::StatusCode::kDataLoss, kDamage));
  Write('x');
  fs::last_write_time(path_, time);
  EXPECT_THAT(file->CheckIntact(), StatusIs(absl::StatusCode::kDataLoss, kDamage));
  STA_ASSERT_OK_AND_ASSIGN(const auto again, MappedFile::Open(path_));
  EXPECT_THAT(again->CheckIntact(), IsOk());
}

TEST_F(MappedFileTest, AChangeInPlaceShowsInTheTime) {
  STA_ASSERT_OK_AND_ASSIGN(const auto file, MappedFile::Open(path_));
  Write('y');
  MoveTime();
  EXPECT_THAT(file->CheckIntact(), StatusIs(absl::StatusCode::kDataLoss, kDamage));
}

TEST_F(MappedFileTest, WhatLeavesTheBytesAloneIsNoDamage) {
  STA_ASSERT_OK_AND_ASSIGN(const auto file, MappedFile::Open(path_));
  const fs::path moved = temporary_.path() / "moved";
  const std::vector<std::pair<const char*, std::function<void()>>> cases = {
      {"chmod", [&] { fs::permissions(path_, fs::perms::owner_read); }},
      {"link", [&] { fs::create_hard_link(path_, temporary_.path() / "link"); }},
      {"rename", [&] { fs::rename(path_, moved); }},
      {"another file of the name", [&] { Write('y'); }},
      {"removal", [&] { fs::remove(moved); }},
  };
  for (const auto& [what, action] : cases) {
    action();
    EXPECT_THAT(file->CheckIntact(), IsOk()) << what;
    EXPECT_EQ(file->text().back(), 'x') << what;
  }
}

}  // namespace
}  // namespace sta
