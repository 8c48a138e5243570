// SPDX-License-Identifier: Apache-2.0
#include "accel/xrt/run_estimate.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <numeric>
#include <string>
#include <vector>

#include "accel/cycle_model/cycle_model.h"
#include "accel/program/card/batch_schedule.h"
#include "accel/program/compiler.h"
#include "accel/program/random_encoder.h"
#include "tests/support/random_values.h"
#include "tests/support/status_matchers.h"

namespace sta {
namespace {

constexpr double kClockMhz = 250;

card::CardImage ImageOf(const RandomEncoderOptions& options, const card::CardConfig& config) {
  auto image = card::MakeCardImage(**CompileProgram(RandomEncoder(options)), config);
  EXPECT_THAT(image, IsOk());
  return *std::move(image);
}

double ModelMicroseconds(const card::CardImage& image, const std::vector<int32_t>& offsets) {
  const auto runs = card::ScheduleBatch(image, offsets);
  EXPECT_THAT(runs, IsOk());
  double microseconds = 0;
  for (const card::ScheduledRun& run : *runs) {
    const auto estimate = card::PredictCycles(run.stream, image.config, {});
    EXPECT_THAT(estimate, IsOk());
    microseconds += estimate->Microseconds(kClockMhz);
  }
  return microseconds;
}

class RunEstimateTest : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Arrays, RunEstimateTest, testing::Values("4x4x4", "8x8x8", "16x16x8"),
                         [](const auto& array) { return std::string(array.param); });

// An estimate decides where a batch runs and when a card is taken to hang, four times beyond.
TEST_P(RunEstimateTest, EstimatesAreNearTheCycleModel) {
  const RandomEncoderOptions models[] = {
      {.hidden_size = 128, .intermediate_size = 512, .layers = 3, .heads = 4, .pattern = {2, 8}},
      {.hidden_size = 96, .intermediate_size = 200, .layers = 1, .heads = 3, .pattern = {1, 16}},
      {.hidden_size = 64, .intermediate_size = 256, .layers = 2, .heads = 2},
      {.hidden_size = 64, .layers = 0}};
  const std::vector<std::vector<int32_t>> batches = {
      {1}, {16}, {100}, {250}, {5, 90, 12, 33}, std::vector<int32_t>(40, 20), {200, 200, 200}};
  for (const RandomEncoderOptions& options : models) {
    const card::CardImage image = ImageOf(options, *card::CardConfig::Preset(GetParam()));
    const RunEstimate estimate(image, kClockMhz);
    for (const std::vector<int32_t>& lengths : batches) {
      std::vector<int32_t> offsets(lengths.size() + 1);
      std::partial_sum(lengths.begin(), lengths.end(), offsets.begin() + 1);
      const double model = ModelMicroseconds(image, offsets);
      const double estimated = absl::ToDoubleMicroseconds(estimate.Of(offsets));
      EXPECT_LT(estimated, 1.3 * model) << options.hidden_size << ": " << offsets.back();
      EXPECT_GT(estimated, model / 1.3) << options.hidden_size << ": " << offsets.back();
    }
  }
}

TEST_P(RunEstimateTest, MoreTokensTakeLonger) {
  const card::CardImage image =
      ImageOf({.hidden_size = 64, .layers = 2}, *card::CardConfig::Preset(GetParam()));
  const RunEstimate estimate(image, kClockMhz);
  absl::Duration last;
  for (const int32_t tokens : {1, 20, 50, 120, 400}) {
    const std::vector<int32_t> offsets = {0, tokens};
    EXPECT_GT(estimate.Of(offsets), last) << tokens;
    last = estimate.Of(offsets);
  }
}

}  // namespace
}  // namespace sta
