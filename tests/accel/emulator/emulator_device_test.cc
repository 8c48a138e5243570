// SPDX-License-Identifier: Apache-2.0
#include "accel/emulator/emulator_device.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <ostream>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "accel/program/compiler.h"
#include "accel/program/random_encoder.h"
#include "accel/reference/interpreter.h"
#include "tests/support/random_rows.h"
#include "tests/support/status_matchers.h"

namespace sta {
namespace {

using testing::HasSubstr;
using Rows = std::vector<int16_t>;
using Offsets = std::vector<int32_t>;

Offsets OffsetsOf(const std::vector<int32_t>& lengths) {
  Offsets offsets = {0};
  for (const int32_t length : lengths) offsets.push_back(offsets.back() + length);
  return offsets;
}

std::shared_ptr<const Program> Compile(EncoderParameters encoder) {
  auto program = CompileProgram(std::move(encoder));
  EXPECT_THAT(program, IsOk());
  return program.ok() ? *program : nullptr;
}

// Runs a batch on the reference and on the emulator with every kernel set of this CPU.
void ExpectEqualsReference(const std::shared_ptr<const Program>& program, const Rows& rows,
                           const Offsets& offsets, int threads = 1) {
  ASSERT_NE(program, nullptr);
  Rows expected(rows.size());
  ASSERT_THAT(ValidateBatch(*program, {rows, offsets}, expected), IsOk());
  ASSERT_THAT(Interpret(*program, {rows, offsets}, expected, nullptr), IsOk());
  for (const std::string& kernels : EmulatorKernels()) {
    SCOPED_TRACE(kernels);
    const auto device = MakeEmulatorDevice({.threads = threads, .kernels = kernels});
    EXPECT_THAT(device->caps().detail, HasSubstr(kernels));
    STA_ASSERT_OK_AND_ASSIGN(const auto loaded, device->Load(program));
    Rows output(rows.size());
    ASSERT_THAT(device->Run(*loaded, {rows, offsets}, output, absl::InfiniteFuture()), IsOk());
    EXPECT_EQ(output, expected);
  }
}

struct ShapeCase {
  std::string name;
  RandomEncoderOptions options;
};

std::ostream& operator<<(std::ostream& out, const ShapeCase& c) { return out << c.name; }

class EmulatorShapeTest : public testing::TestWithParam<ShapeCase> {};

TEST_P(EmulatorShapeTest, EqualsReference) {
  const RandomEncoderOptions& options = GetParam().options;
  SCOPED_TRACE(testing::Message() << "seed " << options.seed);
  const auto program = Compile(RandomEncoder(options));
  const Offsets offsets = OffsetsOf({1, 33, 2, 7});
  ExpectEqualsReference(program, RandomRows(offsets.back(), options.hidden_size, options.seed),
                        offsets);
}

std::vector<ShapeCase> ShapeCases() {
  std::vector<ShapeCase> cases;
  uint64_t seed = 100;
  for (const Pattern pattern :
       {Pattern::Dense(), Pattern{1, 4}, Pattern{2, 4}, Pattern{3, 4}, Pattern{4, 4}, Pattern{1, 8},
        Pattern{2, 8}, Pattern{3, 8}, Pattern{4, 8}, Pattern{7, 8}, Pattern{1, 16}, Pattern{2, 16},
        Pattern{5, 16}, Pattern{16, 16}, Pattern{1, 32}, Pattern{3, 32}, Pattern{31, 32}}) {
    // Sizes that fill the groups, and sizes that leave a last partial group in every matrix.
    const std::string name =
        pattern.IsDense() ? "Dense" : std::to_string(pattern.n) + "of" + std::to_string(pattern.m);
    cases.push_back({name + "Whole",
                     {.seed = ++seed,
                      .hidden_size = 32,
                      .intermediate_size = 64,
                      .layers = 1,
                      .heads = 2,
                      .pattern = pattern}});
    cases.push_back({name + "Partial",
                     {.seed = ++seed,
                      .hidden_size = 27,
                      .intermediate_size = 45,
                      .layers = 2,
                      .heads = 3,
                      .pattern = pattern}});
  }
  const Pattern usual = {2, 8};
  cases.push_back(
      {"OneChannel", {.seed = 1, .hidden_size = 1, .intermediate_size = 1, .heads = 1}});
  cases.push_back(
      {"OneChannelHeads", {.seed = 2, .hidden_size = 24, .intermediate_size = 7, .heads = 24}});
  cases.push_back(
      {"OneHead",
       {.seed = 3, .hidden_size = 24, .intermediate_size = 96, .heads = 1, .pattern = usual}});
  cases.push_back({"NoLayer", {.seed = 4, .layers = 0}});
  cases.push_back({"ManyLayers", {.seed = 5, .layers = 6, .pattern = usual}});
  // Several chunks of inputs, whose non-zeros are spread evenly or unevenly.
  for (const Pattern pattern : {usual, Pattern{1, 8}, Pattern{3, 8}, Pattern{1, 16}, Pattern{5, 16},
                                Pattern{1, 32}, Pattern{6, 32}, Pattern{20, 32}}) {
    cases.push_back({"Wide" + std::to_string(pattern.n) + "of" + std::to_string(pattern.m),
                     {.seed = ++seed,
                      .hidden_size = 192,
                      .intermediate_size = 777,
                      .layers = 1,
                      .heads = 6,
                      .pattern = pattern}});
  }
  return cases;
}

INSTANTIATE_TEST_SUITE_P(Shapes, EmulatorShapeTest, testing::ValuesIn(ShapeCases()),
                         [](const auto& shape) { return shape.param.name; });

// At the widest sizes that a Program may have, with every product at its limit.
EncoderParameters MakeExtreme(EncoderParameters encoder, uint64_t seed) {
  std::mt19937_64 engine(seed);
  const auto either = [&engine](int64_t low, int64_t high) {
    return engine() % 2 == 0 ? low : high;
  };
  const auto saturate = [&](LinearParameters& linear) {
    const bool all_equal = engine() % 2 == 0;
    for (int8_t& w : linear.weights.values) {
      w = static_cast<int8_t>(all_equal ? 127 : either(-127, 127));
    }
    for (int32_t& b : linear.bias) {
      b = static_cast<int32_t>(either(-(int64_t{1} << 30) + 1, (int64_t{1} << 30) - 1));
    }
    for (uint8_t& s : linear.shift) s = static_cast<uint8_t>(either(0, 31));
    for (int16_t& m : linear.multiplier) m = static_cast<int16_t>(either(0, 32767));
  };
  const auto saturate_norm = [&](LayerNormParameters& norm) {
    for (int16_t& g : norm.gain) g = static_cast<int16_t>(either(-32767, 32767));
    for (int16_t& b : norm.bias) b = static_cast<int16_t>(either(-32767, 32767));
    norm.epsilon = either(1, int64_t{1} << 31);
  };
  saturate_norm(encoder.embedding_layer_norm);
  for (LayerParameters& layer : encoder.layers) {
    for (int16_t& k : layer.attention_view.multiplier) k = 32767;
    for (int16_t& k : layer.intermediate_view.multiplier) {
      k = static_cast<int16_t>(either(1, 32767));
    }
    for (LinearParameters* linear : {&layer.query, &layer.key, &layer.value,
                                     &layer.attention_output, &layer.intermediate, &layer.output}) {
      saturate(*linear);
    }
    saturate_norm(layer.attention_layer_norm);
    saturate_norm(layer.output_layer_norm);
    layer.attention.logit_shift = static_cast<int32_t>(either(0, 31));
    layer.attention.logit_multiplier = static_cast<int32_t>(either(1, 32767));
    layer.attention.context_shift = static_cast<int32_t>(either(0, 6));
    layer.attention.context_multiplier = static_cast<int32_t>(either(1, 32767));
  }
  return encoder;
}

TEST(EmulatorDeviceTest, EqualsReferenceAtTheEndsOfEveryRange) {
  for (uint64_t seed = 1; seed <= 12; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    const Pattern pattern = seed % 2 == 0 ? Pattern::Dense() : Pattern{3, 8};
    const auto program = Compile(MakeExtreme(
        RandomEncoder(
            {.seed = seed, .hidden_size = 40, .intermediate_size = 52, .pattern = pattern}),
        seed));
    Rows rows(35 * 40);
    for (size_t i = 0; i < rows.size(); ++i) rows[i] = (i * seed / 3) % 2 == 0 ? 32767 : -32768;
    ExpectEqualsReference(program, rows, OffsetsOf({35}));
  }
}

// All weights 127 over the longest input dimension: the largest accumulators that exist.
TEST(EmulatorDeviceTest, EqualsReferenceAtTheLargestAccumulators) {
  EncoderParameters encoder = RandomEncoder(
      {.seed = 9, .hidden_size = 8, .intermediate_size = 4096, .layers = 1, .heads = 1});
  LayerParameters& layer = encoder.layers[0];
  for (auto& table : layer.gelu.tables) table.fill(127);
  for (int8_t& w : layer.output.weights.values) w = 127;
  for (int32_t& b : layer.output.bias) b = (1 << 30) - 1;
  for (uint8_t& s : layer.output.shift) s = 16;
  const auto program = Compile(std::move(encoder));
  ExpectEqualsReference(program, RandomRows(3, 8, 9), OffsetsOf({3}));
}

TEST(EmulatorDeviceTest, EqualsReferenceAtEveryLength) {
  const auto program = Compile(RandomEncoder(
      {.seed = 10, .hidden_size = 16, .intermediate_size = 16, .layers = 1, .pattern = {2, 4}}));
  for (int32_t length = 1; length <= 65; ++length) {
    SCOPED_TRACE(length);
    const Offsets offsets = OffsetsOf({length});
    ExpectEqualsReference(program, RandomRows(length, 16, static_cast<uint64_t>(length)), offsets);
  }
}

TEST(EmulatorDeviceTest, EqualsReferenceOnRandomBatchesAndThreads) {
  constexpr uint64_t kSeed = 77;
  SCOPED_TRACE(testing::Message() << "seed " << kSeed);
  std::mt19937_64 engine(kSeed);
  const auto program = Compile(RandomEncoder({.seed = kSeed, .pattern = {1, 8}}));
  for (int round = 0; round < 8; ++round) {
    std::vector<int32_t> lengths(1 + engine() % 9);
    for (int32_t& length : lengths) length = static_cast<int32_t>(1 + engine() % 40);
    const Offsets offsets = OffsetsOf(lengths);
    ExpectEqualsReference(program, RandomRows(offsets.back(), 32, engine()), offsets,
                          1 + round % 4);
  }
}

// The sizes of the models that people use, with sequences that end inside blocks and chunks.
TEST(EmulatorDeviceTest, AWholeMiniLmEqualsReference) {
  const auto program = Compile(RandomEncoder({.seed = 51,
                                              .hidden_size = 384,
                                              .intermediate_size = 1536,
                                              .layers = 6,
                                              .heads = 12,
                                              .pattern = {2, 8}}));
  const Offsets offsets = OffsetsOf({19, 1, 5});
  ExpectEqualsReference(program, RandomRows(offsets.back(), 384, 51), offsets, 2);
}

TEST(EmulatorDeviceTest, ABertBaseLayerEqualsReference) {
  for (const Pattern pattern : {Pattern{2, 8}, Pattern::Dense()}) {
    SCOPED_TRACE(pattern.ToString());
    const auto program = Compile(RandomEncoder({.seed = 52,
                                                .hidden_size = 768,
                                                .intermediate_size = 3072,
                                                .layers = 1,
                                                .heads = 12,
                                                .pattern = pattern}));
    const Offsets offsets = OffsetsOf({3, 14});
    ExpectEqualsReference(program, RandomRows(offsets.back(), 768, 52), offsets);
  }
}

// More rows than a chunk holds, in one sequence and in several, on one thread and on more.
TEST(EmulatorDeviceTest, BatchesOfManyChunksEqualReference) {
  const auto program = Compile(RandomEncoder(
      {.seed = 53, .hidden_size = 64, .intermediate_size = 64, .layers = 2, .pattern = {1, 4}}));
  for (const auto& lengths : {std::vector<int32_t>{700}, std::vector<int32_t>{300, 5, 250, 90}}) {
    const Offsets offsets = OffsetsOf(lengths);
    for (const int threads : {1, 3}) {
      ExpectEqualsReference(program, RandomRows(offsets.back(), 64, 53), offsets, threads);
    }
  }
}

// Scratch memory that an earlier, larger batch or another program left must not show.
TEST(EmulatorDeviceTest, RunsOfDifferentSizesAndProgramsDoNotDisturbEachOther) {
  const auto small = Compile(RandomEncoder({.seed = 31, .hidden_size = 18, .heads = 6}));
  const auto large = Compile(RandomEncoder({.seed = 32, .hidden_size = 64, .heads = 4}));
  const auto device = MakeEmulatorDevice({});
  STA_ASSERT_OK_AND_ASSIGN(const auto loaded_small, device->Load(small));
  STA_ASSERT_OK_AND_ASSIGN(const auto loaded_large, device->Load(large));
  for (const int32_t tokens : {70, 3, 41, 1}) {
    for (const auto& [program, loaded] :
         {std::pair{small, loaded_small.get()}, std::pair{large, loaded_large.get()}}) {
      const Offsets offsets = OffsetsOf({tokens, 5});
      const Rows rows = RandomRows(offsets.back(), program->hidden_size, 33);
      Rows output(rows.size());
      Rows expected(rows.size());
      ASSERT_THAT(device->Run(*loaded, {rows, offsets}, output, absl::InfiniteFuture()), IsOk());
      ASSERT_THAT(Interpret(*program, {rows, offsets}, expected, nullptr), IsOk());
      EXPECT_EQ(output, expected);
    }
  }
}

class EmulatorRunTest : public testing::Test {
 protected:
  static constexpr int64_t kHidden = 32;

