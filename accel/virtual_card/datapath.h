// SPDX-License-Identifier: Apache-2.0
//
// What the engine and the vector unit compute, one function an opcode: accel/arithmetic over the
// buffers of the card. Internal to accel/virtual_card. The instruction has been checked against
// `config` and the buffers; constants in memory may be any bytes.
#ifndef ACCEL_VIRTUAL_CARD_DATAPATH_H_
#define ACCEL_VIRTUAL_CARD_DATAPATH_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "accel/program/card/card_config.h"
#include "accel/program/card/instruction.h"
#include "accel/virtual_card/card_buffers.h"

namespace sta::card {

// `weights`: the instruction's whole weight stream.
void RunMatmul(const CardConfig& config, const MatmulInstruction& instruction,
               std::span<const uint8_t> weights, CardBuffers& buffers);

// `parameters`: 8 bytes a channel.
void RunVector(const CardConfig& config, const VectorInstruction& instruction,
               std::span<const uint8_t> parameters, CardBuffers& buffers);

void RunAttention(const CardConfig& config, const AttentionInstruction& instruction,
                  CardBuffers& buffers);

// Little-endian constants of 16 and 32 bits.
inline int16_t ReadInt16(std::span<const uint8_t> bytes, size_t offset) {
  return static_cast<int16_t>(bytes[offset] | bytes[offset + 1] << 8);
}
inline int32_t ReadInt32(std::span<const uint8_t> bytes, size_t offset) {
  return static_cast<int32_t>(uint32_t{bytes[offset]} | uint32_t{bytes[offset + 1]} << 8 |
                              uint32_t{bytes[offset + 2]} << 16 |
                              uint32_t{bytes[offset + 3]} << 24);
}

}  // namespace sta::card

#endif  // ACCEL_VIRTUAL_CARD_DATAPATH_H_
