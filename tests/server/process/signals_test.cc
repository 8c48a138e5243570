// SPDX-License-Identifier: Apache-2.0
#include "server/process/signals.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

namespace sta {
namespace {

// Each runs in a child process, so that the test's own signal mask stays as it is.
TEST(SignalsDeathTest, TheFirstSignalIsAnEvent) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  for (int number : {SIGTERM, SIGINT}) {
    EXPECT_EXIT(
        {
          BlockStopSignals();
          kill(getpid(), number);
          _exit(WaitForStopSignal() == number ? 0 : 1);
        },
        testing::ExitedWithCode(0), "");
  }
}

TEST(SignalsDeathTest, TheSecondEndsAtOnce) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        BlockStopSignals();
        kill(getpid(), SIGTERM);
        WaitForStopSignal();
        ExitOnNextStopSignal();
        kill(getpid(), SIGINT);
        while (true) pause();
      },
      testing::ExitedWithCode(128 + SIGINT), "");
}

}  // namespace
}  // namespace sta
