// SPDX-License-Identifier: Apache-2.0
#include "accel/program/compiler.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"

namespace sta {
namespace {

// Appends instructions to a program and hands out its buffers. A released buffer is used again for
// the next value of the same type and width.
class ProgramBuilder {
 public:
  explicit ProgramBuilder(int64_t hidden_size) {
    program_.hidden_size = hidden_size;
    program_.input_buffer = Acquire(Residual());
  }

  uint16_t input() const { return program_.input_buffer; }

  // Each of these appends one instruction and returns its output buffer.
  uint16_t LayerNorm(uint16_t x, LayerNormParameters parameters) {
    return Append(Opcode::kLayerNorm, {x}, Residual(),
                  Keep(program_.layer_norms, std::move(parameters)));
  }
  uint16_t Int8View(uint16_t x, Int8ViewParameters parameters) {
    return Append(Opcode::kInt8View, {x}, {ElementType::kInt8, program_.hidden_size},
                  Keep(program_.int8_views, std::move(parameters)));
  }
  uint16_t LinearInt8(uint16_t x, LinearParameters parameters) {
    const BufferSpec output = {ElementType::kInt8, parameters.weights.rows};
    return Append(Opcode::kLinearInt8, {x}, output, Keep(program_.linears, std::move(parameters)));
  }
  uint16_t LinearInt16(uint16_t x, LinearParameters parameters) {
    const BufferSpec output = {ElementType::kInt16, parameters.weights.rows};
    return Append(Opcode::kLinearInt16, {x}, output, Keep(program_.linears, std::move(parameters)));
  }
  uint16_t Gelu(uint16_t x, GeluParameters parameters) {
    const BufferSpec output = {ElementType::kInt8,
                               static_cast<int64_t>(parameters.channel_class.size())};
    return Append(Opcode::kGelu, {x}, output, Keep(program_.gelus, std::move(parameters)));
  }
  uint16_t Attention(uint16_t q, uint16_t k, uint16_t v, AttentionParameters parameters) {
    return Append(Opcode::kAttention, {q, k, v}, {ElementType::kInt8, program_.hidden_size},
                  Keep(program_.attentions, parameters));
  }
  uint16_t ResidualAdd(uint16_t x, uint16_t y) {
    return Append(Opcode::kResidualAdd, {x, y}, Residual(), 0);
  }

  // No later instruction reads these.
  void Release(std::initializer_list<uint16_t> buffers) {
    free_.insert(free_.end(), buffers.begin(), buffers.end());
  }

  Program Finish(uint16_t output) && {
    program_.output_buffer = output;
    return std::move(program_);
  }

 private:
  BufferSpec Residual() const { return {ElementType::kInt16, program_.hidden_size}; }

  uint16_t Acquire(const BufferSpec& spec) {
    for (size_t i = 0; i < free_.size(); ++i) {
      const uint16_t buffer = free_[i];
      if (program_.buffers[buffer] != spec) continue;
      free_.erase(free_.begin() + static_cast<std::ptrdiff_t>(i));
      return buffer;
    }
    program_.buffers.push_back(spec);
    return static_cast<uint16_t>(program_.buffers.size() - 1);
  }

  template <typename T>
  static uint32_t Keep(std::vector<T>& table, T parameters) {
    table.push_back(std::move(parameters));
    return static_cast<uint32_t>(table.size() - 1);
  }

  uint16_t Append(Opcode opcode, std::initializer_list<uint16_t> inputs, const BufferSpec& output,
                  uint32_t constants) {
    Instruction instruction;
    instruction.opcode = opcode;
    std::copy(inputs.begin(), inputs.end(), instruction.inputs.begin());
    instruction.output = Acquire(output);
    instruction.constants = constants;
    program_.instructions.push_back(instruction);
    return instruction.output;
  }

  Program program_;
  std::vector<uint16_t> free_;
};

// Section 8: returns the buffer of the layer's output; `x16` is released.
uint16_t AppendLayer(ProgramBuilder& builder, uint16_t x16, LayerParameters layer) {
  const uint16_t x8 = builder.Int8View(x16, std::move(layer.attention_view));
  const uint16_t q = builder.LinearInt8(x8, std::move(layer.query));
  const uint16_t k = builder.LinearInt8(x8, std::move(layer.key));
  const uint16_t v = builder.LinearInt8(x8, std::move(layer.value));
  builder.Release({x8});
  const uint16_t context = builder.Attention(q, k, v, layer.attention);
  builder.Release({q, k, v});
  const uint16_t attended = builder.LinearInt16(context, std::move(layer.attention_output));
  builder.Release({context});
  const uint16_t attention_sum = builder.ResidualAdd(x16, attended);
  builder.Release({x16, attended});
  const uint16_t h16 = builder.LayerNorm(attention_sum, std::move(layer.attention_layer_norm));
  builder.Release({attention_sum});

  const uint16_t h8 = builder.Int8View(h16, std::move(layer.intermediate_view));
  const uint16_t u = builder.LinearInt8(h8, std::move(layer.intermediate));
  builder.Release({h8});
  const uint16_t g = builder.Gelu(u, std::move(layer.gelu));
  builder.Release({u});
  const uint16_t fed_forward = builder.LinearInt16(g, std::move(layer.output));
  builder.Release({g});
  const uint16_t output_sum = builder.ResidualAdd(h16, fed_forward);
  builder.Release({h16, fed_forward});
  const uint16_t output = builder.LayerNorm(output_sum, std::move(layer.output_layer_norm));
  builder.Release({output_sum});
  return output;
}

}  // namespace

absl::StatusOr<std::shared_ptr<const Program>> CompileProgram(EncoderParameters encoder) {
  ProgramBuilder builder(encoder.hidden_size);
  uint16_t x16 = builder.LayerNorm(builder.input(), std::move(encoder.embedding_layer_norm));
  builder.Release({builder.input()});
  for (LayerParameters& layer : encoder.layers) {
    x16 = AppendLayer(builder, x16, std::move(layer));
  }
  auto program = std::make_shared<const Program>(std::move(builder).Finish(x16));
  if (absl::Status status = program->Validate(); !status.ok()) return status;
  return program;
}

}  // namespace sta
