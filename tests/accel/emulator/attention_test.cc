// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>

#include "tests/accel/emulator/attention_tester.h"
#include "tests/accel/emulator/kernel_test.h"
#include "tests/support/random_values.h"

namespace sta::emulator {
namespace {

// A shift and a multiplier that bring most logits within the 255 steps that count, or any others.
void ChooseLogits(RandomValues& random, AttentionCase& c) {
  c.logit_shift = static_cast<int32_t>(random.Uniform(0, 31));
  c.logit_multiplier = static_cast<int32_t>(random.Pick<int64_t>({0, 1, 32767, 4096, 8191}));
  if (random.Uniform(0, 3) == 0) return;
  c.logit_shift = static_cast<int32_t>(random.Uniform(1, 6));
  c.logit_multiplier = static_cast<int32_t>(random.Uniform(50, 4000));
}

AttentionCase RandomCase(int64_t head_size, int64_t key_count, uint64_t seed) {
  RandomValues random(seed);
  AttentionCase c = {.head_size = head_size, .key_count = key_count, .seed = seed};
  c.first_query = random.Uniform(0, key_count - 1);
  c.query_count = random.Uniform(1, std::min<int64_t>(key_count - c.first_query, 40));
  ChooseLogits(random, c);
  c.context_shift = static_cast<int32_t>(random.Uniform(0, 6));
  c.context_multiplier =
      static_cast<int32_t>(random.Pick<int64_t>({1, 32767, 16384, random.Uniform(1, 32767)}));
  for (Fill* const fill : {&c.queries, &c.keys, &c.values}) {
    if (random.Uniform(0, 3) == 0) *fill = kFills[random.Uniform(0, 4)];
  }
  return c;
}

using AttentionTest = KernelTest;
STA_FOR_EVERY_INSTRUCTION_SET(AttentionTest);

TEST_P(AttentionTest, EveryHeadSizeAndEveryNumberOfKeys) {
  AttentionTester tester(*GetParam());
  uint64_t seed = 100'000;
  for (int64_t head_size = 1; head_size <= 70; ++head_size) {
    for (int64_t keys = 1; keys <= 70 && !HasFailure(); ++keys) {
      tester.Check(RandomCase(head_size, keys, ++seed));
    }
  }
}

// Every number of queries ends a block of lanes elsewhere, wherever it begins.
TEST_P(AttentionTest, EveryRangeOfQueries) {
  AttentionTester tester(*GetParam());
  uint64_t seed = 200'000;
  constexpr int64_t kKeys = 41;
  for (int64_t first = 0; first < kKeys; ++first) {
    for (int64_t count = 1; first + count <= kKeys && !HasFailure(); ++count) {
      AttentionCase c = RandomCase(32, kKeys, ++seed);
      c.first_query = first;
      c.query_count = count;
      tester.Check(c);
    }
  }
}

TEST_P(AttentionTest, EveryShift) {
  AttentionTester tester(*GetParam());
  uint64_t seed = 300'000;
  for (int32_t logit_shift = 0; logit_shift <= 31; ++logit_shift) {
    for (int32_t context_shift = 0; context_shift <= 6; ++context_shift) {
      for (const Fill fill : kFills) {
        if (HasFailure()) return;
        AttentionCase c = RandomCase(48, 19, ++seed);
        c.logit_shift = logit_shift;
        c.logit_multiplier = 32767;
        c.context_shift = context_shift;
        c.queries = c.keys = c.values = fill;
        tester.Check(c);
      }
    }
  }
}

TEST_P(AttentionTest, ManyKeysAndWideHeads) {
  AttentionTester tester(*GetParam());
  uint64_t seed = 400'000;
  for (const int64_t head_size : {24, 32, 64, 96, 128, 200}) {
    for (const int64_t keys : {100, 127, 128, 255, 256, 257, 384, 512, 777}) {
      for (const Fill values : {Fill::kRandom, Fill::kLow, Fill::kHigh}) {
        if (HasFailure()) return;
        AttentionCase c = RandomCase(head_size, keys, ++seed);
        c.values = values;
        c.query_count = std::min<int64_t>(c.query_count, 5);
        tester.Check(c);
      }
    }
  }
}

// All probabilities are 127 and all values at their end: the largest contexts that there are.
TEST_P(AttentionTest, LongestSequence) {
  AttentionTester tester(*GetParam());
  for (const Fill values : {Fill::kLow, Fill::kHigh}) {
    tester.Check({.head_size = 16,
                  .key_count = 65'536,
                  .first_query = 65'535,
                  .logit_multiplier = 0,
                  .context_multiplier = 32767,
                  .values = values,
                  .seed = 500'000});
  }
}

}  // namespace
}  // namespace sta::emulator
