// SPDX-License-Identifier: Apache-2.0
//
// NmMatrix: an int8 weight matrix with N:M sparsity, decoded and ready to be laid out for a device.
// Rows are output channels, columns the input dimension. Value semantics; no locking.
//
//   for (int64_t e = 0; e < w.entries_per_row(); ++e)
//     acc += w.values[row * w.entries_per_row() + e] * x[w.Column(row, e)];
#ifndef MODEL_STORE_CODEC_NM_MATRIX_H_
#define MODEL_STORE_CODEC_NM_MATRIX_H_

#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model_store/codec/pattern.h"

namespace sta {

// INVALID_ARGUMENT names the first value that is -128.
absl::Status CheckWeightValues(std::span<const int8_t> values);

struct NmMatrix {
  int64_t rows = 0;
  int64_t columns = 0;
  Pattern pattern;
  // [rows][entries_per_row], in column order, each in -127..127. A kept weight may be zero.
  std::vector<int8_t> values;
  // [rows][entries_per_row]: place inside its group of m, 0..m-1, ascending within a group.
  // Empty when the pattern is dense.
  std::vector<uint8_t> offsets;

  int64_t entries_per_row() const { return pattern.EntriesPerRow(columns); }

  // The column of entry `entry` of `row`. Every group before the last partial one holds n entries.
  int64_t Column(int64_t row, int64_t entry) const {
    if (pattern.IsDense()) return entry;
    return entry / pattern.n * pattern.m +
           offsets[static_cast<size_t>(row * entries_per_row() + entry)];
  }

  // Checks sizes, value range, offset range and order. INVALID_ARGUMENT says what is wrong.
  absl::Status Validate() const;

  // [rows][columns] with zeros in place.
  std::vector<int8_t> ToDense() const;

  // Packs `dense` ([rows][columns], values in -127..127). Where a group holds fewer than n non-zero
  // weights, the lowest free places are kept as zeros. INVALID_ARGUMENT names the first group that
  // holds more than n non-zero weights.
  static absl::StatusOr<NmMatrix> FromDense(std::span<const int8_t> dense, int64_t rows,
                                            int64_t columns, Pattern pattern);

  friend bool operator==(const NmMatrix&, const NmMatrix&) = default;
};

}  // namespace sta

#endif  // MODEL_STORE_CODEC_NM_MATRIX_H_
