// SPDX-License-Identifier: Apache-2.0
#include "model_store/model/front_end.h"

#include "accel/arithmetic/primitives.h"

namespace sta {
namespace {

// One row of a table, widened on the fly. |code * multiplier| < 2^22: int32 is enough.
class TableRow {
 public:
  TableRow(const EmbeddingTableView& table, int64_t row)
      : codes_(table.codes + row * table.columns),
        multiplier_(table.multipliers[row]),
        shift_(table.shift) {}

  int16_t operator[](int64_t column) const {
    return arithmetic::Saturate16(
        arithmetic::RoundingShiftRight(int32_t{codes_[column]} * multiplier_, shift_));
  }

 private:
  const int8_t* codes_;
  int32_t multiplier_;
  int32_t shift_;
};

}  // namespace

void EmbedTokens(const EmbeddingTables& tables, int64_t position_offset,
                 const TokenSequence& tokens, std::span<int16_t> rows) {
  const int64_t hidden = tables.word.columns;
  for (int64_t p = 0; p < std::ssize(tokens.ids); ++p) {
    const auto token = static_cast<size_t>(p);
    int16_t* out = rows.data() + p * hidden;
    const TableRow word(tables.word, tokens.ids[token]);
    const TableRow position(tables.position, p + position_offset);
    for (int64_t c = 0; c < hidden; ++c) {
      out[c] = arithmetic::Saturate16(int32_t{word[c]} + position[c]);
    }
    // The position table holds type 0 already; row 1 of the type table is (type 1 - type 0).
    if (tokens.types.empty() || tokens.types[token] == 0) continue;
    const TableRow type(tables.token_type, tokens.types[token]);
    for (int64_t c = 0; c < hidden; ++c) {
      out[c] = arithmetic::Saturate16(int32_t{out[c]} + type[c]);
    }
  }
}

}  // namespace sta
