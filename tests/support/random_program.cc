// SPDX-License-Identifier: Apache-2.0
#include "tests/support/random_program.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <numeric>
#include <optional>
#include <utility>

#include "accel/program/compiler.h"
#include "accel/program/random_encoder.h"
#include "tests/support/random_values.h"

namespace sta {

ElementType OutputType(Opcode opcode) {
  const bool is_int16 = opcode == Opcode::kLayerNorm || opcode == Opcode::kLinearInt16 ||
                        opcode == Opcode::kResidualAdd;
  return is_int16 ? ElementType::kInt16 : ElementType::kInt8;
}

ElementType InputType(Opcode opcode) {
  const bool is_int16 =
      opcode == Opcode::kLayerNorm || opcode == Opcode::kInt8View || opcode == Opcode::kResidualAdd;
  return is_int16 ? ElementType::kInt16 : ElementType::kInt8;
}

int InputCount(Opcode opcode) {
  if (opcode == Opcode::kAttention) return 3;
  return opcode == Opcode::kResidualAdd ? 2 : 1;
}

// An encoder's constants fit every opcode; GELUs of hidden size are the only ones that it lacks.
ProgramBuilder::ProgramBuilder() {
  program_ = **CompileProgram(RandomEncoder(
      {.seed = 1, .hidden_size = kHidden, .intermediate_size = kIntermediate, .layers = 1}));
  GeluParameters gelu = program_.gelus.front();
  gelu.channel_class.resize(kHidden);
  program_.gelus.push_back(std::move(gelu));
  program_.instructions.clear();
  program_.buffers.clear();
  program_.input_buffer = AddBuffer({ElementType::kInt16, kHidden});
}

uint16_t ProgramBuilder::AddBuffer(const BufferSpec& spec) {
  program_.buffers.push_back(spec);
  return static_cast<uint16_t>(program_.buffers.size() - 1);
}

std::vector<uint32_t> ProgramBuilder::FittingConstants(Opcode opcode, const BufferSpec& from,
                                                       const BufferSpec& to) const {
  std::vector<uint32_t> fitting;
  const auto collect = [&](const auto& table, const auto& fits) {
    for (uint32_t i = 0; i < table.size(); ++i) {
      if (fits(table[i])) fitting.push_back(i);
    }
  };
  const auto has_width = [&](size_t width) {
    return from.width == static_cast<int64_t>(width) && to.width == from.width;
  };
  switch (opcode) {
    case Opcode::kLayerNorm:
      collect(program_.layer_norms, [&](const auto& norm) { return has_width(norm.gain.size()); });
      break;
    case Opcode::kInt8View:
      collect(program_.int8_views,
              [&](const auto& view) { return has_width(view.multiplier.size()); });
      break;
    case Opcode::kLinearInt8:
    case Opcode::kLinearInt16:
      collect(program_.linears, [&](const auto& linear) {
        return linear.weights.columns == from.width && linear.weights.rows == to.width;
      });
      break;
    case Opcode::kGelu:
      collect(program_.gelus,
              [&](const auto& gelu) { return has_width(gelu.channel_class.size()); });
      break;
    case Opcode::kAttention:
      collect(program_.attentions, [&](const auto&) { return has_width(kHidden); });
      break;
    case Opcode::kResidualAdd:
      if (has_width(kHidden)) fitting.push_back(0);
      break;
  }
  return fitting;
}

bool ProgramBuilder::Append(Opcode opcode, const std::vector<uint16_t>& inputs, uint16_t output) {
  const std::vector<uint32_t> constants =
      FittingConstants(opcode, program_.buffers[inputs[0]], program_.buffers[output]);
  if (constants.empty()) return false;
  Instruction instruction = {.opcode = opcode, .output = output};
  std::copy(inputs.begin(), inputs.end(), instruction.inputs.begin());
  instruction.constants = constants[appended_++ % constants.size()];
  program_.instructions.push_back(instruction);
  return true;
}

uint16_t ProgramBuilder::Add(Opcode opcode, const std::vector<uint16_t>& inputs) {
  const uint16_t output = AddBuffer({OutputType(opcode), kHidden});
  Append(opcode, inputs, output);
  return output;
}

Program ProgramBuilder::Finish(uint16_t output_buffer) {
  program_.output_buffer = output_buffer;
  return program_;
}

namespace {

class RandomProgramMaker {
 public:
  explicit RandomProgramMaker(uint64_t seed) : random_(seed) {
    for (int i = 0; i < 3; ++i) {
      builder_.AddBuffer({ElementType::kInt16, ProgramBuilder::kHidden});
      builder_.AddBuffer({ElementType::kInt8, ProgramBuilder::kHidden});
    }
    for (int i = 0; i < 2; ++i) {
      builder_.AddBuffer({ElementType::kInt8, ProgramBuilder::kIntermediate});
    }
    all_.resize(builder_.program().buffers.size());
    std::iota(all_.begin(), all_.end(), uint16_t{0});
    written_.push_back(builder_.program().input_buffer);
  }

  Program Make() {
    uint16_t output = builder_.program().input_buffer;
    for (int i = 0; i < 40; ++i) {
      const auto opcode =
          static_cast<Opcode>(random_.Uniform(0, static_cast<int64_t>(Opcode::kResidualAdd)));
      if (!AppendAnywhere(opcode)) continue;
      const uint16_t written = builder_.program().instructions.back().output;
      if (OutputType(opcode) == ElementType::kInt16) output = written;
    }
    return builder_.Finish(output);
  }

 private:
  bool AppendAnywhere(Opcode opcode) {
    std::vector<uint16_t> inputs;
    for (int i = 0; i < InputCount(opcode); ++i) {
      const auto input = AnyOf(written_, [&](uint16_t buffer) {
        return inputs.empty() ? SpecOf(buffer).type == InputType(opcode)
                              : SpecOf(buffer) == SpecOf(inputs[0]);
      });
      if (!input.has_value()) return false;
      inputs.push_back(*input);
    }
    const auto output = AnyOf(all_, [&](uint16_t buffer) {
      return SpecOf(buffer).type == OutputType(opcode) &&
             std::find(inputs.begin(), inputs.end(), buffer) == inputs.end();
    });
    if (!output.has_value() || !builder_.Append(opcode, inputs, *output)) return false;
    written_.push_back(*output);
    return true;
  }

  const BufferSpec& SpecOf(uint16_t buffer) const { return builder_.program().buffers[buffer]; }

  template <typename Fits>
  std::optional<uint16_t> AnyOf(const std::vector<uint16_t>& buffers, const Fits& fits) {
    std::vector<uint16_t> fitting;
    std::copy_if(buffers.begin(), buffers.end(), std::back_inserter(fitting), fits);
    if (fitting.empty()) return std::nullopt;
    return fitting[static_cast<size_t>(random_.Uniform(0, std::ssize(fitting) - 1))];
  }

  ProgramBuilder builder_;
  RandomValues random_;
  std::vector<uint16_t> all_;
  std::vector<uint16_t> written_;  // as often as it was
};

}  // namespace

Program RandomProgram(uint64_t seed) { return RandomProgramMaker(seed).Make(); }

}  // namespace sta
