// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "tests/accel/emulator/kernel_test.h"
#include "tests/accel/emulator/linear_tester.h"
#include "tests/support/random_values.h"

namespace sta::emulator {
namespace {

std::vector<Pattern> AllPatterns() {
  std::vector<Pattern> patterns = {Pattern::Dense()};
  for (const int m : {4, 8, 16, 32}) {
    for (int n = 1; n <= m; ++n) patterns.push_back({n, m});
  }
  return patterns;
}

// Some rows, outputs, classes and inputs on one matrix: random ones, and over the matrices of a
// test all of them many times.
void CheckSomeRuns(const KernelTable& kernels, const LinearMatrixCase& matrix, int runs) {
  RandomValues random(matrix.seed);
  LinearTester tester(kernels, matrix);
  for (int run = 0; run < runs && !testing::Test::HasFailure(); ++run) {
    tester.Check({.rows = random.Uniform(1, kMaxBlockRows),
                  .output = static_cast<LinearOutput>(random.Uniform(0, 3)),
                  .classes = static_cast<GeluClasses>(random.Uniform(0, 2)),
                  .x = random.Uniform(0, 1) == 0 ? Fill::kRandom : kFills[random.Uniform(0, 4)]});
  }
}

using LinearTest = KernelTest;
STA_FOR_EVERY_INSTRUCTION_SET(LinearTest);

TEST_P(LinearTest, EveryPatternWithEveryTail) {
  uint64_t seed = 1000;
  for (const Pattern pattern : AllPatterns()) {
    for (int64_t tail = 1; tail <= 65 && !HasFailure(); ++tail) {
      RandomValues random(++seed);
      CheckSomeRuns(
          *GetParam(),
          {.pattern = pattern, .columns = tail, .channels = random.Uniform(1, 65), .seed = seed},
          2);
      CheckSomeRuns(
          *GetParam(),
          {.pattern = pattern, .columns = random.Uniform(1, 130), .channels = tail, .seed = seed},
          2);
    }
  }
}

TEST_P(LinearTest, EveryPatternAtTheEndsOfEveryRange) {
  uint64_t seed = 20'000;
  for (const Pattern pattern : AllPatterns()) {
    for (const Fill weights : kFills) {
      for (const Fill constants : kFills) {
        if (HasFailure()) return;
        RandomValues random(++seed);
        CheckSomeRuns(*GetParam(),
                      {.pattern = pattern,
                       .columns = random.Uniform(1, 200),
                       .channels = random.Uniform(1, 100),
                       .weights = weights,
                       .constants = constants,
                       .seed = seed},
                      3);
      }
    }
  }
}

// Every number of rows has code of its own, and so has every output.
TEST_P(LinearTest, EveryOutputWithEveryNumberOfRows) {
  uint64_t seed = 30'000;
  for (const Pattern pattern : {Pattern::Dense(), Pattern{2, 4}, Pattern{5, 8}, Pattern{2, 8},
                                Pattern{1, 16}, Pattern{3, 32}}) {
    LinearTester tester(*GetParam(),
                        {.pattern = pattern, .columns = 100, .channels = 83, .seed = ++seed});
    for (int64_t rows = 1; rows <= kMaxBlockRows; ++rows) {
      for (const LinearOutput output :
           {LinearOutput::kInt8, LinearOutput::kInt16, LinearOutput::kInt16Residual}) {
        tester.Check({.rows = rows, .output = output});
      }
      for (const GeluClasses classes :
           {GeluClasses::kNone, GeluClasses::kSome, GeluClasses::kAll}) {
        tester.Check({.rows = rows, .output = LinearOutput::kInt8Gelu, .classes = classes});
      }
      if (HasFailure()) return;
    }
  }
}

// The largest accumulators that there are, of both signs.
TEST_P(LinearTest, LongestInputs) {
  uint64_t seed = 40'000;
  for (const Pattern pattern : {Pattern::Dense(), Pattern{4, 4}, Pattern{4, 8}, Pattern{1, 8},
                                Pattern{1, 16}, Pattern{16, 32}}) {
    for (const int64_t columns : {1536, 3072, 4095, 4096}) {
      for (const Fill weights : {Fill::kLow, Fill::kHigh, Fill::kAlternating, Fill::kRandom}) {
        LinearTester tester(*GetParam(), {.pattern = pattern,
                                          .columns = columns,
                                          .channels = 17,
                                          .weights = weights,
                                          .constants = Fill::kAlternating,
                                          .seed = ++seed});
        for (const Fill x : {Fill::kLow, Fill::kHigh, Fill::kAlternating}) {
          tester.Check({.rows = 2, .output = LinearOutput::kInt16, .x = x});
        }
        if (HasFailure()) return;
      }
    }
  }
}

TEST_P(LinearTest, ManyChannels) {
  uint64_t seed = 50'000;
  for (const Pattern pattern : {Pattern::Dense(), Pattern{2, 8}, Pattern{1, 32}}) {
    for (const int64_t channels : {384, 768, 1000, 4096}) {
      CheckSomeRuns(*GetParam(),
                    {.pattern = pattern, .columns = 70, .channels = channels, .seed = ++seed}, 4);
    }
  }
}

}  // namespace
}  // namespace sta::emulator
