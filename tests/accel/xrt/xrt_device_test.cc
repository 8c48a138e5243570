// SPDX-License-Identifier: Apache-2.0
#include "accel/xrt/xrt_device.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <unistd.h>
#include <xclbin.h>

#include <fstream>
#include <optional>

#include "tests/accel/xrt/card_test.h"
#include "tests/support/random_values.h"

namespace sta {
namespace {

using absl::StatusCode;
using testing::AllOf;
using testing::HasSubstr;

using XrtDeviceTest = CardTest;

TEST_F(XrtDeviceTest, ItSaysWhatItIs) {
  const auto device = Open(kPlainCard);
  EXPECT_EQ(device->caps().name, "xrt:0");
  EXPECT_EQ(device->caps().kind, "xrt");
  EXPECT_THAT(device->caps().detail,
              AllOf(HasSubstr("STA 8x8x8 (512 multipliers), 0000:"), HasSubstr(", 64 MB")));
  EXPECT_EQ(device->caps().max_in_flight, 2);
  EXPECT_EQ(device->health(), DeviceHealth::kHealthy);
  EXPECT_EQ(device->telemetry().temperature_celsius, 45);
}

TEST_F(XrtDeviceTest, RandomEncodersGiveTheBitsOfTheReferenceOnEveryArray) {
  for (const char* array : {"4x4x4", "8x8x8", "16x16x8"}) {
    config_ = *card::CardConfig::Preset(array);
    const auto device = Open(kPlainCard);
    for (uint64_t seed = 1; seed <= 6; ++seed) {
      SCOPED_TRACE(testing::Message() << array << ", seed " << seed);
      RandomValues random(seed);
      RandomEncoderOptions options = {.seed = seed,
                                      .intermediate_size = random.Uniform(1, 150),
                                      .layers = random.Uniform(0, 2),
                                      .heads = static_cast<int32_t>(random.Uniform(1, 4))};
      options.hidden_size = options.heads * random.Uniform(1, 24);
      options.pattern = random.Pick<Pattern>({Pattern::Dense(), {2, 8}, {1, 16}, {3, 4}});
      const auto program = *CompileProgram(RandomEncoder(options));
      STA_ASSERT_OK_AND_ASSIGN(const auto loaded, device->Load(program));
      std::vector<int32_t> lengths;
      for (int64_t i = random.Uniform(1, 5); i > 0; --i) {
        lengths.push_back(static_cast<int32_t>(random.Uniform(1, 40)));
      }
      ReferenceBatch batch(*program, lengths, seed);
      ASSERT_THAT(device->Run(*loaded, batch.batch(), batch.output(), absl::InfiniteFuture()),
                  IsOk());
      EXPECT_TRUE(batch.IsRight());
    }
  }
}

TEST_F(XrtDeviceTest, ABatchInSeveralRunsIsRight) {
  config_.activation_rows = 16;  // 32 tokens of the program
  const auto device = Open(kPlainCard);
  STA_ASSERT_OK_AND_ASSIGN(const auto loaded, device->Load(program_));
  ReferenceBatch batch(*program_, {30, 30, 2, 1, 29, 30}, 1);
  ASSERT_THAT(device->Run(*loaded, batch.batch(), batch.output(), absl::InfiniteFuture()), IsOk());
  EXPECT_TRUE(batch.IsRight());
}

TEST_F(XrtDeviceTest, TwoBatchesInFlightAreNotMixed) {
  const auto device = Open(kPlainCard);
  STA_ASSERT_OK_AND_ASSIGN(const auto loaded, device->Load(program_));
  std::optional<ReferenceBatch> last;
  std::unique_ptr<PendingRun> last_pending;
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    // Sizes go up and down, so that buffers grow and are larger than what they hold.
    ReferenceBatch batch(*program_, {static_cast<int32_t>(seed * 37 % 101 + 1), 3}, seed);
    STA_ASSERT_OK_AND_ASSIGN(auto pending, device->Start(*loaded, batch.batch(), batch.output(),
                                                         absl::InfiniteFuture()));
    if (last_pending != nullptr) {
      ASSERT_THAT(last_pending->Finish(), IsOk());
      EXPECT_TRUE(last->IsRight()) << seed;
    }
    last = std::move(batch);
    last_pending = std::move(pending);
  }
  ASSERT_THAT(last_pending->Finish(), IsOk());
  EXPECT_TRUE(last->IsRight());
}

// The second batch is on the card before the first one's rows are asked for.
TEST_F(XrtDeviceTest, TheCardGoesOnWhileRowsAreCollected) {
  const auto device = Open(kSlowCard);
  STA_ASSERT_OK_AND_ASSIGN(const auto loaded, device->Load(program_));
  ReferenceBatch first(*program_, {5}, 1);
  ReferenceBatch second(*program_, {7}, 2);
  STA_ASSERT_OK_AND_ASSIGN(auto first_pending, device->Start(*loaded, first.batch(), first.output(),
                                                             absl::InfiniteFuture()));
  STA_ASSERT_OK_AND_ASSIGN(
      auto second_pending,
      device->Start(*loaded, second.batch(), second.output(), absl::InfiniteFuture()));
  ASSERT_THAT(first_pending->Finish(), IsOk());
  EXPECT_THAT(Cards().Control("status 2"), HasSubstr("\"in_flight\":1"));
  ASSERT_THAT(second_pending->Finish(), IsOk());
  EXPECT_TRUE(first.IsRight());
  EXPECT_TRUE(second.IsRight());
}

TEST_F(XrtDeviceTest, MoreThanTwoInFlightAreRefused) {
  const auto device = Open(kPlainCard);
  STA_ASSERT_OK_AND_ASSIGN(const auto loaded, device->Load(program_));
  ReferenceBatch batch(*program_, {5}, 1);
  const auto start = [&] {
    return device->Start(*loaded, batch.batch(), batch.output(), absl::InfiniteFuture());
  };
  STA_ASSERT_OK_AND_ASSIGN(const auto first, start());
  STA_ASSERT_OK_AND_ASSIGN(const auto second, start());
  EXPECT_THAT(start(), StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_EQ(device->health(), DeviceHealth::kHealthy);
}

TEST_F(XrtDeviceTest, ABatchThatIsGivenUpLeavesTheDeviceUsable) {
  const auto device = Open(kSlowCard);
  STA_ASSERT_OK_AND_ASSIGN(const auto loaded, device->Load(program_));
  ReferenceBatch batch(*program_, {5}, 1);
  for (int i = 0; i < 2; ++i) {
    STA_ASSERT_OK_AND_ASSIGN(
        auto first, device->Start(*loaded, batch.batch(), batch.output(), absl::InfiniteFuture()));
    STA_ASSERT_OK_AND_ASSIGN(
        auto second, device->Start(*loaded, batch.batch(), batch.output(), absl::InfiniteFuture()));
    // On the card, and waiting for it.
    (i == 0 ? first : second).reset();
    (i == 0 ? second : first).reset();
  }
  EXPECT_THAT(RunOne(*device, *loaded, *program_), IsOkAndHolds(true));
}

TEST_F(XrtDeviceTest, ImagesThatDoNotFitTogetherTakeTurns) {
  const auto device = Open(kSmallCard);
  std::vector<std::shared_ptr<const Program>> programs;
  std::vector<std::unique_ptr<LoadedProgram>> loaded;
  for (uint64_t seed = 1; seed <= 4; ++seed) {
    programs.push_back(*CompileProgram(
        RandomEncoder({.seed = seed, .hidden_size = 128, .intermediate_size = 512, .layers = 2})));
    STA_ASSERT_OK_AND_ASSIGN(auto program, device->Load(programs.back()));
    EXPECT_GT(program->memory_bytes(), (1 << 20) / 4);  // four are too many
    EXPECT_LT(program->memory_bytes(), (1 << 20) / 2);
    loaded.push_back(std::move(program));
  }
  for (const size_t i : {0, 1, 0, 2, 3, 0, 1, 2, 3}) {
    EXPECT_THAT(RunOne(*device, *loaded[i], *programs[i]), IsOkAndHolds(true)) << i;
  }
  // In flight together, the second waits until the first one's image may go.
  for (size_t i = 0; i + 1 < programs.size(); ++i) {
    ReferenceBatch first(*programs[i], {5}, i);
    ReferenceBatch second(*programs[i + 1], {5}, i);
    STA_ASSERT_OK_AND_ASSIGN(
        auto first_pending,
        device->Start(*loaded[i], first.batch(), first.output(), absl::InfiniteFuture()));
    STA_ASSERT_OK_AND_ASSIGN(
        auto second_pending,
        device->Start(*loaded[i + 1], second.batch(), second.output(), absl::InfiniteFuture()));
    EXPECT_THAT(first_pending->Finish(), IsOk());
    EXPECT_THAT(second_pending->Finish(), IsOk());
    EXPECT_TRUE(first.IsRight());
    EXPECT_TRUE(second.IsRight());
  }
}

TEST_F(XrtDeviceTest, AProgramThatTheCardCannotHoldIsRefused) {
  const auto device = Open(kSmallCard, {.xclbin_path = Cards().Xclbin(config_, 1)});
  const auto large =
      *CompileProgram(RandomEncoder({.hidden_size = 256, .intermediate_size = 1024}));
  EXPECT_THAT(device->Load(large),
              StatusIs(StatusCode::kResourceExhausted, HasSubstr("memory has 1048576")));
  config_.max_channels = 16;
  EXPECT_THAT(Open(kPlainCard)->Load(program_), StatusIs(StatusCode::kUnimplemented));
}

TEST_F(XrtDeviceTest, WhatTheDeviceDoesNotTakeIsRefused) {
  const auto device = Open(kPlainCard, {.max_tokens = 600});
  STA_ASSERT_OK_AND_ASSIGN(const auto loaded, device->Load(program_));
  ReferenceBatch many(*program_, {300, 301}, 1);
  EXPECT_THAT(device->Run(*loaded, many.batch(), many.output(), absl::InfiniteFuture()),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("601 tokens, xrt:0 takes 600")));
  ReferenceBatch long_sequence(*program_, {520}, 1);
  EXPECT_THAT(
      device->Run(*loaded, long_sequence.batch(), long_sequence.output(), absl::InfiniteFuture()),
      StatusIs(StatusCode::kInvalidArgument, HasSubstr("sequence 0 has 520 tokens")));
  EXPECT_EQ(device->health(), DeviceHealth::kHealthy);
}

TEST_F(XrtDeviceTest, PastItsDeadlineABatchEndsButItsRunIsKept) {
  const auto device = Open(kSlowCard);
  STA_ASSERT_OK_AND_ASSIGN(const auto loaded, device->Load(program_));
  ReferenceBatch batch(*program_, {5}, 1);
  EXPECT_THAT(device->Run(*loaded, batch.batch(), batch.output(), absl::Now()),
              StatusIs(StatusCode::kDeadlineExceeded));
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(device->Run(*loaded, batch.batch(), batch.output(), absl::Now() + kSlowRun / 6),
                StatusIs(StatusCode::kDeadlineExceeded));
  }
  EXPECT_EQ(device->health(), DeviceHealth::kHealthy);
  EXPECT_THAT(RunOne(*device, *loaded, *program_), IsOkAndHolds(true));
}

