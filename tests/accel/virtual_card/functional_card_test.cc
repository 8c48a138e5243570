// SPDX-License-Identifier: Apache-2.0
#include "accel/virtual_card/functional_card.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "accel/program/card/checksum.h"
#include "accel/program/card/constants_layout.h"
#include "tests/accel/virtual_card/card_tester.h"

namespace sta::card {
namespace {

using Stream = std::vector<CardInstruction>;

CardInstruction Load(int64_t memory_beat, int64_t beats, int64_t residual_beat) {
  return {.operation = TransferInstruction{.direction = TransferDirection::kLoad,
                                           .memory_beat = memory_beat,
                                           .beats = beats,
                                           .residual_beat = residual_beat}};
}

CardInstruction Store(int64_t memory_beat, int64_t beats, int64_t residual_beat) {
  return {.operation = TransferInstruction{.direction = TransferDirection::kStore,
                                           .memory_beat = memory_beat,
                                           .beats = beats,
                                           .residual_beat = residual_beat}};
}

std::vector<uint8_t> Beats(const std::vector<uint8_t>& region, int64_t first, int64_t count) {
  const auto begin = region.begin() + first * kBeatBytes;
  return {begin, begin + count * kBeatBytes};
}

TEST(FunctionalCardTest, LoadAndStoreCopyBeats) {
  CardTester tester("8x8x8", 1);
  const std::vector<uint8_t> output_before = tester.output;
  CardInstruction store = Store(5, 3, 41);
  store.WaitFor(Unit::kLoad, 1);
  const CardRunResult result = tester.RunStream({Load(2, 4, 40), store, {}});

  EXPECT_EQ(result.error, CardError::kNone);
  EXPECT_EQ(result.instruction, 2);
  EXPECT_EQ(Beats(tester.output, 5, 3), Beats(tester.input, 3, 3));
  EXPECT_EQ(Beats(tester.output, 0, 5), Beats(output_before, 0, 5));
  EXPECT_EQ(Beats(tester.output, 8, 8), Beats(output_before, 8, 8));
  const std::span<uint8_t> residual = tester.card.buffers().ResidualBeats(40, 4);
  EXPECT_TRUE(std::ranges::equal(residual, Beats(tester.input, 2, 4)));
  EXPECT_EQ(result.beats_read, 3 + 4);
  EXPECT_EQ(result.beats_written, 3);
  EXPECT_EQ(result.input_checksum, RegionChecksum(Beats(tester.input, 2, 4), 2));
  EXPECT_EQ(result.output_checksum, RegionChecksum(Beats(tester.output, 5, 3), 5));
}

TEST(FunctionalCardTest, ProgramChecksumCoversInstructionsWeightsAndParameters) {
  CardTester tester("8x8x8", 2);
  const MatmulInstruction matmul = {.weight_beat = 3, .source_row = 1, .destination = 9};
  const VectorInstruction vector = {.view = true, .parameter_beat = 1};
  for (int i = 0; i < 200; ++i) AppendNumber(tester.program, tester.Operand(), 4);
  const Stream stream = {{.operation = matmul}, {.operation = vector}, {.operation = matmul}, {}};
  const CardRunResult result = tester.RunStream(stream);

  const int64_t weights = WeightStreamBeats(matmul, tester.config);
  const uint32_t weight_sum = RegionChecksum(Beats(tester.program, 3, weights), 3);
  EXPECT_EQ(result.error, CardError::kNone);
  EXPECT_EQ(result.program_checksum, RegionChecksum(*EncodeStream(stream, tester.config), 0) +
                                         2 * weight_sum +
                                         RegionChecksum(Beats(tester.program, 1, 1), 1));
  EXPECT_EQ(result.beats_read, 4 + 2 * weights + 1);
}

TEST(FunctionalCardTest, NothingAfterEndIsFetched) {
  CardTester tester("8x8x8", 3);
  const CardRunResult result = tester.RunStream({Load(0, 1, 0), {}, Load(0, 1, 5), {}});
  EXPECT_EQ(result.error, CardError::kNone);
  EXPECT_EQ(result.instruction, 1);
  EXPECT_EQ(result.beats_read, 3);
}

TEST(FunctionalCardTest, StreamWithoutEndIsTruncated) {
  CardTester tester("8x8x8", 4);
  const CardRunResult result = tester.RunStream({Load(0, 1, 0), Load(0, 1, 1)});
  EXPECT_EQ(result.error, CardError::kTruncated);
  EXPECT_EQ(result.instruction, 2);
  const CardRunResult empty = tester.card.Run({});
  EXPECT_EQ(empty.error, CardError::kTruncated);
  EXPECT_EQ(empty.instruction, 0);
}

TEST(FunctionalCardTest, HalfABeatIsNoInstruction) {
  CardTester tester("8x8x8", 5);
  const std::vector<uint8_t> end = *EncodeStream({{}}, tester.config);
  EXPECT_EQ(tester.card.Run({.instructions = std::span(end).first(63)}).error,
            CardError::kTruncated);
  EXPECT_EQ(tester.card.Run({.instructions = end}).error, CardError::kNone);
}

TEST(FunctionalCardTest, MoreThan65535InstructionsAreTruncated) {
  CardTester tester("8x8x8", 6);
  const std::vector<uint8_t> load = *EncodeStream({Load(0, 1, 0)}, tester.config);
  const std::vector<uint8_t> end = *EncodeStream({{}}, tester.config);
  std::vector<uint8_t> stream;
  for (int i = 0; i < 65535; ++i) stream.insert(stream.end(), load.begin(), load.end());
  stream.insert(stream.end(), end.begin(), end.end());
  const CardRunResult result = tester.card.Run({.instructions = stream, .input = tester.input});
  EXPECT_EQ(result.error, CardError::kTruncated);
  EXPECT_EQ(result.instruction, 65535);
}

// The word and its value make the second of three instructions bad.
void ExpectErrorOf(size_t word, uint32_t value, CardError error) {
  CardTester tester("8x8x8", 7);
  std::vector<uint8_t> stream = *EncodeStream({Load(1, 1, 0), Load(2, 1, 0), {}}, tester.config);
  for (size_t byte = 0; byte < 4; ++byte) {
    stream[kBeatBytes + word * 4 + byte] = static_cast<uint8_t>(value >> 8 * byte);
  }
  const CardRunResult result = tester.card.Run({{}, stream, tester.input, tester.output});
  EXPECT_EQ(result.error, error) << "word " << word << " is " << value;
  EXPECT_EQ(result.instruction, 1);
  EXPECT_EQ(result.beats_read, 3);  // two instructions, and what the first one loads
  EXPECT_TRUE(
      std::ranges::equal(tester.card.buffers().ResidualBeats(0, 1), Beats(tester.input, 1, 1)));
}

TEST(FunctionalCardTest, BadInstructionEndsTheRunAfterThoseBeforeIt) {
  ExpectErrorOf(0, 0x0100, CardError::kOpcode);       // opcode 0
  ExpectErrorOf(0, 0x0107, CardError::kOpcode);       // opcode 7
  ExpectErrorOf(0, 0x0201, CardError::kOpcode);       // two planes
  ExpectErrorOf(0, 0x1'0101, CardError::kOpcode);     // a flag
  ExpectErrorOf(4, 0, CardError::kField);             // no beats
  ExpectErrorOf(15, 1, CardError::kField);            // reserved
  ExpectErrorOf(1, 2, CardError::kDependency);        // for two loads after one
  ExpectErrorOf(1, 1 << 16, CardError::kDependency);  // for the engine
  ExpectErrorOf(2, 1, CardError::kDependency);        // for the vector unit
  ExpectErrorOf(2, 1 << 16, CardError::kDependency);  // for a store
  ExpectErrorOf(3, 16, CardError::kMemoryRange);      // behind the input region
  ExpectErrorOf(3, 0xFFFFFFFF, CardError::kMemoryRange);
  ExpectErrorOf(5, 256, CardError::kResidual);  // behind the buffer
}

TEST(FunctionalCardTest, WaitForWhatStandsBeforeIsAllowed) {
  CardTester tester("8x8x8", 8);
  CardInstruction second = Load(0, 1, 0);
  second.WaitFor(Unit::kLoad, 1);
  CardInstruction end;
  end.WaitFor(Unit::kLoad, 2);
  EXPECT_EQ(tester.RunStream({Load(0, 1, 0), second, end}).error, CardError::kNone);
  end.WaitFor(Unit::kLoad, 3);
  const CardRunResult result = tester.RunStream({Load(0, 1, 0), second, end});
  EXPECT_EQ(result.error, CardError::kDependency);
  EXPECT_EQ(result.instruction, 2);
}

TEST(FunctionalCardTest, InterleavingShowsAMissingWait) {
  CardTester tester("8x8x8", 9);
  const auto copies_input = [&](int64_t wait, uint64_t seed) {
    CardInstruction store = Store(0, 1, 7);
    store.WaitFor(Unit::kLoad, wait);
    const std::vector<uint8_t> stream =
        *EncodeStream({Load(0, 1, 6), Load(1, 1, 7), store, {}}, tester.config);
    std::ranges::fill(tester.card.buffers().residual(), int16_t{0});
    const CardRunResult result =
        tester.card.RunInterleaved({{}, stream, tester.input, tester.output}, seed);
    EXPECT_EQ(result.error, CardError::kNone);
    return Beats(tester.output, 0, 1) == Beats(tester.input, 1, 1);
  };
  int with_one = 0;
  for (uint64_t seed = 0; seed < 50; ++seed) {
    EXPECT_TRUE(copies_input(2, seed));
    with_one += copies_input(1, seed) ? 1 : 0;
  }
  EXPECT_GT(with_one, 0);
  EXPECT_LT(with_one, 50);
}

}  // namespace
}  // namespace sta::card
