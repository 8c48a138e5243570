// SPDX-License-Identifier: Apache-2.0
#include "accel/program/card/instruction.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/status_matchers.h"

namespace sta::card {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const CardConfig kConfig = {};

const MatmulInstruction kMatmul = {.gelu = true,
                                   .indexed = true,
                                   .weight_beat = 0x12345678,
                                   .windows = 32,
                                   .steps = 16,
                                   .channel_blocks = 4095,
                                   .token_groups = 0x123,
                                   .source_row = 0xFFFFF,
                                   .source_stride = 0x7FFF,
                                   .destination = 0x54321,
                                   .destination_stride = 0x1234};

const VectorInstruction kVector = {.normalize = true,
                                   .view = true,
                                   .parameter_beat = 7,
                                   .channel_blocks = 6,
                                   .token_groups = 2,
                                   .channels = 41,
                                   .source_granule = 12,
                                   .destination_row = 5,
                                   .destination_stride = 1,
                                   .mean_reciprocal = (1 << 25) - 1,
                                   .epsilon = int64_t{1} << 31};

const AttentionInstruction kAttention = {.heads = 12,
                                         .head_steps = 8,
                                         .head_value_blocks = 8,
                                         .key_count = 512,
                                         .query_groups = 64,
                                         .query_row = 1,
                                         .query_stride = 2,
                                         .key_tile = 3,
                                         .key_stride = 4,
                                         .value_tile = 5,
                                         .value_stride = 6,
                                         .context_row = 7,
                                         .context_stride = 8,
                                         .probability_row = 9,
                                         .logit_shift = 31,
                                         .context_shift = 6,
                                         .logit_multiplier = 32767,
                                         .context_multiplier = 32767};

const TransferInstruction kStore = {.direction = TransferDirection::kStore,
                                    .memory_beat = 0xFFFFFFFF,
                                    .beats = 0xFFFFF,
                                    .residual_beat = 0x10000};

std::vector<CardInstruction> OneOfEach() {
  std::vector<CardInstruction> all = {
      {.operation = EndInstruction{}},
      {.operation = TransferInstruction{.memory_beat = 1, .beats = 2, .residual_beat = 3}},
      {.operation = kStore},
      {.operation = kMatmul},
      {.operation = MatmulInstruction{.destination_buffer = MatmulDestination::kResidual,
                                      .granule_row_stride = 0x7FFF}},
      {.operation = MatmulInstruction{.destination_buffer = MatmulDestination::kKeyValue}},
      {.operation = kVector},
      {.operation = VectorInstruction{.view = true}},
      {.operation = kAttention},
  };
  for (CardInstruction& instruction : all) instruction.waits = {65535, 1, 2, 0x8000};
  return all;
}

// The words as the document has them, so that an error common to both directions is seen.
TEST(InstructionTest, FieldsLieWhereTheDocumentSays) {
  CardInstruction matmul = {.waits = {1, 2, 3, 4}, .operation = kMatmul};
  STA_ASSERT_OK_AND_ASSIGN(InstructionWords words, EncodeInstruction(matmul, kConfig));
  EXPECT_THAT(words, ElementsAre(0x00030103, 0x00020001, 0x00040003, 0x12345678, 0x00100020,
                                 0x01230FFF, 0xFFFFF, 0x7FFF, 0x54321, 0x1234, 0, 0, 0, 0, 0, 0));
  STA_ASSERT_OK_AND_ASSIGN(words, EncodeInstruction({.operation = kVector}, kConfig));
  EXPECT_THAT(words, ElementsAre(0x00030104, 0, 0, 7, 0x00020006, 41, 12, 0, 5, 1, 0x1FFFFFF,
                                 0x80000000, 0, 0, 0, 0));
  STA_ASSERT_OK_AND_ASSIGN(words, EncodeInstruction({.operation = kAttention}, kConfig));
  EXPECT_THAT(words, ElementsAre(0x105, 0, 0, 0x0808000C, 0x00400200, 1, 2, 3, 4, 5, 6, 7, 8, 9,
                                 0x7FFF061F, 0x7FFF));
  STA_ASSERT_OK_AND_ASSIGN(words, EncodeInstruction({.operation = kStore}, kConfig));
  EXPECT_THAT(words,
              ElementsAre(0x102, 0, 0, 0xFFFFFFFF, 0xFFFFF, 0x10000, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0));
  STA_ASSERT_OK_AND_ASSIGN(words, EncodeInstruction({}, kConfig));
  EXPECT_EQ(words, (InstructionWords{0x106}));
}

TEST(InstructionTest, EveryInstructionSurvivesARoundTrip) {
  for (const CardInstruction& instruction : OneOfEach()) {
    STA_ASSERT_OK_AND_ASSIGN(const InstructionWords words, EncodeInstruction(instruction, kConfig));
    STA_ASSERT_OK_AND_ASSIGN(const CardInstruction again, DecodeInstruction(words, kConfig));
    EXPECT_EQ(again, instruction);
  }
}

// Whatever is accepted means one thing only: no bit of it is ignored.
TEST(InstructionTest, NoBitIsIgnored) {
  for (const CardInstruction& instruction : OneOfEach()) {
    STA_ASSERT_OK_AND_ASSIGN(const InstructionWords words, EncodeInstruction(instruction, kConfig));
    int accepted = 0;
    for (size_t bit = 0; bit < 512; ++bit) {
      InstructionWords changed = words;
      changed[bit / 32] ^= uint32_t{1} << bit % 32;
      const absl::StatusOr<CardInstruction> decoded = DecodeInstruction(changed, kConfig);
      if (!decoded.ok()) {
        EXPECT_NE(CardErrorOf(decoded.status()), CardError::kNone) << bit;
        continue;
      }
      ++accepted;
      EXPECT_EQ(*EncodeInstruction(*decoded, kConfig), changed) << bit;
    }
    EXPECT_GE(accepted, 64);  // the waits at least
  }
}

struct Rejection {
  CardInstruction instruction;
  CardError error;
  std::string message;
};

template <typename Operation>
Rejection Reject(Operation operation, int64_t Operation::*field, int64_t value,
                 const std::string& message) {
  operation.*field = value;
  return {{.operation = operation}, CardError::kField, message};
}

TEST(InstructionTest, FieldsOutsideTheirRangesAreRejected) {
  using Transfer = TransferInstruction;
  using Matmul = MatmulInstruction;
  using Vector = VectorInstruction;
  using Attention = AttentionInstruction;
  const Rejection rejections[] = {
      Reject(kStore, &Transfer::memory_beat, int64_t{1} << 32, "allowed is 0..4294967295"),
      Reject(kStore, &Transfer::beats, 0, "beats is 0, allowed is 1..1048575"),
      Reject(kStore, &Transfer::beats, 1 << 20, "beats is 1048576"),
      Reject(kStore, &Transfer::residual_beat, 1 << 20, "residual_beat is 1048576"),
      Reject(kMatmul, &Matmul::windows, 0, "windows is 0"),
      Reject(kMatmul, &Matmul::windows, 33, "windows 33 of 16 steps, at most 512"),
      Reject(kMatmul, &Matmul::steps, 0, "steps is 0, allowed is 1..16"),
      Reject(kMatmul, &Matmul::steps, 17, "steps is 17, allowed is 1..16"),
      Reject(kMatmul, &Matmul::channel_blocks, 0, "channel_blocks is 0"),
      Reject(kMatmul, &Matmul::channel_blocks, 4096, "channel_blocks is 4096"),
      Reject(kMatmul, &Matmul::token_groups, 0, "token_groups is 0"),
      Reject(kMatmul, &Matmul::token_groups, 4096, "token_groups is 4096"),
      Reject(kMatmul, &Matmul::source_row, -1, "source_row is -1"),
      Reject(kMatmul, &Matmul::source_row, 1 << 20, "source_row is 1048576"),
      Reject(kMatmul, &Matmul::source_stride, 1 << 15, "source_stride is 32768"),
      Reject(kMatmul, &Matmul::destination, 1 << 20, "destination is 1048576"),
      Reject(kMatmul, &Matmul::destination_stride, 1 << 15, "destination_stride is 32768"),
      Reject(kMatmul, &Matmul::granule_row_stride, 1, "only a residual destination has one"),
      Reject(kVector, &Vector::channel_blocks, 513, "rows of 4104 channels, the vector unit takes"),
      Reject(kVector, &Vector::token_groups, 0, "token_groups is 0"),
      Reject(kVector, &Vector::channels, 0, "channels is 0"),
      Reject(kVector, &Vector::channels, 49, "channels is 49, the rows have 48"),
      Reject(kVector, &Vector::source_granule, 1 << 20, "source_granule is 1048576"),
      Reject(kVector, &Vector::destination_row, 1 << 20, "destination_row is 1048576"),
      Reject(kVector, &Vector::destination_stride, 1 << 15, "destination_stride is 32768"),
      Reject(kVector, &Vector::mean_reciprocal, 1 << 25, "mean_reciprocal is 33554432"),
      Reject(kVector, &Vector::epsilon, 0, "epsilon is 0, allowed is 1..2147483648"),
      Reject(kVector, &Vector::epsilon, (int64_t{1} << 31) + 1, "epsilon is 2147483649"),
      Reject(kAttention, &Attention::heads, 0, "heads is 0"),
      Reject(kAttention, &Attention::head_steps, 0, "head_steps is 0"),
      Reject(kAttention, &Attention::head_steps, 3, "head_steps is 3, allowed are 1, 2, 4, 8"),
      Reject(kAttention, &Attention::head_steps, 32, "head_steps is 32"),
      Reject(kAttention, &Attention::head_value_blocks, 0, "head_value_blocks is 0"),
      Reject(kAttention, &Attention::key_count, 0, "key_count is 0"),
      Reject(kAttention, &Attention::key_count, 513, "key_count is 513, the array takes 512"),
      Reject(kAttention, &Attention::query_groups, 0, "query_groups is 0"),
      Reject(kAttention, &Attention::query_row, 1 << 20, "query_row is 1048576"),
      Reject(kAttention, &Attention::query_stride, 1 << 15, "query_stride is 32768"),
      Reject(kAttention, &Attention::key_tile, 1 << 20, "key_tile is 1048576"),
      Reject(kAttention, &Attention::key_stride, 1 << 15, "key_stride is 32768"),
      Reject(kAttention, &Attention::value_tile, 1 << 20, "value_tile is 1048576"),
      Reject(kAttention, &Attention::value_stride, 1 << 15, "value_stride is 32768"),
      Reject(kAttention, &Attention::context_row, 1 << 20, "context_row is 1048576"),
      Reject(kAttention, &Attention::context_stride, 1 << 15, "context_stride is 32768"),
      Reject(kAttention, &Attention::probability_row, 1 << 20, "probability_row is 1048576"),
      Reject(kAttention, &Attention::logit_shift, 32, "logit_shift is 32"),
      Reject(kAttention, &Attention::context_shift, 7, "context_shift is 7"),
      Reject(kAttention, &Attention::logit_multiplier, 32768, "logit_multiplier is 32768"),
      Reject(kAttention, &Attention::context_multiplier, 32768, "context_multiplier is 32768"),
      {{.waits = {0, 65536, 0, 0}}, CardError::kField, "wait is 65536, allowed is 0..65535"},
  };
  for (const Rejection& rejection : rejections) {
    const absl::Status status = EncodeInstruction(rejection.instruction, kConfig).status();
    EXPECT_THAT(status, StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(rejection.message)));
    EXPECT_EQ(CardErrorOf(status), rejection.error) << rejection.message;
  }
}

