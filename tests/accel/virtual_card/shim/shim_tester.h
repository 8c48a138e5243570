// SPDX-License-Identifier: Apache-2.0
//
// ShimTest: this process's virtual cards behind XRT's own API, and an encoder to run on them.
//
//   XrtHost host(kFunctional, encoder);
//   host.Upload();
//   host.run.start();
//   host.run.wait();
//   EXPECT_EQ(host.Output(), encoder.expected);
#ifndef TESTS_ACCEL_VIRTUAL_CARD_SHIM_SHIM_TESTER_H_
#define TESTS_ACCEL_VIRTUAL_CARD_SHIM_SHIM_TESTER_H_

#include <experimental/xrt_xclbin.h>
#include <gtest/gtest.h>
#include <xrt/xrt_bo.h>
#include <xrt/xrt_device.h>
#include <xrt/xrt_kernel.h>

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <vector>

#include "accel/program/card/batch_schedule.h"
#include "accel/program/card/card_config.h"
#include "accel/program/card/card_image.h"
#include "accel/xrt/xclbin/xclbin.h"

namespace sta::virtual_xrt {

// The cards of the process.
enum TestCard : unsigned int {
  kFunctional,
  kNone,
  kSmall,        // functional, 1 MB
  kLong,         // none, but a run takes a minute
  kMillisecond,  // none, but a run takes a millisecond
  kCardCount
};

// A random encoder and batch, what the reference makes of it, and what a card needs for it.
struct EncodedBatch {
  static EncodedBatch Make(uint64_t seed);

  card::CardConfig config;
  card::CardImage image;
  card::ScheduledRun run;
  std::vector<uint8_t> instructions;
  std::vector<uint8_t> input;
  std::vector<int16_t> expected;
  uint32_t program_checksum = 0;
};

xrt::xclbin XclbinOf(const StaXclbinOptions& options);
xrt::xclbin XclbinOf(std::span<const uint8_t> bytes);

// Everything of XRT for one run at a time.
class XrtHost {
 public:
  XrtHost(unsigned int card, const EncodedBatch& batch);

  // All three regions to the card.
  void Upload();
  // Downloads first.
  std::vector<int16_t> Output();
  // What the card should have in its registers.
  uint32_t OutputChecksum();

  uint32_t Register(uint32_t offset) { return kernel.read_register(offset); }
  // A run with this host's arguments, not started.
  xrt::run MakeRun();
  // Starts `run` and waits for its end.
  ert_cmd_state Run();

  const EncodedBatch& batch;
  xrt::device device;
  xrt::uuid uuid;
  xrt::kernel kernel;
  xrt::bo program;
  xrt::bo instructions;
  xrt::bo input;
  xrt::bo output;
  xrt::run run;
};

class ShimTest : public testing::Test {
 protected:
  static void SetUpTestSuite();
  // Every card is as it was at the start.
  void TearDown() override;

  // The reply to a line of the control channel.
  static std::string Control(const std::string& line);
  static nlohmann::json Status(unsigned int card);
  // Where the lock files and the control socket are.
  static std::string Directory();
};

// Blocks until the run is over.
ert_cmd_state WaitFor(xrt::run& run);

}  // namespace sta::virtual_xrt

#endif  // TESTS_ACCEL_VIRTUAL_CARD_SHIM_SHIM_TESTER_H_
