// SPDX-License-Identifier: Apache-2.0
#include "accel/reference/reference_device.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "accel/program/compiler.h"
#include "accel/program/random_encoder.h"
#include "accel/reference/interpreter.h"
#include "tests/support/random_rows.h"
#include "tests/support/status_matchers.h"

namespace sta {
namespace {

using testing::HasSubstr;

class ReferenceDeviceTest : public testing::Test {
 protected:
  void SetUp() override {
    STA_ASSERT_OK_AND_ASSIGN(program_, CompileProgram(RandomEncoder({.seed = 21})));
    STA_ASSERT_OK_AND_ASSIGN(loaded_, device_.Load(program_));
  }

  std::shared_ptr<const Program> program_;
  ReferenceDevice device_;
  std::unique_ptr<LoadedProgram> loaded_;
};

TEST_F(ReferenceDeviceTest, RunsTheInterpreter) {
  const std::vector<int16_t> rows = RandomRows(7, program_->hidden_size, 1);
  const std::vector<int32_t> offsets = {0, 3, 7};
  std::vector<int16_t> output(rows.size());
  std::vector<int16_t> expected(rows.size());
  ASSERT_THAT(device_.Run(*loaded_, {rows, offsets}, output, absl::InfiniteFuture()), IsOk());
  ASSERT_THAT(Interpret(*program_, {rows, offsets}, expected, nullptr), IsOk());
  EXPECT_EQ(output, expected);
  EXPECT_EQ(device_.health(), DeviceHealth::kHealthy);
  EXPECT_EQ(device_.caps().kind, "reference");
}

TEST_F(ReferenceDeviceTest, PassedDeadlineEndsTheRun) {
  const std::vector<int16_t> rows = RandomRows(1, program_->hidden_size, 2);
  const std::vector<int32_t> offsets = {0, 1};
  std::vector<int16_t> output(rows.size());
  EXPECT_THAT(device_.Run(*loaded_, {rows, offsets}, output, absl::InfinitePast()),
              StatusIs(absl::StatusCode::kDeadlineExceeded, HasSubstr("out of time")));
}

TEST_F(ReferenceDeviceTest, RefusesABatchOverItsLimit) {
  const int32_t tokens = static_cast<int32_t>(device_.caps().max_tokens) + 1;
  const std::vector<int32_t> offsets = {0, 1, tokens};
  EXPECT_THAT(device_.Run(*loaded_, {{}, offsets}, {}, absl::InfiniteFuture()),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("65537 tokens")));
}

TEST_F(ReferenceDeviceTest, EstimateGrowsWithTokens) {
  const absl::Duration one = device_.EstimateRun(*loaded_, std::vector<int32_t>{0, 1});
  const absl::Duration ten = device_.EstimateRun(*loaded_, std::vector<int32_t>{0, 10});
  EXPECT_GT(one, absl::ZeroDuration());
  EXPECT_GT(ten, one);
  EXPECT_EQ(device_.EstimateRun(*loaded_, {}), absl::ZeroDuration());
}

}  // namespace
}  // namespace sta
