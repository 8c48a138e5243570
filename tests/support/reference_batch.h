// SPDX-License-Identifier: Apache-2.0
//
// A batch of random rows with what the reference makes of it.
//
//   ReferenceBatch batch(program, {8, 16}, seed);
//   ASSERT_THAT(device->Run(*loaded, batch.batch(), batch.output(), deadline), IsOk());
//   EXPECT_TRUE(batch.IsRight());
#ifndef TESTS_SUPPORT_REFERENCE_BATCH_H_
#define TESTS_SUPPORT_REFERENCE_BATCH_H_

#include <cstdint>
#include <span>
#include <vector>

#include "accel/device.h"
#include "accel/program/program.h"
#include "accel/reference/interpreter.h"
#include "gtest/gtest.h"
#include "tests/support/random_rows.h"
#include "tests/support/status_matchers.h"

namespace sta {

class ReferenceBatch {
 public:
  ReferenceBatch(const Program& program, const std::vector<int32_t>& lengths, uint64_t seed) {
    for (const int32_t length : lengths) offsets_.push_back(offsets_.back() + length);
    rows_ = RandomRows(offsets_.back(), program.hidden_size, seed);
    expected_.resize(rows_.size());
    output_.assign(rows_.size(), 0x5A5A);
    EXPECT_THAT(Interpret(program, batch(), expected_, nullptr), IsOk());
  }

  PackedSequences batch() const { return {rows_, offsets_}; }
  std::span<int16_t> output() { return output_; }
  bool IsRight() const { return output_ == expected_; }

 private:
  std::vector<int32_t> offsets_ = {0};
  std::vector<int16_t> rows_;
  std::vector<int16_t> expected_;
  std::vector<int16_t> output_;
};

}  // namespace sta

#endif  // TESTS_SUPPORT_REFERENCE_BATCH_H_
