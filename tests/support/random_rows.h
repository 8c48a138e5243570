// SPDX-License-Identifier: Apache-2.0
//
// Rows for a device's input: `tokens` rows of `hidden_size` values, spread as embedding sums are.
// Deterministic in the seed on every machine.
#ifndef TESTS_SUPPORT_RANDOM_ROWS_H_
#define TESTS_SUPPORT_RANDOM_ROWS_H_

#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

namespace sta {

inline std::vector<int16_t> RandomRows(int64_t tokens, int64_t hidden_size, uint64_t seed) {
  std::mt19937_64 engine(seed);
  std::vector<int16_t> rows(static_cast<size_t>(tokens * hidden_size));
  for (int16_t& value : rows)
    value = static_cast<int16_t>(static_cast<int64_t>(engine() % 18001) - 9000);
  return rows;
}

}  // namespace sta

#endif  // TESTS_SUPPORT_RANDOM_ROWS_H_
