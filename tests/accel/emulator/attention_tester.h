// SPDX-License-Identifier: Apache-2.0
//
// AttentionTester: runs `attention` of one instruction set on random queries, keys and values and
// compares every context with docs/arithmetic.md section 7 as accel/arithmetic has it.
#ifndef TESTS_ACCEL_EMULATOR_ATTENTION_TESTER_H_
#define TESTS_ACCEL_EMULATOR_ATTENTION_TESTER_H_

#include <cstdint>
#include <vector>

#include "accel/emulator/kernels.h"
#include "tests/accel/emulator/guarded_buffer.h"
#include "tests/support/random_values.h"

namespace sta::emulator {

struct AttentionCase {
  int64_t head_size = 16;
  int64_t key_count = 1;
  int64_t first_query = 0;
  int64_t query_count = 1;
  int32_t logit_shift = 0;
  int32_t logit_multiplier = 0;
  int32_t context_shift = 0;
  int32_t context_multiplier = 1;
  Fill queries = Fill::kRandom;
  Fill keys = Fill::kRandom;
  Fill values = Fill::kRandom;
  uint64_t seed = 1;
};

class AttentionTester {
 public:
  explicit AttentionTester(const KernelTable& kernels) : kernels_(kernels) {}

  // Reports through GoogleTest.
  void Check(const AttentionCase& c);

 private:
  // Rows in ascending order, each some multiple of 16 bytes behind the one before.
  void PlaceRows(const AttentionCase& c, RandomValues& random);
  // A buffer that ends with the last row; the base pointer that row offsets count from.
  uint8_t* MakeOperand(const AttentionCase& c, Fill fill, bool padding_is_zero,
                       RandomValues& random, GuardedBuffer<uint8_t>& buffer);
  AttentionArgs ArgsOf(const AttentionCase& c);

  void ExpectedContext(const AttentionCase& c, const AttentionArgs& args, int64_t query);
  void CompareContexts(const AttentionCase& c, const AttentionArgs& args);

  int32_t Code(const uint8_t* base, int64_t row, int64_t channel) const {
    return static_cast<int8_t>(base[row_offsets_[static_cast<size_t>(row)] + channel] -
                               kernels_.zero_code);
  }

  const KernelTable& kernels_;
  std::vector<int64_t> row_offsets_;
  std::vector<int8_t> expected_;  // of one query, [head_size]
  GuardedBuffer<int64_t> offsets_;
  GuardedBuffer<uint8_t> queries_;
  GuardedBuffer<uint8_t> keys_;
  GuardedBuffer<uint8_t> values_;
  GuardedBuffer<uint8_t> context_;
  GuardedBuffer<uint8_t> exp_table_;
  GuardedBuffer<uint8_t> scratch_;
};

}  // namespace sta::emulator

#endif  // TESTS_ACCEL_EMULATOR_ATTENTION_TESTER_H_
