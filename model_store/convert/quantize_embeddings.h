// SPDX-License-Identifier: Apache-2.0
//
// Float embedding tables to int8 codes with a multiplier a row (docs/package-format.md): the row's
// int16 values, in steps of S_e, are code * multiplier / 2^shift. Pure; thread-safe.
#ifndef MODEL_STORE_CONVERT_QUANTIZE_EMBEDDINGS_H_
#define MODEL_STORE_CONVERT_QUANTIZE_EMBEDDINGS_H_

#include <cstdint>
#include <vector>

#include "model_store/convert/float_encoder.h"
#include "model_store/package/package.h"

namespace sta {

// A table that owns its numbers.
struct QuantizedTable {
  int64_t rows = 0;
  int64_t columns = 0;
  std::vector<int8_t> codes;
  std::vector<int16_t> multipliers;
  int32_t shift = 0;

  EmbeddingTableView View() const {
    return {.rows = rows,
            .columns = columns,
            .codes = codes.data(),
            .multipliers = multipliers.data(),
            .shift = shift};
  }
};

struct QuantizedEmbeddings {
  double step = 1.0;  // S_e of docs/arithmetic.md section 9.9
  QuantizedTable word;
  QuantizedTable position;    // holds token type 0
  QuantizedTable token_type;  // row 0: zeros, row 1: type 1 - type 0; or no rows

  EmbeddingTables View() const {
    return {.word = word.View(), .position = position.View(), .token_type = token_type.View()};
  }
};

QuantizedEmbeddings QuantizeEmbeddings(const FloatEncoder& encoder);

}  // namespace sta

#endif  // MODEL_STORE_CONVERT_QUANTIZE_EMBEDDINGS_H_
