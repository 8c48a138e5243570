// SPDX-License-Identifier: Apache-2.0
//
// Combinations of k out of w places (w <= 32) as bit masks, and their ranks 0 .. C(w, k) - 1.
//
// The order: a group is cut into its low 16 places and the rest. Combinations are sorted by how
// many of their places lie in the rest, then by the mask of the rest, then by the mask of the low
// places. For w <= 16 that is the numeric order of the masks (the combinatorial number system).
// Halves of 16 keep ranking and unranking to table lookups.
#ifndef MODEL_STORE_CODEC_COMBINATION_H_
#define MODEL_STORE_CODEC_COMBINATION_H_

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <vector>

namespace sta {

inline constexpr int kMaxGroupWidth = 32;

// C(n, k) for 0 <= n <= 32; 0 where k is not in 0..n. At most C(32, 16) = 601,080,390.
constexpr uint64_t Binomial(int n, int k) {
  if (k < 0 || k > n) return 0;
  uint64_t result = 1;
  for (int i = 1; i <= k; ++i)
    result = result * static_cast<uint64_t>(n - k + i) / static_cast<uint64_t>(i);
  return result;
}

// All 16-bit masks sorted by their number of ones, then numerically, and the inverse. The masks of
// k ones below 2^w are the first C(w, k) of their section, so one table serves every width.
class HalfTables {
 public:
  static const HalfTables& Get() {
    static const HalfTables tables;
    return tables;
  }

  uint32_t Mask(int ones, uint64_t rank) const {
    return masks_[section_[static_cast<size_t>(ones)] + rank];
  }
  uint64_t Rank(uint32_t mask) const { return ranks_[mask]; }

 private:
  HalfTables() : masks_(kMasks), ranks_(kMasks) {
    for (int ones = 0; ones < 16; ++ones) {
      section_[static_cast<size_t>(ones) + 1] =
          section_[static_cast<size_t>(ones)] + Binomial(16, ones);
    }
    std::array<uint64_t, 17> next{};
    for (uint32_t mask = 0; mask < kMasks; ++mask) {
      const auto ones = static_cast<size_t>(std::popcount(mask));
      ranks_[mask] = static_cast<uint16_t>(next[ones]);
      masks_[section_[ones] + next[ones]++] = static_cast<uint16_t>(mask);
    }
  }

  static constexpr uint32_t kMasks = 1 << 16;
  std::array<uint64_t, 17> section_{};
  std::vector<uint16_t> masks_;
  std::vector<uint16_t> ranks_;
};

// Ranks the combinations of `ones` out of `width` places. Immutable and thread-safe.
class CombinationRanker {
 public:
  // 1 <= ones <= width <= 32.
  CombinationRanker(int width, int ones)
      : low_width_(std::min(width, 16)), ones_(ones), tables_(HalfTables::Get()) {
    for (int high_ones = 0; high_ones <= 16; ++high_ones) {
      const auto i = static_cast<size_t>(high_ones);
      low_count_[i] = static_cast<uint32_t>(Binomial(low_width_, ones - high_ones));
      first_rank_[i + 1] = first_rank_[i] + low_count_[i] * static_cast<uint32_t>(Binomial(
                                                                width - low_width_, high_ones));
    }
  }

  uint64_t count() const { return first_rank_.back(); }

  // `mask` has `ones` ones below 2^width.
  uint64_t Rank(uint32_t mask) const {
    const auto high_ones = static_cast<size_t>(std::popcount(mask >> 16));
    return first_rank_[high_ones] + tables_.Rank(mask >> 16) * low_count_[high_ones] +
           tables_.Rank(mask & 0xFFFF);
  }

  // `rank` is below count().
  uint32_t Mask(uint64_t rank) const {
    const auto small_rank = static_cast<uint32_t>(rank);
    uint32_t high_ones = 0;  // counted without a jump that could be predicted wrong
    for (size_t i = 1; i <= 16; ++i) high_ones += small_rank >= first_rank_[i] ? 1 : 0;
    const uint32_t within = small_rank - first_rank_[high_ones];
    const uint32_t low_count = low_count_[high_ones];
    const uint32_t high = tables_.Mask(static_cast<int>(high_ones), within / low_count);
    const uint32_t low = tables_.Mask(ones_ - static_cast<int>(high_ones), within % low_count);
    return high << 16 | low;
  }

 private:
  int low_width_;
  int ones_;
  const HalfTables& tables_;
  std::array<uint32_t, 17> low_count_{};   // combinations of the low half, by ones in the rest
  std::array<uint32_t, 18> first_rank_{};  // first rank, by ones in the rest
};

}  // namespace sta

#endif  // MODEL_STORE_CODEC_COMBINATION_H_
