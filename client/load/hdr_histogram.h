// SPDX-License-Identifier: Apache-2.0
//
// HdrHistogram: counts of positive integers with a bounded relative error, after Gil Tene's High
// Dynamic Range histogram (Debian has no C or C++ library of it). Values of 1 to 2^42
// (microseconds: 50 days) are kept to three significant digits; larger ones count as the largest.
//
//   HdrHistogram latency_us;
//   latency_us.Record(1234);
//   int64_t p99 = latency_us.Percentile(99.0);
//
// A value below 2048 has a cell of its own; above, each power of two is cut into 1024 cells. Plain
// value, not thread-safe; merge one a thread.
#ifndef CLIENT_LOAD_HDR_HISTOGRAM_H_
#define CLIENT_LOAD_HDR_HISTOGRAM_H_

#include <cstddef>
#include <cstdint>
#include <vector>

namespace sta::client {

class HdrHistogram {
 public:
  HdrHistogram();

  // Values below 0 count as 0.
  void Record(int64_t value);
  void Merge(const HdrHistogram& other);

  int64_t count() const { return count_; }
  int64_t max() const { return max_; }  // exact; 0 when empty
  double Mean() const;                  // exact; 0 when empty

  // The smallest recorded value, to within the precision, that at least `percentile` percent of all
  // values do not exceed; 0 when empty. `percentile` is brought to 0..100.
  int64_t Percentile(double percentile) const;

 private:
  static constexpr int kSubBits = 11;  // 2048 cells for the smallest values
  static constexpr int kMaxBits = 42;

  static size_t CellOf(int64_t value);
  // The largest value that falls into the cell.
  static int64_t HighestOf(size_t cell);

  std::vector<int64_t> cells_;
  int64_t count_ = 0;
  int64_t max_ = 0;
  double sum_ = 0.0;
};

}  // namespace sta::client

#endif  // CLIENT_LOAD_HDR_HISTOGRAM_H_
