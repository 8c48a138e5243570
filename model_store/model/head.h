// SPDX-License-Identifier: Apache-2.0
//
// The heads: a Program's int16 rows to what a client asked for, in float. `step` is S_out: the
// value of a row's element is int16 * step. Internal to this folder; pure and thread-safe.
//
// Sums run in double precision and in a fixed order, so that an answer does not depend on batching,
// device or instruction set.
#ifndef MODEL_STORE_MODEL_HEAD_H_
#define MODEL_STORE_MODEL_HEAD_H_

#include <cstdint>
#include <span>

#include "model_store/package/encoder_parameters.h"
#include "model_store/package/model_config.h"

namespace sta {

// rows: [tokens][hidden], at least one token; embedding: [hidden]. A zero vector stays zero.
void PoolSentence(std::span<const int16_t> rows, double step, Pooling pooling, bool normalize,
                  std::span<float> embedding);

// The first row through pooler and classifier. logits, probabilities: [labels].
void ClassifySequence(const HeadParameters& head, std::span<const int16_t> rows, double step,
                      std::span<float> logits, std::span<float> probabilities);

}  // namespace sta

#endif  // MODEL_STORE_MODEL_HEAD_H_
