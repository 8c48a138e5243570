// SPDX-License-Identifier: Apache-2.0
//
// RunTimeCorrection: by what factor the batches of a device take longer than it estimates.
//
//   correction.Add(taken, estimated, now);
//   expected = correction.Factor(now) * estimate;
//
// A mean of ratios, weighted to the last ones. Of their logarithms, so that one batch that hung
// does not outweigh fifty that did not; and it fades, so that a device that was slow once, and is
// not chosen for it, gets another chance. Not thread-safe.
#ifndef ACCEL_DEVICE_POOL_RUN_TIME_CORRECTION_H_
#define ACCEL_DEVICE_POOL_RUN_TIME_CORRECTION_H_

#include <algorithm>
#include <cmath>

#include "absl/time/time.h"

namespace sta {

class RunTimeCorrection {
 public:
  static constexpr double kLargestFactor = 1e4;  // and the smallest is its reciprocal
  static constexpr double kWeightOfNewest = 0.2;
  static constexpr absl::Duration kHalfLife = absl::Minutes(5);

  double Factor(absl::Time now) const { return std::exp2(FadedLog(now)); }

  void Add(absl::Duration taken, absl::Duration estimated, absl::Time now) {
    if (taken <= absl::ZeroDuration() || estimated <= absl::ZeroDuration()) return;
    const double ratio = absl::FDivDuration(taken, estimated);
    const double newest = std::log2(std::clamp(ratio, 1 / kLargestFactor, kLargestFactor));
    const double before = FadedLog(now);
    log_factor_ = before + kWeightOfNewest * (newest - before);
    updated_ = now;
  }

 private:
  double FadedLog(absl::Time now) const {
    if (log_factor_ == 0) return 0;
    const double half_lives = std::max(0.0, absl::FDivDuration(now - updated_, kHalfLife));
    return log_factor_ * std::exp2(-half_lives);
  }

  double log_factor_ = 0;  // to base 2
  absl::Time updated_ = absl::InfinitePast();
};

}  // namespace sta

#endif  // ACCEL_DEVICE_POOL_RUN_TIME_CORRECTION_H_
