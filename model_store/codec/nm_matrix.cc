// SPDX-License-Identifier: Apache-2.0
#include "model_store/codec/nm_matrix.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <limits>
#include <span>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace sta {
namespace {

absl::Status CheckShape(int64_t rows, int64_t columns, Pattern pattern) {
  if (!pattern.IsLegal()) {
    return absl::InvalidArgumentError(
        absl::StrCat("pattern ", pattern.n, ":", pattern.m, " is not a legal one"));
  }
  if (rows < 1 || columns < 1 || rows > std::numeric_limits<int32_t>::max() ||
      columns > std::numeric_limits<int32_t>::max()) {
    return absl::InvalidArgumentError(
        absl::StrCat("shape is [", rows, "][", columns, "], each must be in 1..2147483647"));
  }
  return absl::OkStatus();
}

absl::Status CheckSize(absl::string_view what, size_t size, int64_t expected) {
  if (size == static_cast<uint64_t>(expected)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(what, " has ", size, " entries, expected are ", expected));
}

// Offsets of one group ascend and are below its width.
bool IsGroup(std::span<const uint8_t> offsets, int64_t width) {
  int previous = -1;
  bool is_good = true;  // no early exit: groups are short and nearly all good
  for (const uint8_t offset : offsets) {
    is_good &= offset > previous;
    previous = offset;
  }
  return is_good && previous < width;
}

absl::Status CheckOffsets(const NmMatrix& matrix) {
  const auto [n, m] = matrix.pattern;
  auto rest = std::span<const uint8_t>(matrix.offsets);
  for (int64_t row = 0; row < matrix.rows; ++row) {
    for (int64_t first = 0; first < matrix.columns; first += m) {
      const int64_t width = std::min<int64_t>(m, matrix.columns - first);
      const auto kept = static_cast<size_t>(std::min<int64_t>(n, width));
      if (!IsGroup(rest.first(kept), width)) {
        return absl::InvalidArgumentError(
            absl::StrCat("row ", row, " columns ", first, "..", first + width - 1,
                         ": offsets are out of their group or order"));
      }
      rest = rest.subspan(kept);
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckWeightValues(std::span<const int8_t> values) {
  if (values.empty()) return absl::OkStatus();
  const void* const found = std::memchr(values.data(), 0x80, values.size());
  if (found == nullptr) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("value ",
                                                 static_cast<const int8_t*>(found) - values.data(),
                                                 " is -128, allowed is -127..127"));
}

absl::Status NmMatrix::Validate() const {
  absl::Status status = CheckShape(rows, columns, pattern);
  if (!status.ok()) return status;
  const int64_t entries = rows * entries_per_row();  // both < 2^31: fits
  status = CheckSize("values", values.size(), entries);
  status.Update(CheckSize("offsets", offsets.size(), pattern.IsDense() ? 0 : entries));
  if (!status.ok()) return status;
  status = CheckWeightValues(values);
  if (status.ok() && !pattern.IsDense()) status = CheckOffsets(*this);
  return status;
}

std::vector<int8_t> NmMatrix::ToDense() const {
  std::vector<int8_t> dense(static_cast<size_t>(rows * columns));
  const int64_t entries = entries_per_row();
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t entry = 0; entry < entries; ++entry) {
      dense[static_cast<size_t>(row * columns + Column(row, entry))] =
          values[static_cast<size_t>(row * entries + entry)];
    }
  }
  return dense;
}

absl::StatusOr<NmMatrix> NmMatrix::FromDense(std::span<const int8_t> dense, int64_t rows,
                                             int64_t columns, Pattern pattern) {
  absl::Status status = CheckShape(rows, columns, pattern);
  if (!status.ok()) return status;
  status = CheckSize("dense", dense.size(), rows * columns);
  status.Update(CheckWeightValues(dense));
  if (!status.ok()) return status;

  NmMatrix matrix = {
      .rows = rows, .columns = columns, .pattern = pattern, .values = {}, .offsets = {}};
  if (pattern.IsDense()) {
    matrix.values.assign(dense.begin(), dense.end());
    return matrix;
  }
  matrix.values.reserve(static_cast<size_t>(rows * matrix.entries_per_row()));
  matrix.offsets.reserve(matrix.values.capacity());
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t first = 0; first < columns; first += pattern.m) {
      const auto group =
          dense.subspan(static_cast<size_t>(row * columns + first),
                        static_cast<size_t>(std::min<int64_t>(pattern.m, columns - first)));
      const auto zeros = std::count(group.begin(), group.end(), int8_t{0});
      const auto non_zeros = static_cast<int64_t>(group.size()) - zeros;
      const auto kept = std::min<int64_t>(pattern.n, static_cast<int64_t>(group.size()));
      if (non_zeros > kept) {
        return absl::InvalidArgumentError(
            absl::StrCat("row ", row, " columns ", first, "..",
                         first + static_cast<int64_t>(group.size()) - 1, " hold ", non_zeros,
                         " non-zero weights, pattern ", pattern.ToString(), " allows ", pattern.n));
      }
      int64_t spare = kept - non_zeros;  // zeros to keep, the lowest places first
      for (size_t place = 0; place < group.size(); ++place) {
        if (group[place] == 0 && spare-- <= 0) continue;
        matrix.values.push_back(group[place]);
        matrix.offsets.push_back(static_cast<uint8_t>(place));
      }
    }
  }
  return matrix;
}

}  // namespace sta
