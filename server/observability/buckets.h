// SPDX-License-Identifier: Apache-2.0
//
// Histogram buckets of all metrics, in one place.
#ifndef SERVER_OBSERVABILITY_BUCKETS_H_
#define SERVER_OBSERVABILITY_BUCKETS_H_

#include <vector>

namespace sta {

// Seconds, 50 us to 13 s, doubling: quantiles are read to within a factor of two anywhere.
inline std::vector<double> DurationBuckets() {
  std::vector<double> bounds;
  for (double bound = 50e-6; bound < 20.0; bound *= 2) bounds.push_back(bound);
  return bounds;
}

// Model loads, 10 ms to 164 s.
inline std::vector<double> LoadDurationBuckets() {
  std::vector<double> bounds;
  for (double bound = 0.01; bound < 200.0; bound *= 2) bounds.push_back(bound);
  return bounds;
}

// Sizes, 1 to 65536, doubling.
inline std::vector<double> SizeBuckets() {
  std::vector<double> bounds;
  for (double bound = 1; bound <= 65536; bound *= 2) bounds.push_back(bound);
  return bounds;
}

}  // namespace sta

#endif  // SERVER_OBSERVABILITY_BUCKETS_H_
