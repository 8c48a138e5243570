// SPDX-License-Identifier: Apache-2.0
//
// The whole kernel on random encoders, over a memory with random latency and stalls: every output
// equals the scalar reference's. STA_RTL_CASES sets the number of random cases of each array size.
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "Vsta_kernel_4x4.h"
#include "Vsta_kernel_8x8.h"
#include "accel/program/card/card_image.h"
#include "accel/program/compiler.h"
#include "accel/program/random_encoder.h"
#include "accel/reference/interpreter.h"
#include "accel/rtl/dv/kernel_runner.h"
#include "accel/rtl/dv/simulated_array.h"
#include "accel/rtl/dv/verilated_kernel.h"
#include "gtest/gtest.h"
#include "tests/support/random_rows.h"
#include "tests/support/status_matchers.h"

namespace sta::rtl {
namespace {

int RandomCases() {
  const char* const cases = std::getenv("STA_RTL_CASES");
  return cases == nullptr ? 60 : std::atoi(cases);
}

struct Case {
  RandomEncoderOptions encoder;
  std::vector<int64_t> lengths;
  AxiMemory::Options memory;
};

std::ostream& operator<<(std::ostream& out, const Case& c) {
  out << "seed " << c.encoder.seed << " hidden " << c.encoder.hidden_size << " heads "
      << c.encoder.heads << " intermediate " << c.encoder.intermediate_size << " layers "
      << c.encoder.layers << " pattern " << c.encoder.pattern.ToString() << " latency "
      << c.memory.latency << " stalls " << c.memory.stall_percent << " lengths";
  for (const int64_t length : c.lengths) out << ' ' << length;
  return out;
}

Pattern RandomPattern(std::mt19937& random) {
  const int64_t m = int64_t{4} << (random() % 4);
  if (random() % 6 == 0) return Pattern::Dense();
  return {static_cast<int>(1 + random() % static_cast<uint64_t>(m / 2)), static_cast<int>(m)};
}

Case RandomCase(uint32_t seed) {
  std::mt19937 random(seed);
  const auto between = [&](int64_t low, int64_t high) {
    return low + static_cast<int64_t>(random() % static_cast<uint64_t>(high - low + 1));
  };
  Case c;
  c.encoder.seed = seed;
  c.encoder.heads = static_cast<int32_t>(between(1, 3));
  c.encoder.hidden_size = c.encoder.heads * between(1, 20);
  c.encoder.intermediate_size = between(1, 90);
  c.encoder.layers = between(1, 2);
  c.encoder.pattern = RandomPattern(random);
  const int64_t sequences = between(1, 4);
  for (int64_t i = 0; i < sequences; ++i) c.lengths.push_back(between(1, 24));
  c.memory = {.latency = static_cast<int>(between(1, 60)),
              .latency_jitter = static_cast<int>(between(0, 40)),
              .beats_a_cycle = between(0, 1) == 0 ? 2.0 : 0.5,
              .stall_percent = static_cast<int>(between(0, 2) * 20)};
  return c;
}

// Runs `c` on `kernel` and on the reference.
void ExpectEqual(const Case& c, KernelModel& kernel, const card::CardConfig& config) {
  std::ostringstream description;
  description << c;
  SCOPED_TRACE(description.str());
  STA_ASSERT_OK_AND_ASSIGN(const std::shared_ptr<const Program> program,
                           CompileProgram(RandomEncoder(c.encoder)));
  STA_ASSERT_OK_AND_ASSIGN(const card::CardImage image, card::MakeCardImage(*program, config));

  std::vector<int32_t> offsets = {0};
  for (const int64_t length : c.lengths) {
    offsets.push_back(offsets.back() + static_cast<int32_t>(length));
  }
  const std::vector<int16_t> rows =
      RandomRows(offsets.back(), c.encoder.hidden_size, c.encoder.seed);
  const PackedSequences batch = {rows, offsets};
  std::vector<int16_t> expected(rows.size());
  ASSERT_THAT(Interpret(*program, batch, expected, {}), IsOk());

  std::vector<int16_t> output(rows.size());
  KernelRunner runner(&kernel, image, c.memory, static_cast<uint32_t>(c.encoder.seed));
  ASSERT_THAT(runner.Run(batch, output), IsOk());
  EXPECT_EQ(output, expected);
}

template <typename Model, int64_t kTile, int64_t kLanes>
struct Array {
  using ModelType = Model;
  static card::CardConfig Config() { return SimulatedArray(kTile, kLanes); }
};

template <typename ArrayType>
class EncoderTest : public testing::Test {};

using Arrays = testing::Types<Array<Vsta_kernel_4x4, 4, 4>, Array<Vsta_kernel_8x8, 8, 8>>;
TYPED_TEST_SUITE(EncoderTest, Arrays);

TYPED_TEST(EncoderTest, EqualsTheReferenceOnRandomEncoders) {
  for (int i = 1; i <= RandomCases(); ++i) {
    const auto seed = static_cast<uint32_t>(i);
    VerilatedKernel<typename TypeParam::ModelType> kernel(seed);
    ExpectEqual(RandomCase(seed), kernel, TypeParam::Config());
    if (this->HasFatalFailure() || this->HasNonfatalFailure()) return;
  }
}

TYPED_TEST(EncoderTest, RunsOneBatchAfterTheOther) {
  VerilatedKernel<typename TypeParam::ModelType> kernel(7);
  for (uint32_t seed = 1001; seed <= 1005; ++seed) {
    ExpectEqual(RandomCase(seed), kernel, TypeParam::Config());
    if (this->HasFatalFailure() || this->HasNonfatalFailure()) return;
  }
}

}  // namespace
}  // namespace sta::rtl
