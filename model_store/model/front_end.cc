// SPDX-License-Identifier: Apache-2.0
#include "model_store/model/front_end.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace sta {
namespace {

// One row of a table.
struct TableRow {
  TableRow(const EmbeddingTableView& table, int64_t row)
      : codes(table.codes + row * table.columns),
        multiplier(table.multipliers[row]),
        shift(table.shift),
        half((int32_t{1} << table.shift) >> 1) {}

  const int8_t* codes;
  int32_t multiplier;
  int32_t shift;
  int32_t half;  // what RoundingShiftRight adds
};

// Everything stays in int32, which compilers vectorize: |code * multiplier| < 2^22.
int32_t Saturate(int32_t x) { return std::clamp(x, -32768, 32767); }
int32_t Widen(const TableRow& row, int64_t column) {
  return Saturate((row.codes[column] * row.multiplier + row.half) >> row.shift);
}

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
// Chosen at run time by what the processor has.
#define STA_WIDE_VECTORS __attribute__((target_clones("avx2", "default")))
#else
#define STA_WIDE_VECTORS
#endif

STA_WIDE_VECTORS void AddRows(TableRow word, TableRow position, int64_t hidden, int16_t* out) {
  for (int64_t c = 0; c < hidden; ++c) {
    out[c] = static_cast<int16_t>(Saturate(Widen(word, c) + Widen(position, c)));
  }
}

STA_WIDE_VECTORS void AddRow(TableRow type, int64_t hidden, int16_t* out) {
  for (int64_t c = 0; c < hidden; ++c) {
    out[c] = static_cast<int16_t>(Saturate(out[c] + Widen(type, c)));
  }
}

}  // namespace

void EmbedTokens(const EmbeddingTables& tables, int64_t position_offset,
                 const TokenSequence& tokens, std::span<int16_t> rows) {
  const int64_t hidden = tables.word.columns;
  for (int64_t p = 0; p < std::ssize(tokens.ids); ++p) {
    const auto token = static_cast<size_t>(p);
    int16_t* out = rows.data() + p * hidden;
    const TableRow word(tables.word, tokens.ids[token]);
    const TableRow position(tables.position, p + position_offset);
    AddRows(word, position, hidden, out);
    // The position table holds type 0 already; row 1 of the type table is (type 1 - type 0).
    if (tokens.types.empty() || tokens.types[token] == 0) continue;
    AddRow(TableRow(tables.token_type, tokens.types[token]), hidden, out);
  }
}

}  // namespace sta
