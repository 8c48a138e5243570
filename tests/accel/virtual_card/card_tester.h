// SPDX-License-Identifier: Apache-2.0
//
// Single instructions on a small card whose buffers are full of random bytes. A test writes what it
// expects into `expected`, with the document's formulas written out once more, and compares whole
// buffers: what an instruction must not touch is compared, too.
//
//   CardTester tester("8x8x8", seed);
//   const int64_t beat = tester.AppendBeats(bytes);
//   tester.expected.Activation(row, token, channel) = ...;
//   EXPECT_EQ(tester.Run({.operation = ...}).error, CardError::kNone);
//   tester.ExpectBuffers();
#ifndef TESTS_ACCEL_VIRTUAL_CARD_CARD_TESTER_H_
#define TESTS_ACCEL_VIRTUAL_CARD_CARD_TESTER_H_

#include <cstdint>
#include <string_view>
#include <vector>

#include "accel/program/card/card_config.h"
#include "accel/program/card/instruction.h"
#include "accel/virtual_card/functional_card.h"
#include "tests/support/random_values.h"

namespace sta::card {

// The content of a card's buffers by the formulas of the document.
struct BufferImage {
  CardConfig config;
  std::vector<int8_t> activations;
  std::vector<int16_t> residual;
  std::vector<int8_t> key_value;

  int8_t& Activation(int64_t row, int64_t token, int64_t channel);
  // Channel `channel` of a token whose rows of `channel_blocks` granules begin at `granule`.
  int16_t& Residual(int64_t granule, int64_t channel_blocks, int64_t token, int64_t channel);
  int8_t& KeyValue(int64_t tile, int64_t token, int64_t channel);
};

// Little-endian bytes of a number.
void AppendNumber(std::vector<uint8_t>& bytes, int64_t value, int size);

class CardTester {
 public:
  CardTester(std::string_view preset, uint64_t seed);

  // Appends to the program image, filled up to whole beats; returns the first beat.
  int64_t AppendBeats(std::vector<uint8_t> bytes);

  // Runs the instruction, and END after it.
  CardRunResult Run(const CardInstruction& instruction);
  CardRunResult RunStream(const std::vector<CardInstruction>& stream);

  // Compares the card's buffers with `expected`.
  void ExpectBuffers();

  // A value of an operand of a product.
  int8_t Operand() { return static_cast<int8_t>(random.Uniform(-127, 127)); }

  const CardConfig config;
  RandomValues random;
  BufferImage expected;  // at first what the card has
  std::vector<uint8_t> program;
  std::vector<uint8_t> input;
  std::vector<uint8_t> output;
  FunctionalCard card;
};

}  // namespace sta::card

#endif  // TESTS_ACCEL_VIRTUAL_CARD_CARD_TESTER_H_
