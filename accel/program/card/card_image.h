// SPDX-License-Identifier: Apache-2.0
//
// CardImage: a Program as a card's memory holds it: weight streams, parameters of the vector unit
// and a header beat, with the table that says where each is. Made once a model and array size;
// instruction streams for every shape of batch are made from the table (batch_schedule.h).
//
//   absl::StatusOr<CardImage> image = MakeCardImage(program, config);
//   ... copy image->bytes to the card ...
//
// LayerNorms, views, GELU and residual adds have no instructions of their own: a LayerNorm and the
// view behind it are one VECTOR, GELU stands in the epilogue of the MATMUL before it, and the
// products that a residual add takes are added where they leave the engine.
//
// A plain value, immutable once made; it does not refer to the Program.
#ifndef ACCEL_PROGRAM_CARD_CARD_IMAGE_H_
#define ACCEL_PROGRAM_CARD_CARD_IMAGE_H_

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "accel/program/card/card_config.h"
#include "accel/program/program.h"

namespace sta::card {

// Of the header beat; raised with every change of what an image holds.
inline constexpr uint32_t kCardImageVersion = 1;

// A weight stream: what a MATMUL says of it.
struct MatrixEntry {
  int64_t beat = 0;
  int64_t beats = 0;
  int64_t windows = 0;
  int64_t steps = 0;
  int64_t channel_blocks = 0;
  bool indexed = false;
  bool gelu = false;
  // For reports: of the matrix, without padding.
  int64_t rows = 0;
  int64_t columns = 0;
  int64_t non_zeros = 0;

  // Of the weights, how many are not zero.
  double Density() const {
    return static_cast<double>(non_zeros) / static_cast<double>(rows * columns);
  }
  // Cycles that the engine takes for one token group.
  int64_t StepCycles() const { return channel_blocks * windows * steps; }
};

// A LayerNorm, and the int8 view of its result unless it is the last.
struct VectorEntry {
  int64_t beat = 0;
  int64_t beats = 0;
  bool view = false;
  int64_t mean_reciprocal = 0;
  int64_t epsilon = 1;
};

struct AttentionEntry {
  int64_t heads = 1;
  int64_t head_steps = 1;
  int64_t head_value_blocks = 1;
  int64_t logit_shift = 0;
  int64_t logit_multiplier = 0;
  int64_t context_shift = 0;
  int64_t context_multiplier = 1;
};

struct LayerEntry {
  struct NamedMatrix {
    std::string_view name;
    const MatrixEntry* matrix = nullptr;
  };

  MatrixEntry query;
  MatrixEntry key;
  MatrixEntry value;
  AttentionEntry attention;
  MatrixEntry attention_output;
  VectorEntry attention_layer_norm;
  MatrixEntry intermediate;
  MatrixEntry output;
  VectorEntry output_layer_norm;

  // In the order of their use. They point into this object.
  std::array<NamedMatrix, 6> matrices() const {
    return {{{"query", &query},
             {"key", &key},
             {"value", &value},
             {"attention output", &attention_output},
             {"intermediate", &intermediate},
             {"output", &output}}};
  }
};

struct CardImage {
  CardConfig config;
  int64_t hidden_size = 0;
  int64_t padded_hidden_size = 0;  // a multiple of 16
  VectorEntry embedding_layer_norm;
  std::vector<LayerEntry> layers;
  std::vector<uint8_t> bytes;  // whole beats; the first is the header

  int64_t beats() const { return std::ssize(bytes) / kBeatBytes; }
  // Channel blocks of a row of the residual stream.
  int64_t hidden_blocks() const { return padded_hidden_size / config.tile; }
};

// `program` has passed Validate(). UNIMPLEMENTED where it is no encoder as CompileProgram makes
// them or does not fit the array: the message says what does. INVALID_ARGUMENT for a bad config.
absl::StatusOr<CardImage> MakeCardImage(const Program& program, const CardConfig& config);

// For whoever loads an image. DATA_LOSS where the bytes are not an image of this version or are
// damaged, FAILED_PRECONDITION where it was made for another array.
absl::Status CheckCardImage(std::span<const uint8_t> bytes, const CardConfig& config);

}  // namespace sta::card

#endif  // ACCEL_PROGRAM_CARD_CARD_IMAGE_H_
