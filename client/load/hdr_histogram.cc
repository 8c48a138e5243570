// SPDX-License-Identifier: Apache-2.0
#include "client/load/hdr_histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>

namespace sta::client {

// Cells: 2^11 of width 1, then for each further bit 2^10 cells of twice the width before.
HdrHistogram::HdrHistogram()
    : cells_((size_t{1} << kSubBits) +
             static_cast<size_t>(kMaxBits - kSubBits) * (size_t{1} << (kSubBits - 1))) {}

size_t HdrHistogram::CellOf(int64_t value) {
  const auto bits =
      static_cast<uint64_t>(std::clamp<int64_t>(value, 0, (int64_t{1} << kMaxBits) - 1));
  const int excess = std::max(0, static_cast<int>(std::bit_width(bits)) - kSubBits);
  // The top kSubBits bits; with an excess the first of them is set, so half of the range is used.
  const uint64_t top = bits >> excess;
  return static_cast<size_t>(top) + static_cast<size_t>(excess) * (size_t{1} << (kSubBits - 1));
}

int64_t HdrHistogram::HighestOf(size_t cell) {
  constexpr size_t kHalf = size_t{1} << (kSubBits - 1);
  const size_t excess = cell < 2 * kHalf ? 0 : (cell - kHalf) / kHalf;
  const size_t top = cell - excess * kHalf;
  return static_cast<int64_t>(((top + 1) << excess) - 1);
}

void HdrHistogram::Record(int64_t value) {
  value = std::max<int64_t>(value, 0);
  ++cells_[CellOf(value)];
  ++count_;
  max_ = std::max(max_, value);
  sum_ += static_cast<double>(value);
}

void HdrHistogram::Merge(const HdrHistogram& other) {
  for (size_t i = 0; i < cells_.size(); ++i) cells_[i] += other.cells_[i];
  count_ += other.count_;
  max_ = std::max(max_, other.max_);
  sum_ += other.sum_;
}

double HdrHistogram::Mean() const { return count_ == 0 ? 0.0 : sum_ / static_cast<double>(count_); }

int64_t HdrHistogram::Percentile(double percentile) const {
  // The small number is for products such as 99.9 * 1000 / 100 that round up past a whole one.
  const double rank =
      std::clamp(percentile, 0.0, 100.0) * static_cast<double>(count_) / 100.0 - 1e-6;
  const auto wanted = std::max<int64_t>(1, static_cast<int64_t>(std::ceil(rank)));
  int64_t seen = 0;
  for (size_t cell = 0; cell < cells_.size(); ++cell) {
    seen += cells_[cell];
    if (seen >= wanted) return std::min(HighestOf(cell), max_);
  }
  return max_;
}

}  // namespace sta::client
