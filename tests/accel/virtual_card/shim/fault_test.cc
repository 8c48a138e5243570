// SPDX-License-Identifier: Apache-2.0
//
// What a program sees through XRT's C++ API of every fault that docs/virtual-cards.md describes.
#include <experimental/xrt_system.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <memory>
#include <new>
#include <nlohmann/json.hpp>
#include <system_error>

#include "accel/program/card/card_error.h"
#include "accel/program/card/checksum.h"
#include "accel/virtual_card/register_file.h"
#include "tests/accel/virtual_card/shim/shim_tester.h"

namespace sta::virtual_xrt {
namespace {

using std::chrono::milliseconds;

// The number of the error that `call` throws; 0 where it throws none.
template <typename Call>
int ThrownBy(const Call& call) {
  try {
    call();
    return 0;
  } catch (const std::system_error& error) {
    return error.code().value();
  }
}

class FaultTest : public ShimTest {
 protected:
  // One run on a healthy card.
  static void ExpectWorks(XrtHost& host) {
    EXPECT_EQ(host.Run(), ERT_CMD_STATE_COMPLETED);
    EXPECT_EQ(host.Register(card::kErrorRegister), 0);
    EXPECT_EQ(host.Output(), host.batch.expected);
  }

  const EncodedBatch batch_ = EncodedBatch::Make(11);
};

TEST_F(FaultTest, AHangLastsUntilTheAbort) {
  XrtHost host(kFunctional, batch_);
  host.Upload();
  EXPECT_EQ(Control("fault 0 hang"), "ok");
  host.run.start();
  EXPECT_EQ(host.run.wait(milliseconds(20)), ERT_CMD_STATE_TIMEOUT);
  EXPECT_EQ(Status(kFunctional).at("in_flight"), 1);
  EXPECT_EQ(host.run.abort(), ERT_CMD_STATE_ABORT);
  ExpectWorks(host);
  EXPECT_EQ(Status(kFunctional).at("runs"), 2);
}

TEST_F(FaultTest, AHardHangLastsUntilTheCardIsOpenedAgain) {
  auto host = std::make_unique<XrtHost>(kFunctional, batch_);
  host->Upload();
  EXPECT_EQ(Control("fault 0 hang-hard"), "ok");
  host->run.start();
  EXPECT_EQ(host->run.wait(milliseconds(20)), ERT_CMD_STATE_TIMEOUT);
  // xrt::run::abort() waits for the end of the run; a state that looks like one makes it come back.
  const std::atomic_ref<uint32_t> header(host->run.get_ert_packet()->header);
  header.store((header.load() & ~0xFU) | ERT_CMD_STATE_TIMEOUT);
  EXPECT_EQ(host->run.abort(), ERT_CMD_STATE_TIMEOUT);
  xrt::run next = host->MakeRun();
  next.start();
  EXPECT_EQ(next.wait(milliseconds(20)), ERT_CMD_STATE_TIMEOUT);
  EXPECT_EQ(Status(kFunctional).at("in_flight"), 2);
  next = xrt::run();
  host.reset();
  XrtHost again(kFunctional, batch_);
  again.Upload();
  ExpectWorks(again);
}

TEST_F(FaultTest, AnErrorStandsInTheKernelsRegister) {
  XrtHost host(kFunctional, batch_);
  host.Upload();
  EXPECT_EQ(Control("fault 0 error"), "ok");
  EXPECT_EQ(host.Run(), ERT_CMD_STATE_COMPLETED);
  EXPECT_EQ(host.Register(card::kErrorRegister),
            static_cast<uint32_t>(card::CardError::kReadResponse));
  ExpectWorks(host);
}

TEST_F(FaultTest, AnAbortIsTheStateOfTheRun) {
  XrtHost host(kFunctional, batch_);
  host.Upload();
  EXPECT_EQ(Control("fault 0 abort"), "ok");
  EXPECT_EQ(host.Run(), ERT_CMD_STATE_ABORT);
  ExpectWorks(host);
}

TEST_F(FaultTest, AWrongResultHasARightChecksum) {
  XrtHost host(kFunctional, batch_);
  host.Upload();
  EXPECT_EQ(Control("fault 0 wrong"), "ok");
  ASSERT_EQ(host.Run(), ERT_CMD_STATE_COMPLETED);
  host.Output();
  const uint32_t wrong = host.Register(card::kOutputChecksumRegister);
  EXPECT_EQ(wrong, host.OutputChecksum());
  ExpectWorks(host);
  EXPECT_NE(wrong, host.Register(card::kOutputChecksumRegister));
}

TEST_F(FaultTest, ACorruptUploadIsInTheInputChecksum) {
  XrtHost host(kFunctional, batch_);
  host.Upload();
  EXPECT_EQ(Control("fault 0 corrupt-upload"), "ok");
  host.input.sync(XCL_BO_SYNC_BO_TO_DEVICE, batch_.input.size(), 0);
  ASSERT_EQ(host.Run(), ERT_CMD_STATE_COMPLETED);
  EXPECT_NE(host.Register(card::kInputChecksumRegister), card::RegionChecksum(batch_.input, 0));
  host.Upload();
  ExpectWorks(host);
}

TEST_F(FaultTest, ACorruptDownloadDiffersFromTheOutputChecksum) {
  XrtHost host(kFunctional, batch_);
  host.Upload();
  ASSERT_EQ(host.Run(), ERT_CMD_STATE_COMPLETED);
  EXPECT_EQ(Control("fault 0 corrupt-download"), "ok");
  host.output.sync(XCL_BO_SYNC_BO_FROM_DEVICE, batch_.input.size(), 0);
  EXPECT_NE(host.Register(card::kOutputChecksumRegister), host.OutputChecksum());
  EXPECT_EQ(host.Output(), batch_.expected);
}

TEST_F(FaultTest, CorruptMemoryStaysUntilTheImageIsUploadedAgain) {
  XrtHost host(kFunctional, batch_);
  host.Upload();
  EXPECT_EQ(Control("fault 0 corrupt-memory"), "ok");
  for (int run = 0; run < 2; ++run) {
    ASSERT_EQ(host.Run(), ERT_CMD_STATE_COMPLETED);
    EXPECT_NE(host.Register(card::kProgramChecksumRegister), batch_.program_checksum);
  }
  host.Upload();
  ExpectWorks(host);
  EXPECT_EQ(host.Register(card::kProgramChecksumRegister), batch_.program_checksum);
}

TEST_F(FaultTest, ACardThatComputesNothingNoticesItsCorruptMemory) {
  XrtHost host(kNone, batch_);
  host.Upload();
  ASSERT_EQ(host.Run(), ERT_CMD_STATE_COMPLETED);
  EXPECT_EQ(Control("fault 1 corrupt-memory"), "ok");
  ASSERT_EQ(host.Run(), ERT_CMD_STATE_COMPLETED);
  EXPECT_NE(host.Register(card::kProgramChecksumRegister), batch_.program_checksum);
}

TEST_F(FaultTest, ASlowRunTakesAMultipleOfItsTime) {
  XrtHost host(kMillisecond, batch_);
  host.Upload();
  EXPECT_EQ(host.Run(), ERT_CMD_STATE_COMPLETED);
  EXPECT_EQ(Control("fault 4 slow=1e6"), "ok");
  host.run.start();
  EXPECT_EQ(host.run.wait(milliseconds(30)), ERT_CMD_STATE_TIMEOUT);
  EXPECT_EQ(host.run.abort(), ERT_CMD_STATE_ABORT);
  EXPECT_EQ(host.Run(), ERT_CMD_STATE_COMPLETED);
}

TEST_F(FaultTest, AnAllocationThatFailsSaysThatMemoryIsFull) {
  XrtHost host(kFunctional, batch_);
  const auto bank = static_cast<xrt::memory_group>(host.kernel.group_id(0));
  EXPECT_EQ(Control("fault 0 alloc"), "ok");
  EXPECT_THROW(xrt::bo(host.device, 4096, bank), std::bad_alloc);
  EXPECT_NO_THROW(xrt::bo(host.device, 4096, bank));
}

TEST_F(FaultTest, StrikesAsOftenAndAsLateAsItIsTold) {
  XrtHost host(kFunctional, batch_);
  host.Upload();
  EXPECT_EQ(Control("fault 0 abort count=2 after=1"), "ok");
  EXPECT_EQ(host.Run(), ERT_CMD_STATE_COMPLETED);
  EXPECT_EQ(host.Run(), ERT_CMD_STATE_ABORT);
  EXPECT_EQ(host.Run(), ERT_CMD_STATE_ABORT);
  EXPECT_EQ(host.Run(), ERT_CMD_STATE_COMPLETED);
  EXPECT_EQ(Control("fault 0 abort forever"), "ok");
  for (int i = 0; i < 3; ++i) EXPECT_EQ(host.Run(), ERT_CMD_STATE_ABORT);
  EXPECT_EQ(Control("clear 0"), "ok");
  ExpectWorks(host);
}

TEST_F(FaultTest, ADeadCardFailsEveryCallUntilItIsReturnedAndOpenedAgain) {
  auto host = std::make_unique<XrtHost>(kLong, batch_);
  XrtHost other(kFunctional, batch_);
  host->Upload();
  host->run.start();
  xrt::run next = host->MakeRun();
  const auto bank = static_cast<xrt::memory_group>(host->kernel.group_id(0));
  EXPECT_EQ(Control("fault 3 dead"), "ok");
  const auto expect_dead = [&] {
    EXPECT_EQ(ThrownBy([&] { host->input.sync(XCL_BO_SYNC_BO_TO_DEVICE); }), ENODEV);
    EXPECT_EQ(ThrownBy([&] { host->output.sync(XCL_BO_SYNC_BO_FROM_DEVICE); }), ENODEV);
    EXPECT_EQ(ThrownBy([&] { host->Register(card::kErrorRegister); }), ENODEV);
    EXPECT_EQ(ThrownBy([&] { xrt::bo(host->device, 4096, bank); }), ENODEV);
    EXPECT_TRUE(host->device.get_info<xrt::info::device::offline>());
  };
  expect_dead();
  EXPECT_EQ(ThrownBy([&] { next.start(); }), ENODEV);
  EXPECT_NE(host->run.state(), ERT_CMD_STATE_COMPLETED);
  EXPECT_EQ(host->run.wait(milliseconds(20)), ERT_CMD_STATE_TIMEOUT);  // nobody hears of it
  EXPECT_EQ(ThrownBy([] { xrt::device device(kLong); }), ENODEV);
  other.Upload();
  ExpectWorks(other);

  EXPECT_EQ(Control("return 3"), "ok");
  expect_dead();
  next = xrt::run();
  host.reset();
  XrtHost again(kLong, batch_);
  again.Upload();
  EXPECT_FALSE(again.device.get_info<xrt::info::device::offline>());
}

TEST_F(FaultTest, ARemovedCardEndsItsRunsAndComesBack) {
  auto host = std::make_unique<XrtHost>(kLong, batch_);
  host->Upload();
  xrt::run queued = host->MakeRun();
  host->run.start();
  queued.start();
  EXPECT_EQ(Control("remove 3"), "ok");
  EXPECT_EQ(WaitFor(host->run), ERT_CMD_STATE_ABORT);
  EXPECT_EQ(WaitFor(queued), ERT_CMD_STATE_ABORT);
  EXPECT_EQ(ThrownBy([&] { host->input.sync(XCL_BO_SYNC_BO_TO_DEVICE); }), ENODEV);
  EXPECT_EQ(ThrownBy([] { xrt::device device(kLong); }), ENODEV);
  EXPECT_EQ(xrt::system::enumerate_devices(), kCardCount);  // others keep their numbers
  EXPECT_EQ(Status(kLong).at("present"), false);

  EXPECT_EQ(Control("return 3"), "ok");
  XrtHost again(kLong, batch_);  // while the old one is still held
  again.Upload();
  EXPECT_EQ(Status(kLong).at("open"), true);
}

}  // namespace
}  // namespace sta::virtual_xrt
