// SPDX-License-Identifier: Apache-2.0
#include "bench/engine/measurement.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <vector>

#include "tests/support/fake_device.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/tiny_package.h"

namespace sta::bench {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(MeasurementTest, PicksTheRunAtAPercentile) {
  const Measurement measured{.tokens = 10, .microseconds = {1, 2, 3, 4, 5, 6, 7, 8, 9, 1000}};
  EXPECT_EQ(measured.Percentile(0), 1);
  EXPECT_EQ(measured.Percentile(10), 1);
  EXPECT_EQ(measured.Percentile(50), 5);
  EXPECT_EQ(measured.Percentile(90), 9);
  EXPECT_EQ(measured.Percentile(91), 1000);
  EXPECT_EQ(measured.Percentile(100), 1000);
  EXPECT_EQ(measured.TokensPerSecond(), 2e6);
}

TEST(MeasurementTest, RunsTheWorkloadsInTurnAndTheWarmUpIsNotCounted) {
  const TemporaryDirectory directory;
  const std::filesystem::path package = directory.path() / "tiny";
  ASSERT_THAT(WriteTinyPackage(package), IsOk());
  auto device = std::make_unique<FakeDevice>("fake");
  FakeDevice* const control = device.get();
  const auto runner = EngineRunner::Open(package, std::move(device));
  ASSERT_THAT(runner.status(), IsOk());
  std::vector<std::unique_ptr<PreparedWorkload>> workloads;
  for (const char* shape : {"1x4", "2x3"}) {
    auto prepared = (*runner)->Prepare(shape);
    ASSERT_THAT(prepared.status(), IsOk());
    workloads.push_back(*std::move(prepared));
  }

  const auto measurements = Measure(**runner, workloads, absl::ZeroDuration());
  ASSERT_THAT(measurements.status(), IsOk());
  ASSERT_EQ(measurements->size(), 2u);
  EXPECT_EQ(measurements->at(1).shape, "2x3");
  EXPECT_EQ(measurements->at(1).sequences, 2);
  EXPECT_EQ(measurements->at(1).tokens, 6);
  EXPECT_EQ(measurements->at(1).microseconds.size(), 3u);
  const std::vector<std::vector<int32_t>> batches = control->batches();
  ASSERT_EQ(batches.size(), 10u);
  for (size_t i = 0; i < batches.size(); i += 2) {
    EXPECT_THAT(batches[i], ElementsAre(0, 4));
    EXPECT_THAT(batches[i + 1], ElementsAre(0, 3, 6));
  }

  control->FailNext(absl::UnavailableError("gone"));
  EXPECT_THAT(Measure(**runner, workloads, absl::ZeroDuration()).status(),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("gone")));
}

}  // namespace
}  // namespace sta::bench
