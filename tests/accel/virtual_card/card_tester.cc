// SPDX-License-Identifier: Apache-2.0
#include "tests/accel/virtual_card/card_tester.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>

namespace sta::card {
namespace {

constexpr size_t kRegionBeats = 16;

CardConfig SmallConfig(std::string_view preset) {
  CardConfig config = *CardConfig::Preset(preset);
  config.activation_rows = 64;
  config.residual_beats = 256;
  config.key_value_tiles = 128;
  config.max_sequence_tokens = 64;
  return config;
}

std::vector<uint8_t> RandomBytes(RandomValues& random, size_t size) {
  std::vector<uint8_t> bytes(size);
  for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random.Uniform(0, 255));
  return bytes;
}

template <typename T>
std::vector<T> Copy(std::span<T> values) {
  return {values.begin(), values.end()};
}

}  // namespace

int8_t& BufferImage::Activation(int64_t row, int64_t token, int64_t channel) {
  const int64_t window_inputs = 16 * config.lanes;
  const int64_t byte = ((row + channel / window_inputs) * config.tile + token) * window_inputs +
                       channel % window_inputs;
  return activations[static_cast<size_t>(byte)];
}

int16_t& BufferImage::Residual(int64_t granule, int64_t channel_blocks, int64_t token,
                               int64_t channel) {
  const int64_t g = config.tile == 8 ? 2 : 1;
  const int64_t index = granule + token / g * channel_blocks + channel / config.tile;
  return residual[static_cast<size_t>((index * g + token % g) * config.tile +
                                      channel % config.tile)];
}

int8_t& BufferImage::KeyValue(int64_t tile, int64_t token, int64_t channel) {
  const int64_t t = config.tile;
  return key_value[static_cast<size_t>((tile + channel / t) * t * t + token * t + channel % t)];
}

void AppendNumber(std::vector<uint8_t>& bytes, int64_t value, int size) {
  for (int i = 0; i < size; ++i) bytes.push_back(static_cast<uint8_t>(value >> 8 * i));
}

CardTester::CardTester(std::string_view preset, uint64_t seed)
    : config(SmallConfig(preset)), random(seed), card(config) {
  CardBuffers& buffers = card.buffers();
  for (int8_t& value : buffers.activations()) value = Operand();
  for (int16_t& value : buffers.residual()) {
    value = static_cast<int16_t>(random.Uniform(-32768, 32767));
  }
  for (int8_t& value : buffers.key_value()) value = Operand();
  expected = {.config = config,
              .activations = Copy(buffers.activations()),
              .residual = Copy(buffers.residual()),
              .key_value = Copy(buffers.key_value())};
  input = RandomBytes(random, kRegionBeats * kBeatBytes);
  output = RandomBytes(random, kRegionBeats * kBeatBytes);
}

int64_t CardTester::AppendBeats(std::vector<uint8_t> bytes) {
  const int64_t beat = std::ssize(program) / kBeatBytes;
  bytes.resize(static_cast<size_t>(RoundUp(std::ssize(bytes), kBeatBytes)));
  program.insert(program.end(), bytes.begin(), bytes.end());
  return beat;
}

CardRunResult CardTester::Run(const CardInstruction& instruction) {
  return RunStream({instruction, CardInstruction{}});
}

CardRunResult CardTester::RunStream(const std::vector<CardInstruction>& stream) {
  const auto bytes = EncodeStream(stream, config);
  EXPECT_TRUE(bytes.ok()) << bytes.status();
  return bytes.ok() ? card.Run({program, *bytes, input, output}) : CardRunResult{};
}

void CardTester::ExpectBuffers() {
  CardBuffers& buffers = card.buffers();
  EXPECT_TRUE(std::ranges::equal(buffers.activations(), expected.activations));
  EXPECT_TRUE(std::ranges::equal(buffers.residual(), expected.residual));
  EXPECT_TRUE(std::ranges::equal(buffers.key_value(), expected.key_value));
}

}  // namespace sta::card
