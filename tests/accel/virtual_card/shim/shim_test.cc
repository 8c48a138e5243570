// SPDX-License-Identifier: Apache-2.0
//
// Virtual cards through XRT's C++ API.
#include <experimental/xrt_system.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <new>
#include <nlohmann/json.hpp>
#include <string>
#include <system_error>
#include <vector>

#include "accel/program/card/checksum.h"
#include "accel/virtual_card/register_file.h"
#include "tests/accel/virtual_card/shim/shim_tester.h"

namespace sta::virtual_xrt {
namespace {

TEST_F(ShimTest, AreAllSeenWithTheirNames) {
  EXPECT_EQ(xrt::system::enumerate_devices(), kCardCount);
  const xrt::device device(kNone);
  EXPECT_EQ(device.get_info<xrt::info::device::bdf>(), "0000:02:00.0");
  EXPECT_EQ(device.get_info<xrt::info::device::name>(), "sta_virtual_card");
  EXPECT_EQ(device.get_info<xrt::info::device::max_clock_frequency_mhz>(), 300);
  EXPECT_FALSE(device.get_info<xrt::info::device::offline>());
}

TEST_F(ShimTest, HaveATemperature) {
  const xrt::device device(kNone);
  const auto thermal = nlohmann::json::parse(device.get_info<xrt::info::device::thermal>());
  int present = 0;
  for (const auto& sensor : thermal.at("thermals")) {
    if (sensor.at("is_present") != "true") continue;
    ++present;
    EXPECT_EQ(sensor.at("temp_C"), "45");
  }
  EXPECT_EQ(present, 1);
}

TEST_F(ShimTest, ComputesWhatTheReferenceComputes) {
  for (uint64_t seed = 1; seed <= 3; ++seed) {
    const EncodedBatch batch = EncodedBatch::Make(seed);
    XrtHost host(kFunctional, batch);
    host.Upload();
    ASSERT_EQ(host.Run(), ERT_CMD_STATE_COMPLETED);
    EXPECT_EQ(host.Output(), batch.expected);
    EXPECT_EQ(host.Register(card::kErrorRegister), 0);
    EXPECT_EQ(host.Register(card::kProgramChecksumRegister), batch.program_checksum);
    EXPECT_EQ(host.Register(card::kOutputChecksumRegister), host.OutputChecksum());
  }
}

TEST_F(ShimTest, ACardThatComputesNothingReportsWhatARunWouldHave) {
  const EncodedBatch batch = EncodedBatch::Make(4);
  XrtHost host(kNone, batch);
  host.Upload();
  for (int run = 0; run < 2; ++run) {  // the second time it knows the stream
    ASSERT_EQ(host.Run(), ERT_CMD_STATE_COMPLETED);
    host.Output();
    EXPECT_EQ(host.Register(card::kErrorRegister), 0);
    EXPECT_EQ(host.Register(card::kProgramChecksumRegister), batch.program_checksum);
    EXPECT_EQ(host.Register(card::kInputChecksumRegister), card::RegionChecksum(batch.input, 0));
    EXPECT_EQ(host.Register(card::kOutputChecksumRegister), host.OutputChecksum());
  }
}

TEST_F(ShimTest, AMissingUploadShows) {
  const EncodedBatch batch = EncodedBatch::Make(5);
  XrtHost host(kFunctional, batch);
  host.program.sync(XCL_BO_SYNC_BO_TO_DEVICE);
  host.instructions.sync(XCL_BO_SYNC_BO_TO_DEVICE);
  ASSERT_EQ(host.Run(), ERT_CMD_STATE_COMPLETED);
  EXPECT_NE(host.Output(), batch.expected);
  EXPECT_NE(host.Register(card::kInputChecksumRegister), card::RegionChecksum(batch.input, 0));
}

TEST_F(ShimTest, AMissingDownloadShows) {
  const EncodedBatch batch = EncodedBatch::Make(6);
  XrtHost host(kFunctional, batch);
  host.Upload();
  ASSERT_EQ(host.Run(), ERT_CMD_STATE_COMPLETED);
  EXPECT_NE(host.Register(card::kOutputChecksumRegister), host.OutputChecksum());
  EXPECT_EQ(host.Output(), batch.expected);
}

TEST_F(ShimTest, RunsOneAfterTheOther) {
  const EncodedBatch batch = EncodedBatch::Make(7);
  XrtHost host(kFunctional, batch);
  host.Upload();
  xrt::run second = host.MakeRun();
  host.run.start();
  second.start();
  EXPECT_EQ(WaitFor(second), ERT_CMD_STATE_COMPLETED);
  EXPECT_EQ(host.run.state(), ERT_CMD_STATE_COMPLETED);  // the first was over before
  EXPECT_EQ(host.Output(), batch.expected);
}

TEST_F(ShimTest, AnAbortEndsTheRunAndLetsTheNextBegin) {
  const EncodedBatch batch = EncodedBatch::Make(8);
  XrtHost host(kLong, batch);
  host.Upload();
  host.run.start();
  EXPECT_EQ(host.run.wait(std::chrono::milliseconds(1)), ERT_CMD_STATE_TIMEOUT);
  xrt::run queued = host.MakeRun();
  queued.start();
  EXPECT_EQ(queued.abort(), ERT_CMD_STATE_ABORT);
  EXPECT_EQ(Status(kLong).at("in_flight"), 1);
  EXPECT_EQ(host.run.abort(), ERT_CMD_STATE_ABORT);
  host.run.start();
  EXPECT_EQ(host.run.abort(), ERT_CMD_STATE_ABORT);
}

TEST_F(ShimTest, SaysWhenTheCardIsSmallerThanTheXclbinsBank) {
  const EncodedBatch batch = EncodedBatch::Make(9);
  testing::internal::CaptureStderr();
  { const XrtHost host(kSmall, batch); }
  EXPECT_THAT(testing::internal::GetCapturedStderr(),
              testing::HasSubstr("bank has 16 MB, the card's memory_mb is 1\n"));
  testing::internal::CaptureStderr();
  { const XrtHost host(kFunctional, batch); }
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST_F(ShimTest, SaysWhenMemoryIsFull) {
  const EncodedBatch batch = EncodedBatch::Make(9);
  XrtHost host(kSmall, batch);
  const auto bank = static_cast<xrt::memory_group>(host.kernel.group_id(0));
  EXPECT_THROW(xrt::bo(host.device, 1 << 20, bank), std::bad_alloc);
  const xrt::bo half(host.device, 1 << 19, bank);
  EXPECT_THROW(xrt::bo(host.device, 1 << 19, bank), std::bad_alloc);
}

}  // namespace
}  // namespace sta::virtual_xrt
