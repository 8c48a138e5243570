// SPDX-License-Identifier: Apache-2.0
#include "accel/program/program.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "accel/arithmetic/requantize.h"
#include "accel/program/constants_check.h"

namespace sta {
namespace {

absl::Status Invalid(std::string message) { return absl::InvalidArgumentError(message); }

absl::Status Annotate(absl::string_view where, const absl::Status& status) {
  if (status.ok()) return status;
  return absl::Status(status.code(), absl::StrCat(where, ": ", status.message()));
}

template <typename T>
absl::Status CheckTable(absl::string_view name, const std::vector<T>& table,
                        absl::Status (*check)(const T&)) {
  for (size_t i = 0; i < table.size(); ++i) {
    const absl::Status status = check(table[i]);
    if (!status.ok()) return Annotate(absl::StrCat(name, "[", i, "]"), status);
  }
  return absl::OkStatus();
}

int InputCount(Opcode opcode) {
  switch (opcode) {
    case Opcode::kAttention:
      return 3;
    case Opcode::kResidualAdd:
      return 2;
    default:
      return 1;
  }
}

std::string Describe(const BufferSpec& spec) {
  return absl::StrCat(spec.type == ElementType::kInt8 ? "int8" : "int16", " [", spec.width, "]");
}

// Checks one instruction after the other and remembers which buffers hold a value.
class InstructionChecker {
 public:
  explicit InstructionChecker(const Program& program)
      : program_(program), written_(program.buffers.size(), false) {
    written_[program.input_buffer] = true;
  }

  bool IsWritten(uint16_t buffer) const { return written_[buffer]; }

  absl::Status Check(const Instruction& instruction) {
    if (instruction.opcode > Opcode::kResidualAdd) {
      return Invalid(absl::StrCat("unknown opcode ", static_cast<int>(instruction.opcode)));
    }
    if (instruction.planes != 1) {
      return Invalid(
          absl::StrCat("planes is ", instruction.planes, ", arithmetic version 1 allows 1 only"));
    }
    absl::Status status = CheckBuffers(instruction);
    if (status.ok()) status = CheckOperands(instruction);
    if (status.ok()) written_[instruction.output] = true;
    return status;
  }

 private:
  absl::Status CheckBuffers(const Instruction& instruction) const {
    const int input_count = InputCount(instruction.opcode);
    for (int i = 0; i < static_cast<int>(instruction.inputs.size()); ++i) {
      const uint16_t buffer = instruction.inputs[static_cast<size_t>(i)];
      if (i >= input_count) {
        if (buffer == Instruction::kNone) continue;
        return Invalid(absl::StrCat("input ", i, " is buffer ", buffer, ", the opcode takes ",
                                    input_count, " inputs"));
      }
      if (absl::Status status = CheckIndex("input", buffer); !status.ok()) return status;
      if (!written_[buffer]) {
        return Invalid(absl::StrCat("buffer ", buffer, " is read before it was written"));
      }
      if (buffer == instruction.output) {
        return Invalid(absl::StrCat("buffer ", buffer, " is both input and output"));
      }
    }
    return CheckIndex("output", instruction.output);
  }

  absl::Status CheckIndex(absl::string_view role, uint16_t buffer) const {
    if (buffer < program_.buffers.size()) return absl::OkStatus();
    return Invalid(absl::StrCat(role, " buffer ", buffer, " is out of range, the program has ",
                                program_.buffers.size(), " buffers"));
  }

  absl::Status CheckOperands(const Instruction& instruction) const {
    switch (instruction.opcode) {
      case Opcode::kLayerNorm:
        return CheckElementwise(instruction, program_.layer_norms, ElementType::kInt16,
                                ElementType::kInt16,
                                [](const LayerNormParameters& p) { return p.gain.size(); });
      case Opcode::kInt8View:
        return CheckElementwise(instruction, program_.int8_views, ElementType::kInt16,
                                ElementType::kInt8,
                                [](const Int8ViewParameters& p) { return p.multiplier.size(); });
      case Opcode::kGelu:
        return CheckElementwise(instruction, program_.gelus, ElementType::kInt8, ElementType::kInt8,
                                [](const GeluParameters& p) { return p.channel_class.size(); });
      case Opcode::kLinearInt8:
        return CheckLinearOperands(instruction, ElementType::kInt8);
      case Opcode::kLinearInt16:
        return CheckLinearOperands(instruction, ElementType::kInt16);
      case Opcode::kAttention:
        return CheckAttentionOperands(instruction);
      case Opcode::kResidualAdd:
        return CheckResidualOperands(instruction);
    }
    return Invalid("unknown opcode");
  }

  template <typename T, typename WidthOf>
  absl::Status CheckElementwise(const Instruction& instruction, const std::vector<T>& table,
                                ElementType from, ElementType to, WidthOf width_of) const {
    absl::Status status = CheckConstants(instruction, table.size());
    if (!status.ok()) return status;
    const auto width = static_cast<int64_t>(width_of(table[instruction.constants]));
    status.Update(Expect(instruction.inputs[0], {from, width}));
    status.Update(Expect(instruction.output, {to, width}));
    return status;
  }

  absl::Status CheckLinearOperands(const Instruction& instruction, ElementType to) const {
    absl::Status status = CheckConstants(instruction, program_.linears.size());
    if (!status.ok()) return status;
    const NmMatrix& weights = program_.linears[instruction.constants].weights;
    status.Update(Expect(instruction.inputs[0], {ElementType::kInt8, weights.columns}));
    status.Update(Expect(instruction.output, {to, weights.rows}));
    return status;
  }

