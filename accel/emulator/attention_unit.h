// SPDX-License-Identifier: Apache-2.0
//
// AttentionUnit: attention of one sequence, head by head and 32 queries at a time:
// docs/arithmetic.md section 7. Lanes are queries, so softmax needs no operation across lanes. Owns
// its scratch memory; one thread at a time may use it.
#ifndef ACCEL_EMULATOR_ATTENTION_UNIT_H_
#define ACCEL_EMULATOR_ATTENTION_UNIT_H_

#include <cstdint>

#include "accel/emulator/aligned_buffer.h"
#include "accel/emulator/kernels.h"
#include "model_store/package/encoder_parameters.h"

namespace sta::emulator {

// Whole buffers, [blocks][width][32].
struct AttentionOperands {
  const int16_t* queries = nullptr;
  const int16_t* keys = nullptr;
  const int16_t* values = nullptr;
  int16_t* context = nullptr;
  int64_t width = 0;
};

class AttentionUnit {
 public:
  explicit AttentionUnit(const KernelTable& kernels) : kernels_(kernels) {}

  // The sequence in tokens first .. first + tokens of the buffers.
  void Run(const AttentionParameters& parameters, const AttentionOperands& operands, int64_t first,
           int64_t tokens);

 private:
  struct Sequence {
    int64_t first = 0;
    int64_t tokens = 0;
    int64_t padded_tokens = 0;  // even
    int64_t head_size = 0;
    int64_t padded_head_size = 0;  // even
  };

  void GatherHead(const AttentionOperands& operands, const Sequence& sequence, int64_t channel);
  void RunQueryBlock(const AttentionParameters& parameters, const AttentionOperands& operands,
                     const Sequence& sequence, int64_t channel, int64_t query_block);

  const KernelTable& kernels_;
  AlignedBuffer queries_;  // [query blocks][padded_head_size][32]
  AlignedBuffer keys_;     // [tokens][padded_head_size]
  AlignedBuffer values_;   // [head_size][padded_tokens]
  AlignedBuffer logits_;   // [padded_tokens][32], then the probabilities
  AlignedBuffer context_;  // [head_size][32]
};

}  // namespace sta::emulator

#endif  // ACCEL_EMULATOR_ATTENTION_UNIT_H_