// The same where the words come from outside.
TEST(InstructionTest, BadWordsAreRejected) {
  struct Case {
    size_t word;
    uint32_t value;
    CardError error;
    const char* message;
  };
  const Case cases[] = {
      {0, 0x00030107, CardError::kOpcode, "unknown opcode 7"},
      {0, 0x00030100, CardError::kOpcode, "unknown opcode 0"},
      {0, 0x00030003, CardError::kOpcode, "planes is 0, allowed is 1"},
      {0, 0x00030203, CardError::kOpcode, "planes is 2, allowed is 1"},
      {0, 0x000C0103, CardError::kOpcode, "unknown flags c"},
      {0, 0x00130103, CardError::kOpcode, "unknown flags 13"},
      {0, 0x00050103, CardError::kOpcode, "gelu goes to the activation buffer only"},
      {0, 0x00090103, CardError::kOpcode, "gelu goes to the activation buffer only"},
      {0, 0x00040104, CardError::kOpcode, "unknown flags 4"},
      {0, 0x00010105, CardError::kOpcode, "unknown flags 1"},
      {0, 0x00010106, CardError::kOpcode, "unknown flags 1"},
      {0, 0x00010101, CardError::kOpcode, "unknown flags 1"},
      {4, 0x01100020, CardError::kField, "word 4: reserved bits 1000000 are set"},
      {11, 1, CardError::kField, "word 11: reserved bits 1 are set"},
      {15, 0x80000000, CardError::kField, "word 15: reserved bits 80000000 are set"},
      {6, 0x100000, CardError::kField, "source_row is 1048576"},
      {7, 0x80000000, CardError::kField, "source_stride is 2147483648"},
  };
  STA_ASSERT_OK_AND_ASSIGN(const InstructionWords good,
                           EncodeInstruction({.operation = kMatmul}, kConfig));
  for (const Case& test_case : cases) {
    InstructionWords words = good;
    words[test_case.word] = test_case.value;
    const absl::Status status = DecodeInstruction(words, kConfig).status();
    EXPECT_THAT(status, StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(test_case.message)));
    EXPECT_EQ(CardErrorOf(status), test_case.error) << test_case.message;
  }
}