TEST_F(XrtDeviceTest, ACardOfAnotherProcessIsBusy) {
  Open(kPlainCard).reset();
  const int lock = open((Cards().directory() / "cards/card0.lock").c_str(), O_RDWR | O_CREAT, 0600);
  ASSERT_EQ(flock(lock, LOCK_EX | LOCK_NB), 0);
  const XrtCardOptions options = {.index = kPlainCard, .xclbin_path = Cards().Xclbin(config_)};
  EXPECT_THAT(XrtDevice::Open(options),
              StatusIs(StatusCode::kUnavailable, HasSubstr("open card 0")));
  ASSERT_EQ(close(lock), 0);
  EXPECT_THAT(XrtDevice::Open(options), IsOk());
}

TEST_F(XrtDeviceTest, WhatIsNotThereIsNamed) {
  const std::string xclbin = Cards().Xclbin(config_);
  EXPECT_THAT(XrtDevice::Open({.index = 7, .xclbin_path = xclbin}),
              StatusIs(StatusCode::kNotFound, HasSubstr("no card 7: XRT sees 3")));
  EXPECT_THAT(XrtDevice::Open({.index = -1, .xclbin_path = xclbin}),
              StatusIs(StatusCode::kNotFound));
  EXPECT_THAT(XrtDevice::Open({.index = 0, .xclbin_path = "/nowhere/sta.xclbin"}),
              StatusIs(StatusCode::kNotFound, HasSubstr("/nowhere/sta.xclbin")));
}

