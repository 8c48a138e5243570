// SPDX-License-Identifier: Apache-2.0
//
// GELU by table: docs/arithmetic.md section 6. gelu_tables.h makes the tables.
#ifndef ACCEL_ARITHMETIC_GELU_H_
#define ACCEL_ARITHMETIC_GELU_H_

#include <array>
#include <cstddef>
#include <cstdint>

namespace sta::arithmetic {

// Two tables of 256 int8 codes, one a channel class; entry u + 128 answers the code u.
using GeluTables = std::array<std::array<int8_t, 256>, 2>;

// `channel_class` is 0 or 1.
constexpr int8_t Gelu(const GeluTables& tables, uint8_t channel_class, int8_t u) {
  return tables[channel_class][static_cast<size_t>(u + 128)];
}

}  // namespace sta::arithmetic

#endif  // ACCEL_ARITHMETIC_GELU_H_
