// SPDX-License-Identifier: Apache-2.0
#include "accel/virtual_card/shim/card_rack.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "accel/virtual_card/shim/fault_injector.h"
#include "tests/support/temporary_directory.h"

namespace sta::virtual_xrt {
namespace {

class CardRackTest : public testing::Test {
 protected:
  const TemporaryDirectory directory_;
  CardRack rack_{{.directory = directory_.path(), .cards = {{}, {}}}};
};

TEST_F(CardRackTest, DoesWhatALineSays) {
  EXPECT_EQ(
      rack_.Control("status 1"),
      R"(ok {"buffers":0,"faults":0,"in_flight":0,"memory_used":0,"open":false,"present":true,"runs":0})");
  EXPECT_EQ(rack_.Control("fault 1 corrupt-download forever after=2"), "ok");
  FaultInjector& faults = rack_.cards()[1]->faults();
  EXPECT_FALSE(faults.Take(FaultKind::kCorruptDownload).has_value());
  EXPECT_FALSE(faults.Take(FaultKind::kCorruptDownload).has_value());
  EXPECT_TRUE(faults.Take(FaultKind::kCorruptDownload).has_value());
  EXPECT_EQ(rack_.Control(" clear\t1 \r"), "ok");
  EXPECT_FALSE(faults.Take(FaultKind::kCorruptDownload).has_value());
  EXPECT_EQ(rack_.Control("fault 1 slow=2.5"), "ok");
  EXPECT_EQ(faults.Take(FaultKind::kSlow)->factor, 2.5);
  for (const char* taken : {"remove 1", "fault 1 dead", "fault 1 remove"}) {
    EXPECT_EQ(rack_.Control(taken), "ok");
    EXPECT_FALSE(rack_.cards()[1]->is_present());
    EXPECT_EQ(rack_.Control("return 1"), "ok");
    EXPECT_TRUE(rack_.cards()[1]->is_present());
  }
}

TEST_F(CardRackTest, KnowsEveryFault) {
  for (const char* kind : {"hang", "hang-hard", "error", "abort", "wrong", "corrupt-upload",
                           "corrupt-download", "corrupt-memory", "slow=3", "alloc"}) {
    EXPECT_EQ(rack_.Control(std::string("fault 0 ") + kind), "ok") << kind;
  }
}

TEST_F(CardRackTest, SaysWhatIsWrongWithALine) {
  constexpr char kUsage[] =
      "error a command is: fault CARD KIND [count=N|forever] [after=N], clear CARD, status CARD, "
      "remove CARD or return CARD";
  const struct {
    const char* line;
    const char* reply;
  } cases[] = {
      {"", kUsage},
      {"status", kUsage},
      {"destroy 0", kUsage},
      {"status 2", "error there is no card 2, but 2"},
      {"status -1", "error there is no card -1, but 2"},
      {"status 0 1", "error '1' is one word too many"},
      {"fault 0", "error which fault?"},
      {"fault 0 fire", "error unknown fault 'fire'"},
      {"fault 0 slow", "error slow needs a factor: slow=4"},
      {"fault 0 slow=0.5", "error slow=FACTOR takes a number from 1 on, not slow=0.5"},
      {"fault 0 slow=inf", "error slow=FACTOR takes a number from 1 on, not slow=inf"},
      {"fault 0 hang count=0", "error 'count=0' is none of count=N, forever and after=N"},
      {"fault 0 hang after=-1", "error 'after=-1' is none of count=N, forever and after=N"},
      {"fault 0 hang 3", "error '3' is none of count=N, forever and after=N"},
      {"fault 0 dead count=2", "error 'count=2' is one word too many"},
  };
  for (const auto& [line, reply] : cases) EXPECT_EQ(rack_.Control(line), reply) << line;
}

}  // namespace
}  // namespace sta::virtual_xrt
