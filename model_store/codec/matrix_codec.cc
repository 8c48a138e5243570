// SPDX-License-Identifier: Apache-2.0
#include "model_store/codec/matrix_codec.h"

#include <zstd.h>

#include <utility>

#include "model_store/codec/position_codec.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

constexpr int64_t kMaxSide = 65536;
// Level 19 gains nothing over 3 on quantized weights: they are noise to a match finder, and the
// gain is all in the entropy coder.
constexpr int kZstdLevel = 3;

absl::StatusOr<std::vector<int8_t>> DecodeValues(int64_t count, bool compressed,
                                                 std::span<const uint8_t> data) {
  if (!compressed) {
    if (std::ssize(data) != count) {
      return absl::DataLossError(
          StrCat("values take ", data.size(), " bytes, expected are ", count));
    }
    return std::vector<int8_t>(data.begin(), data.end());
  }
  // The frame's own size is compared first: a hostile frame must not decide how much is allocated.
  if (ZSTD_getFrameContentSize(data.data(), data.size()) != static_cast<uint64_t>(count)) {
    return absl::DataLossError(
        StrCat("compressed values are damaged or do not hold ", count, " bytes"));
  }
  std::vector<int8_t> values(static_cast<size_t>(count));
  const size_t size = ZSTD_decompress(values.data(), values.size(), data.data(), data.size());
  if (ZSTD_isError(size) != 0 || size != values.size()) {
    return absl::DataLossError("compressed values are damaged");
  }
  return values;
}

}  // namespace

EncodedMatrix EncodeMatrix(const NmMatrix& matrix) {
  EncodedMatrix encoded = {.positions = EncodePositions(matrix)};
  encoded.values.resize(ZSTD_compressBound(matrix.values.size()));
  const size_t size = ZSTD_compress(encoded.values.data(), encoded.values.size(),
                                    matrix.values.data(), matrix.values.size(), kZstdLevel);
  encoded.values_compressed = ZSTD_isError(size) == 0 && size < matrix.values.size();
  if (encoded.values_compressed) {
    encoded.values.resize(size);
  } else {
    encoded.values.assign(matrix.values.begin(), matrix.values.end());
  }
  return encoded;
}

absl::StatusOr<NmMatrix> DecodeMatrix(int64_t rows, int64_t columns, Pattern pattern,
                                      const EncodedMatrixView& encoded) {
  if (!pattern.IsLegal() || rows < 1 || columns < 1 || rows > kMaxSide || columns > kMaxSide) {
    return absl::InvalidArgumentError(StrCat("matrix of ", rows, " x ", columns, " with pattern ",
                                             pattern.n, ":", pattern.m, " is not allowed"));
  }
  NmMatrix matrix = {.rows = rows, .columns = columns, .pattern = pattern};
  absl::StatusOr<std::vector<uint8_t>> offsets =
      DecodePositions(rows, columns, pattern, encoded.positions);
  if (!offsets.ok()) return offsets.status();
  matrix.offsets = *std::move(offsets);
  absl::StatusOr<std::vector<int8_t>> values =
      DecodeValues(rows * matrix.entries_per_row(), encoded.values_compressed, encoded.values);
  if (!values.ok()) return values.status();
  matrix.values = *std::move(values);
  // Offsets need no look: whatever the bytes, they are those of a combination.
  if (absl::Status valid = CheckWeightValues(matrix.values); !valid.ok()) {
    return absl::DataLossError(valid.message());
  }
  return matrix;
}

}  // namespace sta
