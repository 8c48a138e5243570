// SPDX-License-Identifier: Apache-2.0
#include "histogram/bucket_counts.h"

#include <algorithm>
#include <functional>
#include <numeric>

namespace sta {

size_t BucketOf(std::span<const double> bounds, double value) {
  return static_cast<size_t>(std::ranges::lower_bound(bounds, value) - bounds.begin());
}

int64_t TotalOf(std::span<const int64_t> counts) {
  return std::accumulate(counts.begin(), counts.end(), int64_t{0});
}

std::vector<int64_t> CountsSince(std::span<const int64_t> now, std::span<const int64_t> before) {
  std::vector<int64_t> counts(now.begin(), now.end());
  const bool goes_on =
      now.size() == before.size() && std::ranges::equal(now, before, std::greater_equal{});
  if (!goes_on) return counts;
  std::ranges::transform(now, before, counts.begin(), std::minus{});
  return counts;
}

std::optional<double> QuantileOf(std::span<const double> bounds, std::span<const int64_t> counts,
                                 double share) {
  const int64_t total = TotalOf(counts);
  if (bounds.empty() || counts.size() != bounds.size() + 1 || total <= 0) return std::nullopt;
  const double rank = share * static_cast<double>(total);
  double below = 0;
  for (size_t i = 0; i < bounds.size(); ++i) {
    const auto count = static_cast<double>(counts[i]);
    if (count > 0 && below + count >= rank) {
      const double low = i == 0 ? 0 : bounds[i - 1];
      return low + (bounds[i] - low) * (rank - below) / count;
    }
    below += count;
  }
  return bounds.back();
}

}  // namespace sta
