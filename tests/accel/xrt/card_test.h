// SPDX-License-Identifier: Apache-2.0
//
// Tests of XrtDevice on virtual cards: the real XRT, our shim, the functional model.
#ifndef TESTS_ACCEL_XRT_CARD_TEST_H_
#define TESTS_ACCEL_XRT_CARD_TEST_H_

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "accel/device.h"
#include "accel/program/compiler.h"
#include "accel/program/random_encoder.h"
#include "accel/xrt/xrt_device.h"
#include "tests/support/reference_batch.h"
#include "tests/support/status_matchers.h"
#include "tests/support/virtual_cards.h"

namespace sta {

// What the process has.
inline constexpr int kPlainCard = 0;
inline constexpr int kSmallCard = 1;  // 1 MB
inline constexpr int kSlowCard = 2;   // every run takes kSlowRun
inline constexpr absl::Duration kSlowRun = absl::Milliseconds(60);

inline VirtualCards& Cards() {
  static VirtualCards cards(
      {{}, {.memory_mb = 1}, {.compute_us_per_run = absl::ToInt64Microseconds(kSlowRun)}});
  return cards;
}

class CardTest : public testing::Test {
 protected:
  // Without faults of another test.
  std::unique_ptr<Device> Open(int index, XrtCardOptions options = {}) {
    Cards().Control("clear " + std::to_string(index));
    options.index = index;
    if (options.xclbin_path.empty()) options.xclbin_path = Cards().Xclbin(config_);
    auto device = XrtDevice::Open(options);
    EXPECT_THAT(device, IsOk());
    return device.ok() ? *std::move(device) : nullptr;
  }

  // Runs one batch, which fills its token groups; whether its rows are the reference's.
  absl::StatusOr<bool> RunOne(Device& device, const LoadedProgram& loaded, const Program& program,
                              uint64_t seed = 1) {
    ReferenceBatch batch(program, {8, 16}, seed);
    absl::Status status = device.Run(loaded, batch.batch(), batch.output(), absl::InfiniteFuture());
    if (!status.ok()) return status;
    return batch.IsRight();
  }

  card::CardConfig config_ = *card::CardConfig::Preset("8x8x8");
  const std::shared_ptr<const Program> program_ = *CompileProgram(RandomEncoder({}));
};

}  // namespace sta

#endif  // TESTS_ACCEL_XRT_CARD_TEST_H_
