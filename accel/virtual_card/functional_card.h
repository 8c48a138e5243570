// SPDX-License-Identifier: Apache-2.0
//
// FunctionalCard: what a card does with an instruction stream, exactly as
// accel/rtl/doc/instruction-set.md says, without its timing: the referee of the RTL, whose buffers
// it matches byte for byte, and of the compiler that makes the streams.
//
//   FunctionalCard card(config);
//   const CardRunResult result = card.Run({program, instructions, input, output});
//   if (result.error != CardError::kNone) ...
//
// Any bytes may be run: a bad stream ends with an error, never with an access outside the buffers
// or the regions. Thread-compatible; Run blocks, for as long as the stream asks.
#ifndef ACCEL_VIRTUAL_CARD_FUNCTIONAL_CARD_H_
#define ACCEL_VIRTUAL_CARD_FUNCTIONAL_CARD_H_

#include <cstdint>
#include <optional>
#include <span>
#include <stop_token>

#include "accel/program/card/card_config.h"
#include "accel/program/card/card_error.h"
#include "accel/virtual_card/card_buffers.h"

namespace sta::card {

// The card's memory as a run sees it, in whole beats: what is left over at an end does not exist.
struct CardMemory {
  std::span<const uint8_t> program;
  std::span<const uint8_t> instructions;  // those after the first 65,535 do not exist
  std::span<const uint8_t> input;
  std::span<uint8_t> output;
};

struct CardRunResult {
  CardError error = CardError::kNone;
  // The one in error, or END; of a truncated stream, how many there are.
  uint16_t instruction = 0;
  // Over the beats that were transferred. Instructions after END or after an error are not fetched.
  uint32_t program_checksum = 0;
  uint32_t input_checksum = 0;
  uint32_t output_checksum = 0;
  int64_t beats_read = 0;
  int64_t beats_written = 0;

  friend bool operator==(const CardRunResult&, const CardRunResult&) = default;
};

class FunctionalCard {
 public:
  // `config` has passed Validate().
  explicit FunctionalCard(const CardConfig& config) : config_(config), buffers_(config) {}

  // One instruction after the other. What comes before an error is executed.
  CardRunResult Run(const CardMemory& memory) { return Run(memory, std::nullopt, {}).value(); }

  // The same; nothing when a stop was requested before the last instruction. Buffers and output
  // then hold what the instructions before it left.
  std::optional<CardRunResult> RunUntilStopped(const CardMemory& memory,
                                               const std::stop_token& stop) {
    return Run(memory, std::nullopt, stop);
  }

  // Units run ahead of each other as far as the waits let them, at random: a stream that lacks a
  // wait gives a wrong result for some seeds. The same seed gives the same order.
  CardRunResult RunInterleaved(const CardMemory& memory, uint64_t seed) {
    return Run(memory, seed, {}).value();
  }

  // They keep their content from run to run.
  CardBuffers& buffers() { return buffers_; }

 private:
  std::optional<CardRunResult> Run(const CardMemory& memory, std::optional<uint64_t> seed,
                                   const std::stop_token& stop);

  const CardConfig config_;
  CardBuffers buffers_;
};

}  // namespace sta::card

#endif  // ACCEL_VIRTUAL_CARD_FUNCTIONAL_CARD_H_
