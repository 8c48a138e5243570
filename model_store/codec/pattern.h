// SPDX-License-Identifier: Apache-2.0
//
// The N:M sparsity pattern of one weight matrix: in every group of m consecutive weights along the
// input dimension, n are kept. A last partial group of r < m weights keeps min(n, r).
//
// Dense is the pattern 1:1, written "dense". Legal otherwise: 1 <= n <= m, m in {4, 8, 16, 32}.
#ifndef MODEL_STORE_CODEC_PATTERN_H_
#define MODEL_STORE_CODEC_PATTERN_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace sta {

struct Pattern {
  int n = 1;
  int m = 1;

  static constexpr Pattern Dense() { return {1, 1}; }

  // Reads "2:8" or "dense". INVALID_ARGUMENT names the text and what is allowed.
  static absl::StatusOr<Pattern> Parse(std::string_view text);

  // True for dense and for every legal N:M.
  constexpr bool IsLegal() const {
    return (n == 1 && m == 1) || (n >= 1 && n <= m && (m == 4 || m == 8 || m == 16 || m == 32));
  }
  constexpr bool IsDense() const { return m == 1; }

  // "2:8", or "dense".
  std::string ToString() const;

  // Kept weights in one row of `columns` weights; columns >= 0.
  constexpr int64_t EntriesPerRow(int64_t columns) const {
    const int64_t tail = columns % m;
    return columns / m * n + (tail < n ? tail : n);
  }

  friend constexpr bool operator==(const Pattern&, const Pattern&) = default;
};

}  // namespace sta

#endif  // MODEL_STORE_CODEC_PATTERN_H_
