// SPDX-License-Identifier: Apache-2.0
#include "accel/virtual_card/shim/ert_packet.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <variant>
#include <vector>

#include "tests/support/status_matchers.h"

namespace sta::virtual_xrt {
namespace {

using testing::ElementsAre;

uint32_t Header(uint32_t opcode, uint32_t count, uint32_t extra_masks = 0) {
  ert_start_kernel_cmd command = {};
  command.state = ERT_CMD_STATE_NEW;
  command.opcode = opcode;
  command.count = count;
  command.extra_cu_masks = extra_masks;
  return command.header;
}

TEST(ErtPacketTest, AStartHasTheRegisters) {
  const std::vector<uint32_t> words = {Header(ERT_START_CU, 4), 1, 7, 8, 9, 10};
  const auto command = ParsePacket(words);
  ASSERT_THAT(command, IsOk());
  EXPECT_THAT(std::get<StartCommand>(*command).registers, ElementsAre(7, 8, 9));
}

TEST(ErtPacketTest, AStartMayHaveMoreMasks) {
  const std::vector<uint32_t> words = {Header(ERT_START_CU, 4, 2), 1, 0, 0, 9};
  const auto command = ParsePacket(words);
  ASSERT_THAT(command, IsOk());
  EXPECT_THAT(std::get<StartCommand>(*command).registers, ElementsAre(9));
}

TEST(ErtPacketTest, AnAbortHasAHandle) {
  const std::vector<uint32_t> words = {Header(ERT_ABORT, 2), 0, 42, 0};
  const auto command = ParsePacket(words);
  ASSERT_THAT(command, IsOk());
  EXPECT_EQ(std::get<AbortCommand>(*command).buffer, 42);
}

TEST(ErtPacketTest, RefusesWhatIsNoCommand) {
  const struct {
    std::vector<uint32_t> words;
    const char* message;
  } cases[] = {
      {{}, "a packet without a header"},
      {{Header(ERT_START_CU, 3), 1, 0}, "a packet of 3 words in a buffer of 3"},
      {{Header(ERT_START_CU, 0), 1}, "a start of another unit than the first, the only one"},
      {{Header(ERT_START_CU, 2), 2, 0}, "a start of another unit than the first, the only one"},
      {{Header(ERT_START_CU, 2, 3), 1, 0, 0},
       "a start of another unit than the first, the only one"},
      {{Header(ERT_ABORT, 1), 42}, "an abort of nothing"},
      {{Header(ERT_CONFIGURE, 1), 0}, "a packet with the opcode 2"},
  };
  for (const auto& [words, message] : cases) {
    EXPECT_THAT(ParsePacket(words), StatusIs(absl::StatusCode::kInvalidArgument, message));
  }
}

TEST(ErtPacketTest, TheStateIsAllThatTheCardWrites) {
  std::vector<uint32_t> words = {0xFFFFFFF1, 0xFFFFFFFF};
  StorePacketState(words, ERT_CMD_STATE_COMPLETED);
  EXPECT_THAT(words, ElementsAre(0xFFFFFFF4, 0xFFFFFFFF));
}

}  // namespace
}  // namespace sta::virtual_xrt
