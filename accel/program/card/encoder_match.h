// SPDX-License-Identifier: Apache-2.0
//
// Finds in a Program the encoder that CompileProgram made it from: the instructions one by one, in
// the order of accel/program/compiler.cc, and that each reads what the ones before it wrote for
// it. The card's schedule is made for that structure and no other.
//
// Pure; what it returns points into the Program.
#ifndef ACCEL_PROGRAM_CARD_ENCODER_MATCH_H_
#define ACCEL_PROGRAM_CARD_ENCODER_MATCH_H_

#include <vector>

#include "absl/status/statusor.h"
#include "accel/program/program.h"

namespace sta::card {

struct MatchedLayer {
  const Int8ViewParameters* attention_view = nullptr;
  const LinearParameters* query = nullptr;
  const LinearParameters* key = nullptr;
  const LinearParameters* value = nullptr;
  const AttentionParameters* attention = nullptr;
  const LinearParameters* attention_output = nullptr;
  const LayerNormParameters* attention_layer_norm = nullptr;
  const Int8ViewParameters* intermediate_view = nullptr;
  const LinearParameters* intermediate = nullptr;
  const GeluParameters* gelu = nullptr;
  const LinearParameters* output = nullptr;
  const LayerNormParameters* output_layer_norm = nullptr;
};

struct MatchedEncoder {
  const LayerNormParameters* embedding_layer_norm = nullptr;
  std::vector<MatchedLayer> layers;
};

// `program` has passed Validate(). UNIMPLEMENTED names the first instruction that is not the
// encoder's.
absl::StatusOr<MatchedEncoder> MatchEncoder(const Program& program);

}  // namespace sta::card

#endif  // ACCEL_PROGRAM_CARD_ENCODER_MATCH_H_
