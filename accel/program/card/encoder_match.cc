// SPDX-License-Identifier: Apache-2.0
#include "accel/program/card/encoder_match.h"

#include <cstddef>
#include <cstdint>
#include <initializer_list>

#include "absl/status/status.h"
#include "strings/str_cat.h"

namespace sta::card {
namespace {

constexpr size_t kInput = SIZE_MAX;

// What one instruction wrote: a buffer, as long as no other instruction writes it.
struct Value {
  uint16_t buffer = Instruction::kNone;
  size_t writer = kInput;
};

class EncoderMatcher {
 public:
  explicit EncoderMatcher(const Program& program)
      : program_(program), writers_(program.buffers.size(), kInput) {}

  absl::StatusOr<MatchedEncoder> Match() && {
    MatchedEncoder encoder;
    Value x16 = Next(Opcode::kLayerNorm, {{program_.input_buffer, kInput}}, program_.layer_norms,
                     encoder.embedding_layer_norm);
    while (status_.ok() && next_ < program_.instructions.size()) {
      x16 = MatchLayer(x16, encoder.layers.emplace_back());
    }
    if (status_.ok() && x16.buffer != program_.output_buffer) {
      status_ = absl::UnimplementedError(
          StrCat("the program's output is buffer ", program_.output_buffer,
                 ", the card gives the last LayerNorm's, buffer ", x16.buffer));
    }
    if (!status_.ok()) return status_;
    return encoder;
  }

 private:
  Value MatchLayer(Value x16, MatchedLayer& layer) {
    const Value x8 = Next(Opcode::kInt8View, {x16}, program_.int8_views, layer.attention_view);
    const Value q = Next(Opcode::kLinearInt8, {x8}, program_.linears, layer.query);
    const Value k = Next(Opcode::kLinearInt8, {x8}, program_.linears, layer.key);
    const Value v = Next(Opcode::kLinearInt8, {x8}, program_.linears, layer.value);
    const Value context = Next(Opcode::kAttention, {q, k, v}, program_.attentions, layer.attention);
    const Value attended =
        Next(Opcode::kLinearInt16, {context}, program_.linears, layer.attention_output);
    const Value attention_sum = Next(Opcode::kResidualAdd, {x16, attended});
    const Value h16 =
        Next(Opcode::kLayerNorm, {attention_sum}, program_.layer_norms, layer.attention_layer_norm);
    const Value h8 = Next(Opcode::kInt8View, {h16}, program_.int8_views, layer.intermediate_view);
    const Value u = Next(Opcode::kLinearInt8, {h8}, program_.linears, layer.intermediate);
    const Value g = Next(Opcode::kGelu, {u}, program_.gelus, layer.gelu);
    const Value fed_forward = Next(Opcode::kLinearInt16, {g}, program_.linears, layer.output);
    const Value output_sum = Next(Opcode::kResidualAdd, {h16, fed_forward});
    return Next(Opcode::kLayerNorm, {output_sum}, program_.layer_norms, layer.output_layer_norm);
  }

  // Takes the next instruction, which has to be this one, and its constants.
  template <typename T>
  Value Next(Opcode opcode, std::initializer_list<Value> inputs, const std::vector<T>& table,
             const T*& constants) {
    const Value output = Next(opcode, inputs);
    if (status_.ok()) constants = &table[program_.instructions[output.writer].constants];
    return output;
  }

  Value Next(Opcode opcode, std::initializer_list<Value> inputs) {
    if (!status_.ok()) return {};
    if (next_ == program_.instructions.size()) {
      status_ = absl::UnimplementedError(StrCat("the program ends after ", next_,
                                                " instructions where the card expects ",
                                                OpcodeName(opcode)));
      return {};
    }
    const Instruction& instruction = program_.instructions[next_];
    if (instruction.opcode != opcode) {
      status_ = absl::UnimplementedError(
          StrCat("instruction ", next_, " is ", OpcodeName(instruction.opcode),
                 ", the card runs encoders only and expects ", OpcodeName(opcode)));
      return {};
    }
    size_t i = 0;
    for (const Value& input : inputs) {
      const uint16_t buffer = instruction.inputs[i];
      if (buffer != input.buffer || writers_[buffer] != input.writer) {
        status_ = absl::UnimplementedError(StrCat("instruction ", next_, " (", OpcodeName(opcode),
                                                  "): input ", i,
                                                  " is not the value that an encoder has there"));
        return {};
      }
      ++i;
    }
    writers_[instruction.output] = next_;
    return {instruction.output, next_++};
  }

  const Program& program_;
  std::vector<size_t> writers_;  // of each buffer, the last one so far
  size_t next_ = 0;
  absl::Status status_;
};

}  // namespace

absl::StatusOr<MatchedEncoder> MatchEncoder(const Program& program) {
  return EncoderMatcher(program).Match();
}

}  // namespace sta::card
