// SPDX-License-Identifier: Apache-2.0
//
// Runs bytes as an instruction stream on the functional model of a card: the first byte chooses the
// array, the rest is the stream, and the program image and the input once more. It must end with
// END or an error, in whatever order the units run. Seeds: tests/fuzz/corpus/card_program_fuzz.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <vector>

#include "accel/program/card/instruction.h"
#include "accel/virtual_card/functional_card.h"

namespace sta::card {
namespace {

// Multiplications of one input: a few milliseconds.
constexpr int64_t kMaxWork = int64_t{1} << 22;

CardConfig FuzzConfig(uint8_t choice) {
  static constexpr std::array kNames = {"4x4x4", "8x8x8", "16x16x8"};
  CardConfig config = *CardConfig::Preset(kNames[choice % kNames.size()]);
  config.activation_rows = 24;
  config.residual_beats = 64;
  config.key_value_tiles = 48;
  config.max_sequence_tokens = 64;
  config.max_channels = 256;
  return config;
}

int64_t WorkOf(const CardInstruction& instruction, const CardConfig& config) {
  if (const auto* matmul = std::get_if<MatmulInstruction>(&instruction.operation)) {
    return matmul->channel_blocks * matmul->token_groups * matmul->windows * matmul->steps *
           config.multipliers();
  }
  if (const auto* attention = std::get_if<AttentionInstruction>(&instruction.operation)) {
    const int64_t rows = attention->heads * attention->query_groups * config.tile;
    return rows * config.GroupsOf(attention->key_count) * config.tile *
           (attention->head_steps * config.lanes + attention->head_value_blocks * config.tile);
  }
  return 0;
}

// Of the instructions that can be decoded, whether they are reached or not.
int64_t WorkOf(std::span<const uint8_t> stream, const CardConfig& config) {
  int64_t work = 0;
  for (; stream.size() >= size_t{kBeatBytes}; stream = stream.subspan(size_t{kBeatBytes})) {
    InstructionWords words = {};
    for (size_t i = 0; i < size_t{kBeatBytes}; ++i)
      words[i / 4] |= uint32_t{stream[i]} << i % 4 * 8;
    const absl::StatusOr<CardInstruction> instruction = DecodeInstruction(words, config);
    if (instruction.ok()) work += WorkOf(*instruction, config);
  }
  return work;
}

void Require(bool condition) {
  if (!condition) std::abort();
}

void RunBytes(uint8_t choice, std::span<const uint8_t> bytes) {
  const CardConfig config = FuzzConfig(choice);
  if (WorkOf(bytes, config) > kMaxWork) return;
  std::vector<uint8_t> output(size_t{kBeatBytes} * 8);
  FunctionalCard card(config);
  const CardRunResult result = card.Run({bytes, bytes, bytes, output});
  Require(result.error <= CardError::kKeyValue);
  Require(result.instruction <= bytes.size() / size_t{kBeatBytes});
  // The order of the units changes values only.
  CardRunResult interleaved = card.RunInterleaved({bytes, bytes, bytes, output}, choice);
  interleaved.output_checksum = result.output_checksum;
  Require(interleaved == result);
}

}  // namespace
}  // namespace sta::card

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 0) sta::card::RunBytes(data[0], {data + 1, size - 1});
  return 0;
}