TEST(InstructionTest, AVectorThatDoesNothingIsRejected) {
  VectorInstruction vector = kVector;
  vector.normalize = vector.view = false;
  const absl::Status status = EncodeInstruction({.operation = vector}, kConfig).status();
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kInvalidArgument, "neither normalize nor view"));
  EXPECT_EQ(CardErrorOf(status), CardError::kOpcode);
}

TEST(InstructionTest, WaitsOnlyGrow) {
  CardInstruction instruction;
  instruction.WaitFor(Unit::kVector, 3);
  instruction.WaitFor(Unit::kVector, 2);
  EXPECT_EQ(instruction.wait(Unit::kVector), 3);
  EXPECT_EQ(instruction.wait(Unit::kEngine), 0);
}

TEST(InstructionTest, AStreamIsOneBeatAnInstruction) {
  STA_ASSERT_OK_AND_ASSIGN(const std::vector<uint8_t> bytes,
                           EncodeStream({{.operation = kMatmul}, {}}, kConfig));
  ASSERT_EQ(bytes.size(), 128);
  EXPECT_THAT(std::vector<uint8_t>(bytes.begin() + 12, bytes.begin() + 18),
              ElementsAre(0x78, 0x56, 0x34, 0x12, 0x20, 0x00));
  EXPECT_EQ(bytes[64], 6);
}

TEST(InstructionTest, BadStreamsAreRejected) {
  EXPECT_THAT(EncodeStream({}, kConfig),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("0 instructions")));
  EXPECT_THAT(EncodeStream(std::vector<CardInstruction>(65536), kConfig),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("65536 instructions")));
  EXPECT_THAT(EncodeStream(std::vector<CardInstruction>(65535), kConfig), IsOk());
  const absl::Status status =
      EncodeStream({{}, {.operation = TransferInstruction{.beats = 0}}}, kConfig).status();
  EXPECT_THAT(status,
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("instruction 1: beats is 0")));
  EXPECT_EQ(CardErrorOf(status), CardError::kField);
}

TEST(CardErrorTest, OnlyOurStatusesCarryOne) {
  EXPECT_EQ(CardErrorOf(absl::InvalidArgumentError("x")), CardError::kNone);
  EXPECT_EQ(CardErrorOf(absl::OkStatus()), CardError::kNone);
  EXPECT_EQ(CardErrorName(CardError::kKeyValue), "key-value buffer");
}

}  // namespace
}  // namespace sta::card