TEST_F(XrtDeviceTest, AnXclbinOfSomethingElseIsRefused) {
  const std::string path = Cards().Xclbin(config_);
  std::ifstream file(path, std::ios::binary);
  const std::string whole{std::istreambuf_iterator<char>(file), {}};
  std::string other_kernel = whole;
  other_kernel.replace(other_kernel.find("kernel name=\"sta\""), 17, "kernel name=\"abc\"");
  std::string outside = whole;
  outside[sizeof(axlf) - 1] = 0x7F;  // the first section's size
  const std::pair<std::string, const char*> cases[] = {
      {"", "too short"},
      {"xclbin2", "too short"},
      {std::string(whole.size(), 'x'), "does not begin"},
      {whole.substr(0, whole.size() - 1), "bytes, its header says"},
      {outside, "its section 0 does not lie in it"},
      {other_kernel, "no kernel named sta"}};
  for (const auto& [bytes, message] : cases) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
    EXPECT_THAT(XrtDevice::Open({.index = kPlainCard, .xclbin_path = path}),
                StatusIs(StatusCode::kInvalidArgument, AllOf(HasSubstr(path), HasSubstr(message))));
  }
  // And the card takes a good one after them.
  EXPECT_NE(Open(kPlainCard), nullptr);
}

TEST_F(XrtDeviceTest, EstimatesGrowWithTheBatch) {
  const auto device = Open(kPlainCard);
  STA_ASSERT_OK_AND_ASSIGN(const auto loaded, device->Load(program_));
  const auto estimate = [&](int32_t tokens) {
    return device->EstimateRun(*loaded, std::vector<int32_t>{0, tokens});
  };
  EXPECT_GT(estimate(8), absl::Microseconds(1));
  EXPECT_GT(estimate(100), estimate(8));
}

}  // namespace
}  // namespace sta
