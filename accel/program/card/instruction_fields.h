// SPDX-License-Identifier: Apache-2.0
//
// Where each field of an instruction lies and what it may be: the one table that encoding,
// decoding, checking and disassembling share. Internal to accel/program/card.
//
//   VisitFields(operation, [&](const Field& field, int64_t& value) { ... });
#ifndef ACCEL_PROGRAM_CARD_INSTRUCTION_FIELDS_H_
#define ACCEL_PROGRAM_CARD_INSTRUCTION_FIELDS_H_

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

#include "accel/program/card/instruction.h"

namespace sta::card {

struct Field {
  std::string_view name;
  size_t word = 0;
  int low_bit = 0;
  int width = 32;
  int64_t least = 0;
  int64_t most = 0;
};

namespace internal {

inline constexpr int64_t kMaxWord = 0xFFFFFFFF;
inline constexpr int64_t kMaxBase = (int64_t{1} << 20) - 1;
inline constexpr int64_t kMaxStride = (int64_t{1} << 15) - 1;
inline constexpr int64_t kMaxCount = (int64_t{1} << 12) - 1;

constexpr Field WordField(std::string_view name, size_t word) {
  return {name, word, 0, 32, 0, kMaxWord};
}
constexpr Field BaseField(std::string_view name, size_t word) {
  return {name, word, 0, 32, 0, kMaxBase};
}
constexpr Field StrideField(std::string_view name, size_t word) {
  return {name, word, 0, 32, 0, kMaxStride};
}
constexpr Field CountField(std::string_view name, size_t word, int low_bit) {
  return {name, word, low_bit, 16, 1, kMaxCount};
}

// `T` is an operation, or a const one: then the visitor is given const values.
template <typename T, typename Other>
concept IsOperation = std::is_same_v<std::remove_const_t<T>, Other>;

}  // namespace internal

template <internal::IsOperation<EndInstruction> T, typename Visitor>
void VisitFields(T& /*end*/, const Visitor& /*visit*/) {}

template <internal::IsOperation<TransferInstruction> T, typename Visitor>
void VisitFields(T& transfer, const Visitor& visit) {
  visit(internal::WordField("memory_beat", 3), transfer.memory_beat);
  visit(Field{"beats", 4, 0, 32, 1, internal::kMaxBase}, transfer.beats);
  visit(internal::BaseField("residual_beat", 5), transfer.residual_beat);
}

template <internal::IsOperation<MatmulInstruction> T, typename Visitor>
void VisitFields(T& matmul, const Visitor& visit) {
  visit(internal::WordField("weight_beat", 3), matmul.weight_beat);
  visit(Field{"windows", 4, 0, 16, 1, kMaxStepWords}, matmul.windows);
  visit(Field{"steps", 4, 16, 8, 1, kLaneBytes}, matmul.steps);
  visit(internal::CountField("channel_blocks", 5, 0), matmul.channel_blocks);
  visit(internal::CountField("token_groups", 5, 16), matmul.token_groups);
  visit(internal::BaseField("source_row", 6), matmul.source_row);
  visit(internal::StrideField("source_stride", 7), matmul.source_stride);
  visit(internal::BaseField("destination", 8), matmul.destination);
  visit(internal::StrideField("destination_stride", 9), matmul.destination_stride);
  visit(internal::StrideField("granule_row_stride", 10), matmul.granule_row_stride);
}

template <internal::IsOperation<VectorInstruction> T, typename Visitor>
void VisitFields(T& vector, const Visitor& visit) {
  visit(internal::WordField("parameter_beat", 3), vector.parameter_beat);
  visit(internal::CountField("channel_blocks", 4, 0), vector.channel_blocks);
  visit(internal::CountField("token_groups", 4, 16), vector.token_groups);
  visit(Field{"channels", 5, 0, 16, 1, 0xFFFF}, vector.channels);
  visit(internal::BaseField("source_granule", 6), vector.source_granule);
  visit(internal::BaseField("destination_row", 8), vector.destination_row);
  visit(internal::StrideField("destination_stride", 9), vector.destination_stride);
  visit(Field{"mean_reciprocal", 10, 0, 32, 0, (int64_t{1} << 25) - 1}, vector.mean_reciprocal);
  visit(Field{"epsilon", 11, 0, 32, 1, int64_t{1} << 31}, vector.epsilon);
}

template <internal::IsOperation<AttentionInstruction> T, typename Visitor>
void VisitFields(T& attention, const Visitor& visit) {
  visit(Field{"heads", 3, 0, 16, 1, internal::kMaxCount}, attention.heads);
  visit(Field{"head_steps", 3, 16, 8, 1, kLaneBytes}, attention.head_steps);
  visit(Field{"head_value_blocks", 3, 24, 8, 1, 0xFF}, attention.head_value_blocks);
  visit(Field{"key_count", 4, 0, 16, 1, 0xFFFF}, attention.key_count);
  visit(internal::CountField("query_groups", 4, 16), attention.query_groups);
  visit(internal::BaseField("query_row", 5), attention.query_row);
  visit(internal::StrideField("query_stride", 6), attention.query_stride);
  visit(internal::BaseField("key_tile", 7), attention.key_tile);
  visit(internal::StrideField("key_stride", 8), attention.key_stride);
  visit(internal::BaseField("value_tile", 9), attention.value_tile);
  visit(internal::StrideField("value_stride", 10), attention.value_stride);
  visit(internal::BaseField("context_row", 11), attention.context_row);
  visit(internal::StrideField("context_stride", 12), attention.context_stride);
  visit(internal::BaseField("probability_row", 13), attention.probability_row);
  visit(Field{"logit_shift", 14, 0, 5, 0, 31}, attention.logit_shift);
  visit(Field{"context_shift", 14, 8, 3, 0, 6}, attention.context_shift);
  visit(Field{"logit_multiplier", 14, 16, 16, 0, 0x7FFF}, attention.logit_multiplier);
  visit(Field{"context_multiplier", 15, 0, 16, 0, 0x7FFF}, attention.context_multiplier);
}

}  // namespace sta::card

#endif  // ACCEL_PROGRAM_CARD_INSTRUCTION_FIELDS_H_
