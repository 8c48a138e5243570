// SPDX-License-Identifier: Apache-2.0
//
// The front end: token ids to the int16 rows that a Program takes (docs/arithmetic.md section 8,
// docs/package-format.md "embedding tables"). Rows are widened from their int8 codes when they are
// gathered, so memory stays that of the codes. Internal to this folder; pure and thread-safe.
#ifndef MODEL_STORE_MODEL_FRONT_END_H_
#define MODEL_STORE_MODEL_FRONT_END_H_

#include <cstdint>
#include <span>

#include "model_store/package/package.h"
#include "model_store/tokenizer/token_sequence.h"

namespace sta {

// `rows` is [tokens.ids.size()][hidden]; ids, types and length were checked. Position p of the
// sequence uses row p + position_offset of the position table.
void EmbedTokens(const EmbeddingTables& tables, int64_t position_offset,
                 const TokenSequence& tokens, std::span<int16_t> rows);

}  // namespace sta

#endif  // MODEL_STORE_MODEL_FRONT_END_H_
