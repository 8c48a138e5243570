// SPDX-License-Identifier: Apache-2.0
//
// A process whose file of cards is wrong: each a process of its own, as the file is read once.
#include <dlfcn.h>
#include <experimental/xrt_system.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <cstddef>
#include <cstdio>
#include <exception>
#include <fstream>
#include <string>

#include "tests/support/temporary_directory.h"

namespace sta::virtual_xrt {
namespace {

using testing::ExitedWithCode;

constexpr int kNoCards = 3;

// Ends the process: says what XRT throws, and what the control channel answers.
[[noreturn]] void AskForCards(const std::string& spec) {
  setenv("STA_VIRTUAL_CARDS", spec.c_str(), /*replace=*/1);
  void* const shim = dlopen(STA_VIRTUAL_XRT_LIBRARY, RTLD_NOW | RTLD_GLOBAL);
  const auto control = reinterpret_cast<int (*)(const char*, char*, size_t)>(
      dlsym(shim, "sta_virtual_card_control"));
  char reply[16];  // too small: it is cut
  if (control("status 0", reply, sizeof(reply)) == 0) _exit(1);
  try {
    xrt::system::enumerate_devices();
  } catch (const std::exception& exception) {
    std::fprintf(stderr, "%s; %s.\n", exception.what(), reply);
    _exit(kNoCards);
  }
  _exit(2);
}

class BrokenSpecDeathTest : public testing::Test {
 protected:
  BrokenSpecDeathTest() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }

  const TemporaryDirectory directory_;
  const std::string path_ = directory_.path() / "cards.json";
};

TEST_F(BrokenSpecDeathTest, ThereIsNone) {
  EXPECT_EXIT(AskForCards(""), ExitedWithCode(kNoCards),
              "STA_VIRTUAL_CARDS names no file of virtual cards; error STA_VIRT.");
}

TEST_F(BrokenSpecDeathTest, ACardIsOfSomethingElse) {
  std::ofstream(path_) << R"({"directory": "d", "cards": [{"body": "clay"}]})";
  EXPECT_EXIT(AskForCards(path_), ExitedWithCode(kNoCards), "cards.0. body is \"clay\"");
}

TEST_F(BrokenSpecDeathTest, TheDirectoryCannotBe) {
  std::ofstream(path_) << R"({"directory": "/dev/null/cards", "cards": []})";
  EXPECT_EXIT(AskForCards(path_), ExitedWithCode(kNoCards),
              "cannot make the directory /dev/null/cards: Not a directory");
}

TEST_F(BrokenSpecDeathTest, TheDirectorysNameIsTooLongForASocket) {
  const std::string directory = directory_.path() / std::string(100, 'd');
  std::ofstream(path_) << R"({"cards": [], "directory": ")" << directory << "\"}";
  EXPECT_EXIT(AskForCards(path_), ExitedWithCode(kNoCards), "is longer than 107 bytes");
}

}  // namespace
}  // namespace sta::virtual_xrt
