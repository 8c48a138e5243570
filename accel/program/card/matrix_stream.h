// SPDX-License-Identifier: Apache-2.0
//
// The weight stream of a MATMUL (accel/rtl/doc/instruction-set.md): a matrix with its
// requantization, cut into channel blocks and windows, in the order in which the engine takes it.
// The array chooses one of 16 inputs a lane and step, so any pattern runs, in as many steps a
// window as the fullest 16 aligned inputs of any channel have non-zero weights.
//
//   absl::StatusOr<MatrixStream> stream = MakeMatrixStream({.linear = &linear, ...}, config);
//
// Pure functions.
#ifndef ACCEL_PROGRAM_CARD_MATRIX_STREAM_H_
#define ACCEL_PROGRAM_CARD_MATRIX_STREAM_H_

#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "accel/program/card/card_config.h"
#include "model_store/package/encoder_parameters.h"

namespace sta::card {

// For each place on the card, the channel of the Program that stands there, or kNoChannel.
using ChannelMap = std::vector<int32_t>;
inline constexpr int32_t kNoChannel = -1;

struct MatrixSource {
  const LinearParameters* linear = nullptr;
  const GeluParameters* gelu = nullptr;  // null: no GELU follows
  // Output channels, a multiple of T of them; one without a channel gives zeros.
  const ChannelMap* outputs = nullptr;
  // Inputs; each of the matrix's is there exactly once. What lies in the others is ignored.
  const ChannelMap* inputs = nullptr;
};

struct MatrixStream {
  int64_t windows = 0;
  int64_t steps = 0;     // of a window, 1..16
  bool indexed = false;  // not where a window takes all 16 steps
  int64_t channel_blocks = 0;
  int64_t non_zeros = 0;       // weights
  std::vector<uint8_t> bytes;  // whole beats
};

// The parameters fit together (Program::Validate has passed). UNIMPLEMENTED where the matrix is
// larger than a MATMUL takes.
absl::StatusOr<MatrixStream> MakeMatrixStream(const MatrixSource& source, const CardConfig& config);

}  // namespace sta::card

#endif  // ACCEL_PROGRAM_CARD_MATRIX_STREAM_H_
