// SPDX-License-Identifier: Apache-2.0
#include "accel/program/card/encoder_match.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

#include "accel/program/compiler.h"
#include "accel/program/random_encoder.h"
#include "tests/support/random_program.h"
#include "tests/support/status_matchers.h"

namespace sta::card {
namespace {

using testing::HasSubstr;

Program TwoLayers() { return **CompileProgram(RandomEncoder({.layers = 2})); }

absl::Status MatchStatus(const Program& program) {
  EXPECT_THAT(program.Validate(), IsOk());
  return MatchEncoder(program).status();
}

TEST(EncoderMatchTest, FindsEveryConstantOfAnEncoder) {
  const Program program = TwoLayers();
  STA_ASSERT_OK_AND_ASSIGN(const MatchedEncoder encoder, MatchEncoder(program));
  EXPECT_EQ(encoder.embedding_layer_norm, &program.layer_norms[0]);
  ASSERT_EQ(encoder.layers.size(), 2);
  const MatchedLayer& layer = encoder.layers[1];
  EXPECT_EQ(layer.attention_view, &program.int8_views[2]);
  EXPECT_EQ(layer.query, &program.linears[6]);
  EXPECT_EQ(layer.key, &program.linears[7]);
  EXPECT_EQ(layer.value, &program.linears[8]);
  EXPECT_EQ(layer.attention, &program.attentions[1]);
  EXPECT_EQ(layer.attention_output, &program.linears[9]);
  EXPECT_EQ(layer.attention_layer_norm, &program.layer_norms[3]);
  EXPECT_EQ(layer.intermediate_view, &program.int8_views[3]);
  EXPECT_EQ(layer.intermediate, &program.linears[10]);
  EXPECT_EQ(layer.gelu, &program.gelus[1]);
  EXPECT_EQ(layer.output, &program.linears[11]);
  EXPECT_EQ(layer.output_layer_norm, &program.layer_norms[4]);
}

TEST(EncoderMatchTest, MeetsEncodersWithoutLayers) {
  const Program program = **CompileProgram(RandomEncoder({.layers = 0}));
  STA_ASSERT_OK_AND_ASSIGN(const MatchedEncoder encoder, MatchEncoder(program));
  EXPECT_TRUE(encoder.layers.empty());
}

TEST(EncoderMatchTest, TakesNoOtherProgram) {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    EXPECT_THAT(MatchStatus(RandomProgram(seed)), StatusIs(absl::StatusCode::kUnimplemented));
  }
}

TEST(EncoderMatchTest, NamesTheInstructionThatIsAnother) {
  ProgramBuilder builder;
  const uint16_t once = builder.Add(Opcode::kLayerNorm, {builder.program().input_buffer});
  const uint16_t twice = builder.Add(Opcode::kLayerNorm, {once});
  EXPECT_THAT(MatchStatus(builder.Finish(twice)),
              StatusIs(absl::StatusCode::kUnimplemented,
                       "instruction 1 is layer_norm, the card runs encoders only and expects "
                       "int8_view"));
}

TEST(EncoderMatchTest, NamesTheInputThatIsAnother) {
  Program program = TwoLayers();
  Instruction& attention = program.instructions[5];
  ASSERT_EQ(attention.opcode, Opcode::kAttention);
  std::swap(attention.inputs[0], attention.inputs[1]);
  EXPECT_THAT(MatchStatus(program),
              StatusIs(absl::StatusCode::kUnimplemented,
                       HasSubstr("instruction 5 (attention): input 0 is not the value")));
}

// The right buffer, but x16 is no longer in it when it is added.
TEST(EncoderMatchTest, SeesABufferThatWasWrittenAgain) {
  Program program = TwoLayers();
  Instruction& attended = program.instructions[6];
  Instruction& sum = program.instructions[7];
  ASSERT_EQ(attended.opcode, Opcode::kLinearInt16);
  ASSERT_EQ(sum.opcode, Opcode::kResidualAdd);
  attended.output = sum.inputs[0];
  sum.inputs[1] = sum.inputs[0];
  EXPECT_THAT(MatchStatus(program),
              StatusIs(absl::StatusCode::kUnimplemented,
                       HasSubstr("instruction 7 (residual_add): input 0 is not the value")));
}

TEST(EncoderMatchTest, SeesAnEncoderThatStopsOrGivesAnotherResult) {
  Program program = TwoLayers();
  const uint16_t sum = program.instructions[program.instructions.size() - 2].output;
  program.output_buffer = sum;
  EXPECT_THAT(MatchStatus(program), StatusIs(absl::StatusCode::kUnimplemented,
                                             HasSubstr("the program's output is buffer")));
  program.instructions.pop_back();
  EXPECT_THAT(MatchStatus(program),
              StatusIs(absl::StatusCode::kUnimplemented,
                       HasSubstr("ends after 28 instructions where the card expects layer_norm")));
}

}  // namespace
}  // namespace sta::card
