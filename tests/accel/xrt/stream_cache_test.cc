// SPDX-License-Identifier: Apache-2.0
#include "accel/xrt/stream_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <utility>
#include <vector>

#include "accel/program/card/activation_layout.h"
#include "accel/program/compiler.h"
#include "accel/program/random_encoder.h"
#include "accel/virtual_card/functional_card.h"
#include "tests/support/random_rows.h"
#include "tests/support/status_matchers.h"

namespace sta {
namespace {

using testing::HasSubstr;

constexpr int64_t kMuch = int64_t{1} << 30;

// An array on which 40 tokens of the encoder do not fit together.
card::CardConfig SmallArray() {
  card::CardConfig config = *card::CardConfig::Preset("8x8x8");
  config.activation_rows = 16;
  return config;
}

XrtProgram ProgramOf(uint64_t id) {
  return {id, *card::MakeCardImage(**CompileProgram(RandomEncoder({.seed = id})), SmallArray()),
          300};
}

TEST(StreamCacheTest, ABatchThatCameBeforeIsFound) {
  const XrtProgram program = ProgramOf(1);
  StreamCache cache(kMuch);
  const std::vector<int32_t> offsets = {0, 3, 9};
  STA_ASSERT_OK_AND_ASSIGN(const auto first, cache.Get(program, offsets));
  STA_ASSERT_OK_AND_ASSIGN(const auto again, cache.Get(program, offsets));
  EXPECT_EQ(first, again);
}

TEST(StreamCacheTest, OtherLengthsAndOtherProgramsAreOthers) {
  const XrtProgram program = ProgramOf(1);
  const XrtProgram other = ProgramOf(2);
  StreamCache cache(kMuch);
  const std::vector<int32_t> offsets = {0, 3, 9};
  STA_ASSERT_OK_AND_ASSIGN(const auto streams, cache.Get(program, offsets));
  STA_ASSERT_OK_AND_ASSIGN(const auto lengths, cache.Get(program, std::vector<int32_t>{0, 4, 9}));
  STA_ASSERT_OK_AND_ASSIGN(const auto of_other, cache.Get(other, offsets));
  EXPECT_NE(streams, lengths);
  EXPECT_NE(streams, of_other);
  EXPECT_NE(streams->runs[0].program_checksum, of_other->runs[0].program_checksum);
}

// Every run by itself in its place of the batch's regions, with the checksum that it must report.
TEST(StreamCacheTest, RunsOfABatchLieBehindEachOther) {
  const XrtProgram program = ProgramOf(1);
  StreamCache cache(kMuch);
  const std::vector<int32_t> offsets = {0, 30, 60, 90};
  STA_ASSERT_OK_AND_ASSIGN(const auto streams, cache.Get(program, offsets));
  ASSERT_GE(streams->runs.size(), 2u);
  const std::vector<int16_t> rows = RandomRows(90, 32, 1);
  card::FunctionalCard card(program.image.config);
  int64_t instruction_end = 0;
  int64_t region_end = 0;
  for (const RunStream& run : streams->runs) {
    EXPECT_EQ(run.instruction_offset % card::kRegionAlignmentBytes, 0);
    EXPECT_EQ(run.region_offset % card::kRegionAlignmentBytes, 0);
    EXPECT_GE(run.instruction_offset, instruction_end);
    EXPECT_GE(run.region_offset, region_end);
    instruction_end = run.instruction_offset + std::ssize(run.encoded);
    region_end = run.region_offset + run.region_bytes();
    EXPECT_GT(run.estimate, absl::ZeroDuration());
    EXPECT_EQ(run.run.stream.capacity(), 0u);  // it would take several times what is counted

    const std::vector<uint8_t> input = card::PackRows(program.image, run.run, rows);
    std::vector<uint8_t> output(input.size());
    const card::CardRunResult result = card.Run({program.image.bytes, run.encoded, input, output});
    EXPECT_EQ(result.error, card::CardError::kNone);
    EXPECT_EQ(result.program_checksum, run.program_checksum);
  }
  EXPECT_LE(instruction_end, streams->instruction_bytes);
  EXPECT_LE(region_end, streams->region_bytes);
}

TEST(StreamCacheTest, ItStaysBelowItsCapacity) {
  const XrtProgram program = ProgramOf(1);
  constexpr int64_t kCapacity = 20'000;
  StreamCache cache(kCapacity);
  STA_ASSERT_OK_AND_ASSIGN(auto first, cache.Get(program, std::vector<int32_t>{0, 1}));
  const BatchStreams* const first_address = first.get();
  for (int32_t tokens = 2; tokens < 32; ++tokens) {
    ASSERT_THAT(cache.Get(program, std::vector<int32_t>{0, tokens}), IsOk());
    EXPECT_LE(cache.bytes(), kCapacity) << tokens;
    // In use, so it stays.
    STA_ASSERT_OK_AND_ASSIGN(const auto again, cache.Get(program, std::vector<int32_t>{0, 1}));
    EXPECT_EQ(again.get(), first_address);
  }
}

TEST(StreamCacheTest, ASequenceThatTheArrayDoesNotTakeIsRefused) {
  const XrtProgram program = ProgramOf(1);
  StreamCache cache(kMuch);
  EXPECT_THAT(cache.Get(program, std::vector<int32_t>{0, 5000}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("sequence 0 has 5000")));
  EXPECT_EQ(cache.bytes(), 0);
}

}  // namespace
}  // namespace sta
