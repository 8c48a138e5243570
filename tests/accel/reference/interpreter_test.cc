// SPDX-License-Identifier: Apache-2.0
#include "accel/reference/interpreter.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "accel/program/compiler.h"
#include "accel/program/random_encoder.h"
#include "tests/accel/reference/golden_encoder.h"
#include "tests/support/golden.h"
#include "tests/support/random_rows.h"
#include "tests/support/status_matchers.h"

namespace sta {
namespace {

using Rows = std::vector<int16_t>;

Rows Flatten(const nlohmann::json& rows) {
  Rows flat;
  for (const auto& row : rows) {
    for (const auto& value : row) flat.push_back(value.get<int16_t>());
  }
  return flat;
}

Rows RunAlone(const Program& program, const Rows& rows) {
  const std::vector<int32_t> offsets = {
      0, static_cast<int32_t>(static_cast<int64_t>(rows.size()) / program.hidden_size)};
  Rows output(rows.size());
  EXPECT_THAT(Interpret(program, {rows, offsets}, output, nullptr), IsOk());
  return output;
}

// What the golden file calls the output of each of the first instructions.
constexpr const char* kGoldenNames[] = {
    "x_after_embedding_ln", "x8", "q", "k", "v", "c", "", "s1", "h16", "h8", "u", "g", "", "s2"};

// The golden output of instruction `index`, null where the run does not have it.
nlohmann::json GoldenOutput(const nlohmann::json& run, size_t index) {
  if (index >= std::size(kGoldenNames)) return nullptr;
  const std::string name = kGoldenNames[index];
  if (run.contains(name)) return run[name];
  return run.contains("layer0") ? run["layer0"].value(name, nlohmann::json()) : nullptr;
}

// Also checks that `intermediates` of the outputs before the last were there to be compared.
void ExpectRunEqualsGolden(const Program& program, const nlohmann::json& run,
                           size_t intermediates) {
  const Rows rows = Flatten(run["x_embedding_sum"]);
  const std::vector<int32_t> offsets = {0, static_cast<int32_t>(run["ids"].size())};
  Rows output(rows.size());
  size_t compared = 0;
  const auto observer = [&](size_t i, const ActivationBuffer& result) {
    const nlohmann::json golden = GoldenOutput(run, i);
    if (golden.is_null()) return absl::OkStatus();
    EXPECT_EQ(result.values, Flatten(golden)) << kGoldenNames[i];
    ++compared;
    return absl::OkStatus();
  };
  ASSERT_THAT(Interpret(program, {rows, offsets}, output, observer), IsOk());
  EXPECT_EQ(compared, intermediates);
  EXPECT_EQ(output, Flatten(run["y"]));
}

TEST(InterpreterTest, WholeEncoderAndEveryIntermediateEqualGolden) {
  const auto golden = LoadGolden("arithmetic/encoder.json");
  STA_ASSERT_OK_AND_ASSIGN(const std::shared_ptr<const Program> program,
                           CompileProgram(ReadGoldenEncoder(golden["model"])));
  ASSERT_EQ(golden["runs"].size(), 2u);
  // The first run, of 5 tokens, has all of layer 0; the second, of 17, has its two ends only.
  ExpectRunEqualsGolden(*program, golden["runs"][0], 12);
  ExpectRunEqualsGolden(*program, golden["runs"][1], 1);
}

TEST(InterpreterTest, GoldenEmbeddingSumsFollowFromItsTables) {
  const auto golden = LoadGolden("arithmetic/encoder.json");
  for (const auto& run : golden["runs"]) {
    for (size_t i = 0; i < run["ids"].size(); ++i) {
      const auto& word = golden["model"]["word"][run["ids"][i].get<size_t>()];
      for (size_t c = 0; c < word.size(); ++c) {
        const int sum = word[c].get<int>() + golden["model"]["pos"][i][c].get<int>();
        EXPECT_EQ(run["x_embedding_sum"][i][c].get<int>(), sum);
      }
    }
  }
}

TEST(InterpreterTest, PackedSequencesEqualEachAlone) {
  STA_ASSERT_OK_AND_ASSIGN(const std::shared_ptr<const Program> program,
                           CompileProgram(RandomEncoder({.seed = 11})));
  const Rows first = RandomRows(5, program->hidden_size, 1);
  const Rows second = RandomRows(1, program->hidden_size, 2);
  const Rows third = RandomRows(17, program->hidden_size, 3);
  Rows packed = first;
  packed.insert(packed.end(), second.begin(), second.end());
  packed.insert(packed.end(), third.begin(), third.end());
  const std::vector<int32_t> offsets = {0, 5, 6, 23};
  Rows output(packed.size());
  ASSERT_THAT(Interpret(*program, {packed, offsets}, output, nullptr), IsOk());

  Rows expected = RunAlone(*program, first);
  for (const Rows& rows : {second, third}) {
    const Rows part = RunAlone(*program, rows);
    expected.insert(expected.end(), part.begin(), part.end());
  }
  EXPECT_EQ(output, expected);
}

TEST(InterpreterTest, RandomEncoderNeitherVanishesNorSaturates) {
  STA_ASSERT_OK_AND_ASSIGN(const std::shared_ptr<const Program> program,
                           CompileProgram(RandomEncoder({.seed = 12})));
  const Rows rows = RandomRows(9, program->hidden_size, 4);
  const std::vector<int32_t> offsets = {0, 9};
  Rows output(rows.size());
  const auto observer = [&](size_t i, const ActivationBuffer& result) {
    const bool is_int8 =
        program->buffers[program->instructions[i].output].type == ElementType::kInt8;
    size_t inner = 0;
    for (const int16_t value : result.values) {
      if (value != 0 && (!is_int8 || (value > -127 && value < 127)) && value != 32767 &&
          value != -32768) {
        ++inner;
      }
    }
    EXPECT_GT(inner, result.values.size() / 4) << "instruction " << i;
    return absl::OkStatus();
  };
  ASSERT_THAT(Interpret(*program, {rows, offsets}, output, observer), IsOk());
}

TEST(InterpreterTest, StatusOfTheObserverEndsTheRun) {
  STA_ASSERT_OK_AND_ASSIGN(const std::shared_ptr<const Program> program,
                           CompileProgram(RandomEncoder({.seed = 13})));
  const Rows rows = RandomRows(1, program->hidden_size, 5);
  const std::vector<int32_t> offsets = {0, 1};
  Rows output(rows.size());
  size_t seen = 0;
  const auto observer = [&seen](size_t i, const ActivationBuffer&) {
    seen = i;
    return i == 3 ? absl::CancelledError("enough") : absl::OkStatus();
  };
  EXPECT_THAT(Interpret(*program, {rows, offsets}, output, observer),
              StatusIs(absl::StatusCode::kCancelled, "enough"));
  EXPECT_EQ(seen, 3u);
}

}  // namespace
}  // namespace sta
