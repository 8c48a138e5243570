// SPDX-License-Identifier: Apache-2.0
#include "server/security/watched_files.h"

#include <filesystem>
#include <fstream>

#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace sta {
namespace {

using absl::StatusCode;
using testing::ElementsAre;
using testing::HasSubstr;

class WatchedFilesTest : public testing::Test {
 protected:
  std::string Path(const std::string& name) const { return directory_.path() / name; }
  void Write(const std::string& name, const std::string& text) const {
    std::ofstream(Path(name), std::ios::trunc) << text;
  }

  TemporaryDirectory directory_;
};

TEST_F(WatchedFilesTest, TellsTextsTheFirstTimeAndAfterEachChange) {
  Write("a", "one");
  Write("b", "two");
  WatchedFiles files({Path("a"), "", Path("b")});
  EXPECT_THAT(*files.Poll(), IsOkAndHolds(ElementsAre("one", "", "two")));
  EXPECT_FALSE(files.Poll().has_value());
  Write("b", "new");  // of the same length, and maybe within the resolution of dates
  EXPECT_THAT(*files.Poll(), IsOkAndHolds(ElementsAre("one", "", "new")));
  Write("a", "one");
  EXPECT_FALSE(files.Poll().has_value());
}

TEST_F(WatchedFilesTest, SeesALinkThatPointsElsewhere) {
  Write("first", "1");
  Write("second", "2");
  std::filesystem::create_symlink(Path("first"), Path("link"));
  WatchedFiles files({Path("link")});
  EXPECT_THAT(*files.Poll(), IsOkAndHolds(ElementsAre("1")));
  std::filesystem::create_symlink(Path("second"), Path("new"));
  std::filesystem::rename(Path("new"), Path("link"));
  EXPECT_THAT(*files.Poll(), IsOkAndHolds(ElementsAre("2")));
}

TEST_F(WatchedFilesTest, TellsOnceThatAFileCannotBeRead) {
  WatchedFiles files({Path("a")});
  EXPECT_THAT(*files.Poll(), StatusIs(StatusCode::kNotFound, HasSubstr(Path("a"))));
  EXPECT_FALSE(files.Poll().has_value());
  Write("a", "1");
  EXPECT_THAT(*files.Poll(), IsOkAndHolds(ElementsAre("1")));
  std::filesystem::remove(Path("a"));
  EXPECT_THAT(*files.Poll(), StatusIs(StatusCode::kNotFound));
}

TEST_F(WatchedFilesTest, ReadsNoMoreThanItShould) {
  Write("large", std::string((1 << 20) + 1, 'x'));
  EXPECT_THAT(*WatchedFiles({Path("large")}).Poll(),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("is over 1048576 bytes")));
  EXPECT_THAT(*WatchedFiles({directory_.path()}).Poll(), StatusIs(StatusCode::kNotFound));
}

}  // namespace
}  // namespace sta