  void Start(EmulatorOptions options) {
    device_ = MakeEmulatorDevice(std::move(options));
    STA_ASSERT_OK_AND_ASSIGN(loaded_, device_->Load(Compile(RandomEncoder({.seed = 41}))));
  }

  absl::Status Run(int32_t tokens, absl::Time deadline) {
    const Rows rows = RandomRows(tokens, kHidden, 1);
    Rows output(rows.size());
    return device_->Run(*loaded_, {rows, OffsetsOf({tokens})}, output, deadline);
  }

  std::unique_ptr<Device> device_;
  std::unique_ptr<LoadedProgram> loaded_;
};

TEST_F(EmulatorRunTest, DeadlineThatHasPassedEndsTheRun) {
  Start({.threads = 2});
  EXPECT_THAT(Run(3, absl::InfinitePast()),
              StatusIs(absl::StatusCode::kDeadlineExceeded, HasSubstr("out of time")));
  EXPECT_THAT(Run(3, absl::InfiniteFuture()), IsOk());
}

TEST_F(EmulatorRunTest, DeadlineThatPassesBetweenLayersEndsTheRun) {
  int looks = 0;
  const absl::Time start = absl::UnixEpoch();
  // The clock jumps past the deadline at the third look: the first is the run's start, the second
  // the first segment's.
  Start({.now = [&] { return ++looks < 3 ? start : start + absl::Seconds(2); }});
  EXPECT_THAT(Run(3, start + absl::Seconds(1)), StatusIs(absl::StatusCode::kDeadlineExceeded));
  EXPECT_EQ(looks, 3);
}

TEST_F(EmulatorRunTest, RefusesABatchOverItsLimit) {
  Start({.max_tokens = 8});
  EXPECT_EQ(device_->caps().max_tokens, 8);
  EXPECT_THAT(Run(8, absl::InfiniteFuture()), IsOk());
  EXPECT_THAT(Run(9, absl::InfiniteFuture()),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("batch has 9 tokens, the device takes 8")));
}

TEST_F(EmulatorRunTest, CapsDescribeTheDevice) {
  Start({.name = "emulator:7", .threads = 3});
  EXPECT_EQ(device_->caps().name, "emulator:7");
  EXPECT_EQ(device_->caps().kind, "emulator");
  EXPECT_THAT(device_->caps().detail, HasSubstr("3 threads"));
  EXPECT_THAT(device_->caps().detail, HasSubstr(EmulatorKernels().front()));
  EXPECT_EQ(device_->health(), DeviceHealth::kHealthy);
}

TEST_F(EmulatorRunTest, OptionsOutOfRangeAreBroughtToTheNearerEnd) {
  Start({.threads = 0, .max_tokens = -1, .kernels = "mmx"});
  EXPECT_EQ(device_->caps().max_tokens, 1);
  EXPECT_THAT(device_->caps().detail, HasSubstr("1 threads"));
  EXPECT_THAT(device_->caps().detail, HasSubstr(EmulatorKernels().front()));
  EXPECT_THAT(Run(1, absl::InfiniteFuture()), IsOk());
}

TEST_F(EmulatorRunTest, EstimateGrowsWithTokensAndWithLength) {
  Start({});
  const auto estimate = [&](const std::vector<int32_t>& lengths) {
    return device_->EstimateRun(*loaded_, OffsetsOf(lengths));
  };
  EXPECT_EQ(estimate({}), absl::ZeroDuration());
  EXPECT_GT(estimate({1}), absl::ZeroDuration());
  EXPECT_GT(estimate({10}), estimate({1}));
  EXPECT_GT(estimate({100}), estimate({50, 50}));
}

TEST_F(EmulatorRunTest, EstimateFollowsWhatRunsTake) {
  absl::Time now = absl::UnixEpoch();
  Start({.now = [&now] { return now += absl::Seconds(1); }});
  const absl::Duration before = device_->EstimateRun(*loaded_, OffsetsOf({5}));
  ASSERT_THAT(Run(5, absl::InfiniteFuture()), IsOk());
  EXPECT_GT(device_->EstimateRun(*loaded_, OffsetsOf({5})), 10 * before);
}

}  // namespace
}  // namespace sta
