// SPDX-License-Identifier: Apache-2.0
//
// What is read out of a histogram's buckets: quantiles, and what was counted between two looks.
// Server and stactl read the same counts with it, so that they tell the same numbers.
//
//   std::vector<int64_t> lately = CountsSince(now, before);
//   std::optional<double> p99 = QuantileOf(bounds, lately, 0.99);
//
// Bucket i holds what is over bounds[i - 1] and at most bounds[i]; one more holds the rest. Bounds
// rise. Pure functions.
#ifndef HISTOGRAM_BUCKET_COUNTS_H_
#define HISTOGRAM_BUCKET_COUNTS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace sta {

// The bucket that `value` belongs to.
size_t BucketOf(std::span<const double> bounds, double value);

int64_t TotalOf(std::span<const int64_t> counts);

// What came since `before`. Where that is no earlier state of `now` (another number of buckets, or
// more in one of them) counting has begun anew: then it is all of `now`.
std::vector<int64_t> CountsSince(std::span<const int64_t> now, std::span<const int64_t> before);

// 0 < `share` < 1. Buckets are taken to be evenly filled from the bound before on, the first one
// from 0 on, as Prometheus does it; what is over the last bound is told as that. Nothing where
// nothing was counted, or where there is not one count more than bounds.
std::optional<double> QuantileOf(std::span<const double> bounds, std::span<const int64_t> counts,
                                 double share);

}  // namespace sta

#endif  // HISTOGRAM_BUCKET_COUNTS_H_
