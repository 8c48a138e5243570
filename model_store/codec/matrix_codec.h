// SPDX-License-Identifier: Apache-2.0
//
// An N:M matrix at rest: packed positions (position_codec.h) and the kept values, raw or
// zstd-compressed, whichever is smaller.
//
//   EncodedMatrix encoded = EncodeMatrix(matrix);
//   absl::StatusOr<NmMatrix> back = DecodeMatrix(rows, columns, pattern, encoded.View());
//
// Pure functions; thread-safe. Encoded data is untrusted: every size is checked before memory is
// taken for it.
#ifndef MODEL_STORE_CODEC_MATRIX_CODEC_H_
#define MODEL_STORE_CODEC_MATRIX_CODEC_H_

#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "model_store/codec/nm_matrix.h"

namespace sta {

struct EncodedMatrixView {
  bool values_compressed = false;
  std::span<const uint8_t> values;
  std::span<const uint8_t> positions;
};

struct EncodedMatrix {
  bool values_compressed = false;
  std::vector<uint8_t> values;
  std::vector<uint8_t> positions;

  EncodedMatrixView View() const { return {values_compressed, values, positions}; }
};

// `matrix` is valid.
EncodedMatrix EncodeMatrix(const NmMatrix& matrix);

// DATA_LOSS where the data is not that of such a matrix; INVALID_ARGUMENT for an illegal pattern or
// a shape out of 1..65536 a side.
absl::StatusOr<NmMatrix> DecodeMatrix(int64_t rows, int64_t columns, Pattern pattern,
                                      const EncodedMatrixView& encoded);

}  // namespace sta

#endif  // MODEL_STORE_CODEC_MATRIX_CODEC_H_
