// SPDX-License-Identifier: Apache-2.0
#include "accel/program/card/disassembler.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <variant>

#include "absl/strings/str_format.h"
#include "accel/program/card/instruction_fields.h"
#include "strings/str_cat.h"

namespace sta::card {
namespace {

constexpr std::array<std::string_view, kUnitCount> kUnitNames = {"load", "engine", "vector",
                                                                 "store"};

std::string_view Mnemonic(CardOpcode opcode) {
  switch (opcode) {
    case CardOpcode::kLoad:
      return "LOAD";
    case CardOpcode::kStore:
      return "STORE";
    case CardOpcode::kMatmul:
      return "MATMUL";
    case CardOpcode::kVector:
      return "VECTOR";
    case CardOpcode::kAttention:
      return "ATTENTION";
    case CardOpcode::kEnd:
      break;
  }
  return "END";
}

std::string FlagNames(const MatmulInstruction& matmul) {
  std::string_view destination = "activations";
  if (matmul.destination_buffer == MatmulDestination::kKeyValue) destination = "key-value";
  if (matmul.destination_buffer == MatmulDestination::kResidual) destination = "residual";
  return StrCat(matmul.gelu ? " gelu" : "", matmul.indexed ? " indexed" : "", " to=", destination);
}
std::string FlagNames(const VectorInstruction& vector) {
  return StrCat(vector.normalize ? " normalize" : "", vector.view ? " view" : "");
}
template <typename Operation>
std::string FlagNames(const Operation& /*operation*/) {
  return "";
}

std::string Operands(const CardInstruction& instruction) {
  return std::visit(
      [](const auto& operation) {
        std::string text = FlagNames(operation);
        VisitFields(operation, [&](const Field& field, int64_t value) {
          StrAppend(&text, " ", field.name, "=", value);
        });
        return text;
      },
      instruction.operation);
}

std::string Waits(const CardInstruction& instruction) {
  std::string text;
  for (size_t unit = 0; unit < kUnitCount; ++unit) {
    if (instruction.waits[unit] == 0) continue;
    StrAppend(&text, text.empty() ? "  after " : ", ", kUnitNames[unit], " ",
              instruction.waits[unit]);
  }
  return text;
}

}  // namespace

std::string Disassemble(const CardInstruction& instruction) {
  const std::string operands = Operands(instruction);
  const std::string_view mnemonic = Mnemonic(instruction.opcode());
  if (operands.empty()) return StrCat(mnemonic, Waits(instruction));
  return absl::StrFormat("%-9s%s%s", AbslView(mnemonic), operands, Waits(instruction));
}

std::string DisassembleStream(std::span<const CardInstruction> stream) {
  std::string text;
  for (size_t i = 0; i < stream.size(); ++i) {
    absl::StrAppendFormat(&text, "%5d  %s\n", i, Disassemble(stream[i]));
  }
  return text;
}

}  // namespace sta::card
