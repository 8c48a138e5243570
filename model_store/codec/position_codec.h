// SPDX-License-Identifier: Apache-2.0
//
// Positions of the kept weights of an N:M matrix, packed to within 2 % of the entropy bound.
//
// A group of w weights that keeps k of them is one of C(w, k) combinations; its rank in a fixed
// order is written instead of k indices. Ranks of G groups are the digits of one number to base
// C(w, k), which takes ceil(log2(C^G)) <= 64 bits; G is chosen to waste least. Two streams follow
// each other: all full groups, row by row, then all last partial groups. docs/package-format.md has
// the bytes.
//
//   std::vector<uint8_t> packed = EncodePositions(matrix);
//   absl::StatusOr<std::vector<uint8_t>> offsets = DecodePositions(rows, columns, pattern, packed);
//
// Pure functions; thread-safe.
#ifndef MODEL_STORE_CODEC_POSITION_CODEC_H_
#define MODEL_STORE_CODEC_POSITION_CODEC_H_

#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "model_store/codec/nm_matrix.h"

namespace sta {

// `matrix` is valid (NmMatrix::Validate). Empty for a dense matrix and for n = m.
std::vector<uint8_t> EncodePositions(const NmMatrix& matrix);

// The offsets as NmMatrix holds them. `packed` must have exactly PositionBytes bytes and every
// number in it must be a valid one, else DATA_LOSS. The shape must be legal and its product small
// enough for the caller to have checked (rows * columns < 2^31).
absl::StatusOr<std::vector<uint8_t>> DecodePositions(int64_t rows, int64_t columns, Pattern pattern,
                                                     std::span<const uint8_t> packed);

// Size of the packed positions of such a matrix.
int64_t PositionBytes(int64_t rows, int64_t columns, Pattern pattern);

// The entropy bound: sum of log2(C(w, k)) over all groups, in bits.
double PositionBoundBits(int64_t rows, int64_t columns, Pattern pattern);

}  // namespace sta

#endif  // MODEL_STORE_CODEC_POSITION_CODEC_H_
