// SPDX-License-Identifier: Apache-2.0
#include "accel/device_pool/known_answer.h"

#include <gtest/gtest.h>

#include <set>

#include "accel/program/card/card_image.h"
#include "tests/support/fake_pool.h"
#include "tests/support/status_matchers.h"

namespace sta {
namespace {

using testing::HasSubstr;

TEST(KnownAnswerTest, ADeviceThatComputesRightPasses) {
  const KnownAnswer answer;
  EXPECT_THAT(answer.Probe(*MakeFakeDevice({.name = "a"}), absl::InfiniteFuture()), IsOk());
}

TEST(KnownAnswerTest, OneWrongBitFails) {
  const KnownAnswer answer;
  const auto device = MakeFakeDevice({.name = "a"});
  device->ComputeWrong(true);
  EXPECT_THAT(answer.Probe(*device, absl::InfiniteFuture()),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("answers the probe wrong")));
}

TEST(KnownAnswerTest, FailuresOfTheDeviceComeThrough) {
  const KnownAnswer answer;
  const auto device = MakeFakeDevice({.name = "a"});
  device->FailNext(absl::UnavailableError("hang"));
  EXPECT_THAT(answer.Probe(*device, absl::InfiniteFuture()),
              StatusIs(absl::StatusCode::kUnavailable, "hang"));
  device->FailLoad(absl::ResourceExhaustedError("full"));
  EXPECT_THAT(answer.Probe(*device, absl::InfiniteFuture()),
              StatusIs(absl::StatusCode::kResourceExhausted, "full"));
}

TEST(KnownAnswerTest, RowsAreNotAllAlike) {
  const KnownAnswer answer;
  const std::vector<int16_t>& rows = answer.expected_rows();
  EXPECT_GT(std::set<int16_t>(rows.begin(), rows.end()).size(), rows.size() / 4);
}

TEST(KnownAnswerTest, FitsEveryArray) {
  const KnownAnswer answer;
  for (const char* size : {"4x4x4", "8x8x8", "16x16x8"}) {
    EXPECT_THAT(card::MakeCardImage(*answer.program(), *card::CardConfig::Preset(size)), IsOk())
        << size;
  }
}

}  // namespace
}  // namespace sta
