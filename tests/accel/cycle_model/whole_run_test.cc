// SPDX-License-Identifier: Apache-2.0
//
// Whole encoders: what the model says against what the functional model transfers, and the figures
// that the array was designed for.
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "accel/cycle_model/cycle_model.h"
#include "accel/program/card/batch_schedule.h"
#include "accel/program/card/card_image.h"
#include "accel/program/compiler.h"
#include "accel/program/random_encoder.h"
#include "accel/virtual_card/functional_card.h"
#include "tests/support/status_matchers.h"

namespace sta::card {
namespace {

struct WholeRun {
  CardImage image;
  ScheduledRun run;
};

WholeRun MakeRun(const char* array, const RandomEncoderOptions& options, int32_t tokens) {
  const auto program = CompileProgram(RandomEncoder(options));
  EXPECT_THAT(program, IsOk());
  auto image = MakeCardImage(**program, *CardConfig::Preset(array));
  EXPECT_THAT(image, IsOk());
  const std::vector<int32_t> offsets = {0, tokens};
  auto runs = ScheduleBatch(*image, offsets);
  EXPECT_THAT(runs, IsOk());
  EXPECT_EQ(runs->size(), 1u);
  return {*std::move(image), runs->front()};
}

CycleEstimate PredictRun(const WholeRun& whole) {
  const auto estimate = PredictCycles(whole.run.stream, whole.image.config, {});
  EXPECT_THAT(estimate, IsOk());
  return estimate.ok() ? *estimate : CycleEstimate{};
}

TEST(WholeRunTest, TransfersWhatTheFunctionalModelTransfers) {
  for (const char* array : {"4x4x4", "8x8x8", "16x16x8"}) {
    const WholeRun whole = MakeRun(
        array, {.hidden_size = 48, .intermediate_size = 80, .heads = 3, .pattern = {2, 8}}, 29);
    const auto stream = EncodeStream(whole.run.stream, whole.image.config);
    ASSERT_THAT(stream, IsOk());
    std::vector<uint8_t> region(static_cast<size_t>(whole.run.region_beats() * kBeatBytes));
    const std::vector<uint8_t> input = region;
    FunctionalCard card(whole.image.config);
    const CardRunResult result = card.Run({whole.image.bytes, *stream, input, region});
    const CycleEstimate estimate = PredictRun(whole);
    EXPECT_EQ(estimate.beats_read, result.beats_read);
    EXPECT_EQ(estimate.beats_written, result.beats_written);
  }
}

// A layer of BERT-base, 128 tokens, on 512 multipliers: what the array is built to reach.
TEST(WholeRunTest, SparseLayersOfBertAreAsMuchFasterAsTheyShouldBe) {
  const auto cycles = [](Pattern pattern) {
    const CycleEstimate estimate = PredictRun(MakeRun("8x8x8",
                                                      {.hidden_size = 768,
                                                       .intermediate_size = 3072,
                                                       .layers = 1,
                                                       .heads = 12,
                                                       .pattern = pattern},
                                                      128));
    EXPECT_GT(estimate.engine_steps, estimate.cycles * 9 / 10);
    return static_cast<double>(estimate.cycles);
  };
  const double dense = cycles(Pattern::Dense());
  EXPECT_GT(dense / cycles({2, 8}), 3.4);
  EXPECT_GT(dense / cycles({1, 8}), 5.6);
  EXPECT_GT(dense / cycles({1, 16}), 8.5);
}

}  // namespace
}  // namespace sta::card
