// SPDX-License-Identifier: Apache-2.0
//
// The cycle model against the kernel: 26 runs of small encoders, on memories of several latencies
// and bandwidths. Figures of all of them are printed with --gtest_output=json:FILE.
#include "accel/cycle_model/cycle_model.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "Vsta_kernel_4x4.h"
#include "Vsta_kernel_8x8.h"
#include "accel/program/card/batch_schedule.h"
#include "accel/program/card/card_image.h"
#include "accel/program/compiler.h"
#include "accel/program/random_encoder.h"
#include "accel/rtl/dv/kernel_runner.h"
#include "accel/rtl/dv/simulated_array.h"
#include "accel/rtl/dv/verilated_kernel.h"
#include "tests/support/random_rows.h"
#include "tests/support/status_matchers.h"

namespace sta::rtl {
namespace {

// Of the kernel's cycles.
constexpr double kMostError = 0.02;

struct CycleCase {
  std::string name;
  RandomEncoderOptions encoder;
  std::vector<int32_t> lengths;
  int latency = 150;
  double beats_a_cycle = 1.0;
};

std::ostream& operator<<(std::ostream& out, const CycleCase& c) { return out << c.name; }

const CycleCase kCycleCases[] = {
    {"short", {.hidden_size = 32, .intermediate_size = 64, .pattern = {2, 8}}, {5}},
    {"low_latency", {.hidden_size = 32, .intermediate_size = 64, .pattern = {2, 8}}, {5}, 20, 2.0},
    {"three_sequences",
     {.hidden_size = 48, .intermediate_size = 96, .heads = 3, .pattern = {1, 4}},
     {9, 17, 1}},
    {"narrow", {.hidden_size = 64, .intermediate_size = 256, .layers = 1, .pattern = {2, 8}}, {32}},
    {"slow_memory",
     {.hidden_size = 64, .intermediate_size = 256, .layers = 1, .pattern = {2, 8}},
     {32},
     150,
     0.25},
    {"wide_dense", {.hidden_size = 128, .intermediate_size = 512, .layers = 1}, {32}},
    {"wide_2_8",
     {.hidden_size = 128, .intermediate_size = 512, .layers = 1, .pattern = {2, 8}},
     {32}},
    {"wide_1_8",
     {.hidden_size = 128, .intermediate_size = 512, .layers = 1, .pattern = {1, 8}},
     {32}},
    {"wide_1_16",
     {.hidden_size = 128, .intermediate_size = 512, .layers = 1, .pattern = {1, 16}},
     {32}},
    {"four_heads",
     {.hidden_size = 128, .intermediate_size = 128, .heads = 4, .pattern = {4, 8}},
     {40, 20}},
    {"long_sequence",
     {.hidden_size = 64, .intermediate_size = 64, .layers = 1, .heads = 1, .pattern = {1, 16}},
     {128}},
    {"odd_widths",
     {.hidden_size = 30, .intermediate_size = 50, .heads = 5, .pattern = {3, 8}},
     {7, 8, 9},
     60,
     0.5},
    {"high_latency",
     {.hidden_size = 16, .intermediate_size = 400, .layers = 3, .pattern = {2, 32}},
     {3},
     300},
};

class CycleModelTest : public testing::TestWithParam<CycleCase> {
 protected:
  template <typename Model>
  void ExpectCyclesOf(int64_t tile, int64_t lanes);
};

INSTANTIATE_TEST_SUITE_P(Runs, CycleModelTest, testing::ValuesIn(kCycleCases),
                         [](const auto& run) { return run.param.name; });

template <typename Model>
void CycleModelTest::ExpectCyclesOf(int64_t tile, int64_t lanes) {
  const CycleCase& c = GetParam();
  const card::CardConfig config = SimulatedArray(tile, lanes);
  STA_ASSERT_OK_AND_ASSIGN(const std::shared_ptr<const Program> program,
                           CompileProgram(RandomEncoder(c.encoder)));
  STA_ASSERT_OK_AND_ASSIGN(const card::CardImage image, card::MakeCardImage(*program, config));
  std::vector<int32_t> offsets = {0};
  for (const int32_t length : c.lengths) offsets.push_back(offsets.back() + length);
  STA_ASSERT_OK_AND_ASSIGN(const std::vector<card::ScheduledRun> runs,
                           card::ScheduleBatch(image, offsets));
  ASSERT_EQ(runs.size(), 1u);
  STA_ASSERT_OK_AND_ASSIGN(
      const card::CycleEstimate estimate,
      card::PredictCycles(runs[0].stream, config,
                          {.bytes_per_cycle = 64 * c.beats_a_cycle, .latency_cycles = c.latency}));

  const std::vector<int16_t> rows = RandomRows(offsets.back(), program->hidden_size, 1);
  std::vector<int16_t> output(rows.size());
  VerilatedKernel<Model> kernel(1);
  KernelRunner runner(&kernel, image, {.latency = c.latency, .beats_a_cycle = c.beats_a_cycle}, 1);
  ASSERT_THAT(runner.Run({rows, offsets}, output), IsOk());
  const KernelCounters& counters = runner.counters();
  const auto cycles = static_cast<int64_t>(counters.cycles);
  RecordProperty("estimated_cycles", std::to_string(estimate.cycles));
  RecordProperty("simulated_cycles", std::to_string(cycles));
  EXPECT_NEAR(static_cast<double>(estimate.cycles), static_cast<double>(cycles),
              kMostError * static_cast<double>(cycles));
  EXPECT_EQ(estimate.engine_steps, counters.engine_busy);
  EXPECT_EQ(estimate.beats_read, counters.beats_read);
  EXPECT_EQ(estimate.beats_written, counters.beats_written);
}

TEST_P(CycleModelTest, IsWithinTwoPercentOfAKernelOf64Multipliers) {
  ExpectCyclesOf<Vsta_kernel_4x4>(4, 4);
}

TEST_P(CycleModelTest, IsWithinTwoPercentOfAKernelOf512Multipliers) {
  ExpectCyclesOf<Vsta_kernel_8x8>(8, 8);
}

}  // namespace
}  // namespace sta::rtl
