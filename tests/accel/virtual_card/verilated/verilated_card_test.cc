// SPDX-License-Identifier: Apache-2.0
//
// The circuit as a card behind XRT: the real XRT, our shim, and Verilator's model of the kernel.
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "accel/device.h"
#include "accel/program/compiler.h"
#include "accel/program/random_encoder.h"
#include "accel/rtl/dv/simulated_array.h"
#include "accel/xrt/xrt_device.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/random_values.h"
#include "tests/support/reference_batch.h"
#include "tests/support/status_matchers.h"
#include "tests/support/virtual_cards.h"

namespace sta {
namespace {

using testing::HasSubstr;

// Runs take milliseconds of simulation where a card would take microseconds.
constexpr absl::Duration kNeverHangs = absl::Minutes(1);

class VerilatedCardTest : public testing::Test {
 protected:
  static absl::StatusOr<std::unique_ptr<Device>> Open(const card::CardConfig& config,
                                                      absl::Duration timeout = kNeverHangs) {
    static VirtualCards cards({{.body = "verilated"}});
    return XrtDevice::Open({.xclbin_path = cards.Xclbin(config), .card_timeout = timeout});
  }
};

std::shared_ptr<const Program> RandomProgram(uint64_t seed) {
  RandomValues random(seed);
  RandomEncoderOptions options = {.seed = seed,
                                  .intermediate_size = random.Uniform(1, 90),
                                  .layers = random.Uniform(0, 2),
                                  .heads = static_cast<int32_t>(random.Uniform(1, 3))};
  options.hidden_size = options.heads * random.Uniform(1, 20);
  options.pattern = random.Pick<Pattern>({Pattern::Dense(), {2, 8}, {1, 16}, {3, 4}});
  return CompileProgram(RandomEncoder(options)).value();
}

TEST_F(VerilatedCardTest, RandomEncodersGiveTheBitsOfTheReference) {
  for (const card::CardConfig& config : {rtl::SimulatedArray(4, 4), rtl::SimulatedArray(8, 8)}) {
    STA_ASSERT_OK_AND_ASSIGN(const std::unique_ptr<Device> device, Open(config));
    for (uint64_t seed = 1; seed <= 8; ++seed) {
      SCOPED_TRACE(testing::Message() << config.Name() << ", seed " << seed);
      const std::shared_ptr<const Program> program = RandomProgram(seed);
      STA_ASSERT_OK_AND_ASSIGN(const auto loaded, device->Load(program));
      ReferenceBatch batch(*program, {static_cast<int32_t>(seed * 5), 1, 9}, seed);
      ASSERT_THAT(device->Run(*loaded, batch.batch(), batch.output(), absl::InfiniteFuture()),
                  IsOk());
      EXPECT_TRUE(batch.IsRight());
    }
  }
}

TEST_F(VerilatedCardTest, UploadsDuringARunDisturbNothing) {
  STA_ASSERT_OK_AND_ASSIGN(const std::unique_ptr<Device> device, Open(rtl::SimulatedArray(8, 8)));
  const std::shared_ptr<const Program> program = RandomProgram(1);
  STA_ASSERT_OK_AND_ASSIGN(const auto loaded, device->Load(program));
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    ReferenceBatch first(*program, {21, 3}, seed);
    ReferenceBatch second(*program, {4, 30}, seed + 100);
    STA_ASSERT_OK_AND_ASSIGN(
        auto first_pending,
        device->Start(*loaded, first.batch(), first.output(), absl::InfiniteFuture()));
    STA_ASSERT_OK_AND_ASSIGN(
        auto second_pending,
        device->Start(*loaded, second.batch(), second.output(), absl::InfiniteFuture()));
    ASSERT_THAT(first_pending->Finish(), IsOk());
    ASSERT_THAT(second_pending->Finish(), IsOk());
    EXPECT_TRUE(first.IsRight());
    EXPECT_TRUE(second.IsRight());
  }
}

// A run of half a second is stopped in its midst, and the card works on when it has been opened
// again.
TEST_F(VerilatedCardTest, ARunThatTakesTooLongIsStopped) {
  const std::shared_ptr<const Program> program =
      CompileProgram(RandomEncoder({.hidden_size = 256, .intermediate_size = 1024, .heads = 4}))
          .value();
  ReferenceBatch batch(*program, {8}, 1);
  {
    STA_ASSERT_OK_AND_ASSIGN(const std::unique_ptr<Device> device,
                             Open(rtl::SimulatedArray(4, 4), absl::Milliseconds(5)));
    STA_ASSERT_OK_AND_ASSIGN(const auto loaded, device->Load(program));
    EXPECT_THAT(device->Run(*loaded, batch.batch(), batch.output(), absl::InfiniteFuture()),
                StatusIs(absl::StatusCode::kUnavailable));
    EXPECT_EQ(device->health(), DeviceHealth::kFailed);
  }
  STA_ASSERT_OK_AND_ASSIGN(const std::unique_ptr<Device> device, Open(rtl::SimulatedArray(4, 4)));
  STA_ASSERT_OK_AND_ASSIGN(const auto loaded, device->Load(program));
  ASSERT_THAT(device->Run(*loaded, batch.batch(), batch.output(), absl::InfiniteFuture()), IsOk());
  EXPECT_TRUE(batch.IsRight());
}

TEST_F(VerilatedCardTest, AnArrayThatWasNotBuiltIsRefused) {
  card::CardConfig config = rtl::SimulatedArray(8, 8);
  const int64_t built = std::exchange(config.residual_beats, 2048);
  const std::string message =
      "the simulated array 8x8x8 has residual_beats " + std::to_string(built) + ", not 2048";
  EXPECT_THAT(Open(config), StatusIs(absl::StatusCode::kUnavailable, HasSubstr(message)));
  EXPECT_THAT(Open(*card::CardConfig::Preset("16x16x8")),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("there are 4x4x4 and 8x8x8")));
}

}  // namespace
}  // namespace sta
