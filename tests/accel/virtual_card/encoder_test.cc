// SPDX-License-Identifier: Apache-2.0
//
// Random encoders and batches through the compiler of the card side, against accel/reference: in
// order, and with the units in random orders. The buffers are full of garbage before each run, so
// that what an instruction reads too early, or what nobody wrote, is wrong.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "accel/program/card/activation_layout.h"
#include "accel/program/card/batch_schedule.h"
#include "accel/program/card/card_image.h"
#include "accel/program/card/checksum.h"
#include "accel/program/card/expected_checksum.h"
#include "accel/program/compiler.h"
#include "accel/program/random_encoder.h"
#include "accel/reference/interpreter.h"
#include "accel/virtual_card/functional_card.h"
#include "tests/support/random_rows.h"
#include "tests/support/random_values.h"
#include "tests/support/status_matchers.h"

namespace sta::card {
namespace {

using Rows = std::vector<int16_t>;

RandomEncoderOptions RandomOptions(RandomValues& random) {
  RandomEncoderOptions options = {.seed = static_cast<uint64_t>(random.Uniform(1, 1'000'000)),
                                  .intermediate_size = random.Uniform(1, 150),
                                  .layers = random.Uniform(1, 2),
                                  .heads = static_cast<int32_t>(random.Uniform(1, 5))};
  options.hidden_size = options.heads * random.Uniform(1, 24);
  options.pattern = random.Pick<Pattern>({Pattern::Dense(),
                                          {1, 4},
                                          {2, 4},
                                          {3, 4},
                                          {1, 8},
                                          {2, 8},
                                          {3, 8},
                                          {4, 8},
                                          {7, 8},
                                          {1, 16},
                                          {5, 16},
                                          {2, 32}});
  return options;
}

// One encoder and one batch on one array.
class EncoderOnArray {
 public:
  EncoderOnArray(const CardConfig& config, const RandomEncoderOptions& options,
                 const std::vector<int32_t>& lengths)
      : program_(*CompileProgram(RandomEncoder(options))), card_(config) {
    for (const int32_t length : lengths) offsets_.push_back(offsets_.back() + length);
    rows_ = RandomRows(offsets_.back(), program_->hidden_size, options.seed);
    expected_.resize(rows_.size());
    EXPECT_THAT(Interpret(*program_, {rows_, offsets_}, expected_, nullptr), IsOk());
    auto image = MakeCardImage(*program_, config);
    EXPECT_THAT(image, IsOk());
    if (image.ok()) image_ = *std::move(image);
    auto runs = ScheduleBatch(image_, offsets_);
    EXPECT_THAT(runs, IsOk());
    if (runs.ok()) runs_ = *std::move(runs);
  }

  // Rows of the reference.
  const Rows& expected() const { return expected_; }
  // What a test may change before it runs the card.
  std::vector<CardInstruction>& stream(size_t run) { return runs_[run].stream; }
  size_t run_count() const { return runs_.size(); }

  // Rows of the card, its units in the order of `seed` or one instruction after the other.
  Rows Run(std::optional<uint64_t> seed) {
    Rows output(rows_.size());
    const ImageChecksums sums(image_);
    for (const auto& run : runs_) {
      FillBuffers();
      const std::vector<uint8_t> input = PackRows(image_, run, rows_);
      const auto stream = EncodeStream(run.stream, image_.config);
      EXPECT_THAT(stream, IsOk());
      std::vector<uint8_t> region(input.size(), kGarbage);
      const CardMemory memory = {image_.bytes, *stream, input, region};
      const CardRunResult result =
          seed.has_value() ? card_.RunInterleaved(memory, *seed) : card_.Run(memory);
      EXPECT_EQ(result.error, CardError::kNone) << "instruction " << result.instruction;
      EXPECT_EQ(result.instruction, run.stream.size() - 1);
      EXPECT_EQ(result.beats_written, run.region_beats());
      // What a host expects of the run, which has not seen it.
      EXPECT_EQ(result.program_checksum,
                ExpectedProgramChecksum(sums, run.stream, *stream, image_.config));
      EXPECT_EQ(result.input_checksum, RegionChecksum(input, 0));
      EXPECT_EQ(result.output_checksum, RegionChecksum(region, 0));
      EXPECT_THAT(UnpackRows(image_, run, region, output), IsOk());
    }
    return output;
  }

