// SPDX-License-Identifier: Apache-2.0
#include "accel/device_pool/run_time_correction.h"

#include <gtest/gtest.h>

namespace sta {
namespace {

constexpr absl::Duration kEstimate = absl::Milliseconds(2);
const absl::Time kMeasured = absl::FromUnixSeconds(1000);

RunTimeCorrection After(int runs, absl::Duration taken) {
  RunTimeCorrection correction;
  for (int i = 0; i < runs; ++i) correction.Add(taken, kEstimate, kMeasured);
  return correction;
}

TEST(RunTimeCorrectionTest, EstimatesAreRightUntilSomethingWasMeasured) {
  EXPECT_EQ(RunTimeCorrection().Factor(kMeasured), 1);
  EXPECT_EQ(After(1, absl::ZeroDuration()).Factor(kMeasured), 1) << "nothing was measured";
}

TEST(RunTimeCorrectionTest, ApproachesTheRatio) {
  EXPECT_NEAR(After(40, 3 * kEstimate).Factor(kMeasured), 3, 0.01);
  EXPECT_NEAR(After(40, kEstimate / 3).Factor(kMeasured), 1.0 / 3, 0.01);
}

TEST(RunTimeCorrectionTest, OneRunDoesNotDecide) {
  RunTimeCorrection correction = After(40, kEstimate);
  correction.Add(100 * kEstimate, kEstimate, kMeasured);
  EXPECT_LT(correction.Factor(kMeasured), 3);
}

TEST(RunTimeCorrectionTest, IsBounded) {
  EXPECT_LE(After(200, absl::Hours(1)).Factor(kMeasured), RunTimeCorrection::kLargestFactor);
  EXPECT_GE(After(200, absl::Nanoseconds(1)).Factor(kMeasured),
            1 / RunTimeCorrection::kLargestFactor);
}

TEST(RunTimeCorrectionTest, FadesWhereNothingIsMeasured) {
  const RunTimeCorrection correction = After(60, 16 * kEstimate);
  EXPECT_NEAR(correction.Factor(kMeasured + RunTimeCorrection::kHalfLife), 4, 0.01);
  EXPECT_NEAR(correction.Factor(kMeasured + 20 * RunTimeCorrection::kHalfLife), 1, 0.01);
}

}  // namespace
}  // namespace sta