  absl::Status CheckAttentionOperands(const Instruction& instruction) const {
    absl::Status status = CheckConstants(instruction, program_.attentions.size());
    if (!status.ok()) return status;
    const int32_t heads = program_.attentions[instruction.constants].heads;
    if (program_.hidden_size % heads != 0) {
      return Invalid(
          absl::StrCat(heads, " heads do not divide hidden size ", program_.hidden_size));
    }
    for (const uint16_t input : instruction.inputs) {
      status.Update(Expect(input, {ElementType::kInt8, program_.hidden_size}));
    }
    status.Update(Expect(instruction.output, {ElementType::kInt8, program_.hidden_size}));
    return status;
  }

  absl::Status CheckResidualOperands(const Instruction& instruction) const {
    absl::Status status = absl::OkStatus();
    if (instruction.constants != 0) {
      status = Invalid(absl::StrCat("constants index is ", instruction.constants,
                                    ", the opcode has none: 0 is expected"));
    }
    const BufferSpec expected = {ElementType::kInt16, program_.hidden_size};
    status.Update(Expect(instruction.inputs[0], expected));
    status.Update(Expect(instruction.inputs[1], expected));
    status.Update(Expect(instruction.output, expected));
    return status;
  }

  absl::Status CheckConstants(const Instruction& instruction, size_t table_size) const {
    if (instruction.constants < table_size) return absl::OkStatus();
    return Invalid(absl::StrCat("constants index ", instruction.constants,
                                " is out of range, the table has ", table_size, " entries"));
  }

  absl::Status Expect(uint16_t buffer, const BufferSpec& expected) const {
    if (program_.buffers[buffer] == expected) return absl::OkStatus();
    return Invalid(absl::StrCat("buffer ", buffer, " is ", Describe(program_.buffers[buffer]),
                                ", expected is ", Describe(expected)));
  }

  const Program& program_;
  std::vector<bool> written_;
};

absl::Status CheckEndBuffer(const Program& program, absl::string_view role, uint16_t buffer) {
  if (buffer >= program.buffers.size()) {
    return Invalid(absl::StrCat(role, " buffer ", buffer, " is out of range, the program has ",
                                program.buffers.size(), " buffers"));
  }
  const BufferSpec expected = {ElementType::kInt16, program.hidden_size};
  if (program.buffers[buffer] == expected) return absl::OkStatus();
  return Invalid(absl::StrCat(role, " buffer ", buffer, " is ", Describe(program.buffers[buffer]),
                              ", expected is ", Describe(expected)));
}

absl::Status CheckBufferSpecs(const Program& program) {
  if (program.buffers.size() >= Instruction::kNone) {
    return Invalid(
        absl::StrCat(program.buffers.size(), " buffers, allowed are ", Instruction::kNone - 1));
  }
  for (size_t i = 0; i < program.buffers.size(); ++i) {
    const BufferSpec& spec = program.buffers[i];
    if (spec.type > ElementType::kInt16) {
      return Invalid(
          absl::StrCat("buffers[", i, "]: unknown element type ", static_cast<int>(spec.type)));
    }
    if (spec.width < 1 || spec.width > arithmetic::kMaxInputDimension) {
      return Invalid(absl::StrCat("buffers[", i, "]: width is ", spec.width, ", allowed is 1..",
                                  arithmetic::kMaxInputDimension));
    }
  }
  absl::Status status = CheckEndBuffer(program, "input", program.input_buffer);
  status.Update(CheckEndBuffer(program, "output", program.output_buffer));
  return status;
}

absl::Status CheckConstantTables(const Program& program) {
  absl::Status status = CheckTable("linears", program.linears, CheckLinear);
  status.Update(CheckTable("layer_norms", program.layer_norms, CheckLayerNorm));
  status.Update(CheckTable("int8_views", program.int8_views, CheckInt8View));
  status.Update(CheckTable("gelus", program.gelus, CheckGelu));
  status.Update(CheckTable("attentions", program.attentions, CheckAttention));
  return status;
}

}  // namespace

std::string_view OpcodeName(Opcode opcode) {
  switch (opcode) {
    case Opcode::kLayerNorm:
      return "layer_norm";
    case Opcode::kInt8View:
      return "int8_view";
    case Opcode::kLinearInt8:
      return "linear_int8";
    case Opcode::kLinearInt16:
      return "linear_int16";
    case Opcode::kGelu:
      return "gelu";
    case Opcode::kAttention:
      return "attention";
    case Opcode::kResidualAdd:
      return "residual_add";
  }
  return "unknown";
}

absl::Status Program::Validate() const {
  absl::Status status = CheckBufferSpecs(*this);
  if (!status.ok()) return status;
  status = CheckConstantTables(*this);
  if (!status.ok()) return status;

  InstructionChecker checker(*this);
  for (size_t i = 0; i < instructions.size(); ++i) {
    status = checker.Check(instructions[i]);
    if (!status.ok()) {
      return Annotate(absl::StrCat("instruction ", i, " (",
                                   std::string(OpcodeName(instructions[i].opcode)), ")"),
                      status);
    }
  }
  if (!checker.IsWritten(output_buffer)) {
    return Invalid(absl::StrCat("output buffer ", output_buffer, " is never written"));
  }
  return absl::OkStatus();
}

}  // namespace sta