 private:
  static constexpr uint8_t kGarbage = 0x5A;

  void FillBuffers() {
    std::ranges::fill(card_.buffers().activations(), int8_t{kGarbage});
    std::ranges::fill(card_.buffers().residual(), int16_t{kGarbage * 257});
    std::ranges::fill(card_.buffers().key_value(), int8_t{kGarbage});
  }

  const std::shared_ptr<const Program> program_;
  FunctionalCard card_;
  std::vector<int32_t> offsets_ = {0};
  Rows rows_;
  Rows expected_;
  CardImage image_;
  std::vector<ScheduledRun> runs_;
};

// Buffers are small, because they are filled before each run.
CardConfig SmallArray(const char* preset) {
  CardConfig config = *CardConfig::Preset(preset);
  config.activation_rows = 256;
  config.residual_beats = 512;
  config.key_value_tiles = 2048;
  return config;
}

class EncoderTest : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Arrays, EncoderTest, testing::Values("4x4x4", "8x8x8", "16x16x8"),
                         [](const auto& array) { return std::string(array.param); });

TEST_P(EncoderTest, RandomEncodersGiveTheBitsOfTheReferenceInEveryOrder) {
  for (uint64_t seed = 0; seed < 25; ++seed) {
    SCOPED_TRACE(seed);
    RandomValues random(seed);
    const RandomEncoderOptions options = RandomOptions(random);
    std::vector<int32_t> lengths;
    for (int64_t i = random.Uniform(1, 4); i > 0; --i) {
      lengths.push_back(static_cast<int32_t>(random.Pick({1, 2, 3, 7, 8, 9, 16, 31})));
    }
    EncoderOnArray encoder(SmallArray(GetParam()), options, lengths);
    EXPECT_EQ(encoder.Run(std::nullopt), encoder.expected());
    for (uint64_t order = 0; order < 4; ++order) {
      EXPECT_EQ(encoder.Run(order), encoder.expected()) << "order " << order;
    }
    if (HasFailure()) return;
  }
}

TEST_P(EncoderTest, LongSequencesAndSeveralRunsGiveTheBitsOfTheReference) {
  struct Case {
    RandomEncoderOptions options;
    std::vector<int32_t> lengths;
    int64_t activation_rows = 256;
    size_t least_runs = 1;
  };
  const Case cases[] = {
      {{.seed = 6, .hidden_size = 32, .heads = 1, .pattern = {1, 8}}, {200, 56}},
      {{.seed = 7, .hidden_size = 64, .heads = 4, .pattern = {4, 8}},
       {30, 30, 30, 30, 30, 30, 7},
       32,
       2},
      {{.seed = 8, .hidden_size = 20, .layers = 0, .heads = 1}, {4, 13}},
  };
  for (const Case& test_case : cases) {
    SCOPED_TRACE(test_case.options.seed);
    CardConfig config = SmallArray(GetParam());
    config.activation_rows = test_case.activation_rows;
    EncoderOnArray encoder(config, test_case.options, test_case.lengths);
    EXPECT_GE(encoder.run_count(), test_case.least_runs);
    EXPECT_EQ(encoder.Run(std::nullopt), encoder.expected());
    EXPECT_EQ(encoder.Run(1), encoder.expected());
  }
}

// Of a schedule of several blocks, no wait is superfluous, and none can be forgotten unseen.
TEST_P(EncoderTest, EveryMissingWaitGivesAWrongResult) {
  const RandomEncoderOptions options = {
      .seed = 3, .hidden_size = 32, .intermediate_size = 32, .layers = 1, .pattern = {1, 16}};
  EncoderOnArray encoder(SmallArray(GetParam()), options, {32, 31});
  ASSERT_EQ(encoder.run_count(), 1u);
  int removed = 0;
  for (CardInstruction& instruction : encoder.stream(0)) {
    for (int64_t& wait : instruction.waits) {
      if (wait == 0) continue;
      const int64_t right = std::exchange(wait, wait - 1);
      bool is_seen = false;
      for (uint64_t order = 0; order < 100 && !is_seen; ++order) {
        is_seen = encoder.Run(order) != encoder.expected();
      }
      EXPECT_TRUE(is_seen) << "wait " << right << " of instruction "
                           << &instruction - encoder.stream(0).data();
      wait = right;
      ++removed;
    }
  }
  EXPECT_GT(removed, 5);
}

}  // namespace
}  // namespace sta::card
