// SPDX-License-Identifier: Apache-2.0
//
// LinearTester: runs `linear` of one instruction set on a random matrix and compares every value
// with docs/arithmetic.md sections 3, 4 and 6 as accel/arithmetic has them.
//
//   LinearTester tester(table, {.pattern = {2, 8}, .columns = 65, .channels = 33, .seed = 7});
//   tester.Check({.rows = 5, .output = LinearOutput::kInt16});   // reports through GoogleTest
#ifndef TESTS_ACCEL_EMULATOR_LINEAR_TESTER_H_
#define TESTS_ACCEL_EMULATOR_LINEAR_TESTER_H_

#include <cstdint>
#include <vector>

#include "accel/arithmetic/gelu.h"
#include "accel/emulator/kernels.h"
#include "model_store/codec/pattern.h"
#include "model_store/package/encoder_parameters.h"
#include "tests/accel/emulator/guarded_buffer.h"
#include "tests/support/random_values.h"

namespace sta::emulator {

enum class GeluClasses : uint8_t { kNone, kSome, kAll };

struct LinearMatrixCase {
  Pattern pattern;
  int64_t columns = 1;
  int64_t channels = 1;
  Fill weights = Fill::kRandom;
  Fill constants = Fill::kRandom;  // biases, shifts and multipliers
  uint64_t seed = 1;
};

struct LinearRunCase {
  int64_t rows = 1;
  LinearOutput output = LinearOutput::kInt8;
  GeluClasses classes = GeluClasses::kNone;
  Fill x = Fill::kRandom;
};

class LinearTester {
 public:
  LinearTester(const KernelTable& kernels, const LinearMatrixCase& matrix);

  void Check(const LinearRunCase& run);

 private:
  void MakeConstants();
  void PackConstants();
  void MakeActivations(const LinearRunCase& run);
  void MakeGelu(const LinearRunCase& run);
  LinearArgs ArgsOf(const LinearRunCase& run);

  int32_t Accumulate(int64_t row, int64_t channel) const;
  void CompareInt8(const LinearRunCase& run) const;
  void CompareInt16(const LinearRunCase& run) const;
  void CompareGuards() const;

  int8_t X(int64_t row, int64_t column) const;

  const KernelTable& kernels_;
  const LinearMatrixCase case_;
  RandomValues random_;
  LinearParameters parameters_;
  arithmetic::GeluTables gelu_{};
  std::vector<uint8_t> gelu_class_;
  int64_t slots_ = 0;  // rows that a cell's chunk has room for: more than there are

  MatrixView view_{};
  GuardedBuffer<uint8_t> weights_;
  GuardedBuffer<uint8_t> patterns_;
  GuardedBuffer<int32_t> start_;
  GuardedBuffer<int32_t> shift_;
  GuardedBuffer<int16_t> multiplier_;
  GuardedBuffer<uint8_t> x_;
  GuardedBuffer<uint8_t> y8_;
  GuardedBuffer<int16_t> y16_;
  GuardedBuffer<int16_t> residual_;
  GuardedBuffer<uint8_t> gelu_tables_;
  GuardedBuffer<uint16_t> gelu_groups_;
};

}  // namespace sta::emulator

#endif  // TESTS_ACCEL_EMULATOR_LINEAR_TESTER_H_
