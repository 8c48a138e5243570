// SPDX-License-Identifier: Apache-2.0
#include "accel/program/card/instruction.h"

#include <algorithm>
#include <bit>

#include "accel/program/card/instruction_fields.h"
#include "strings/str_cat.h"

namespace sta::card {
namespace {

constexpr uint32_t kPlanes = 1;
constexpr int64_t kMaxWait = 0xFFFF;

constexpr uint32_t kMatmulGelu = 1;
constexpr uint32_t kMatmulIndexed = 2;
constexpr int kMatmulDestinationBit = 2;
constexpr uint32_t kVectorNormalize = 1;
constexpr uint32_t kVectorView = 2;

absl::Status FieldError(const std::string& message) {
  return MakeCardError(CardError::kField, message);
}

// Flags that do not go together.
template <typename Operation>
absl::Status CheckFlags(const Operation& /*operation*/) {
  return absl::OkStatus();
}
absl::Status CheckFlags(const MatmulInstruction& matmul) {
  if (!matmul.gelu || matmul.destination_buffer == MatmulDestination::kActivations) {
    return absl::OkStatus();
  }
  return MakeCardError(CardError::kOpcode, "gelu goes to the activation buffer only");
}
absl::Status CheckFlags(const VectorInstruction& vector) {
  if (vector.normalize || vector.view) return absl::OkStatus();
  return MakeCardError(CardError::kOpcode, "neither normalize nor view");
}

// Limits that a field alone does not tell.
absl::Status CheckTogether(const EndInstruction& /*end*/, const CardConfig& /*config*/) {
  return absl::OkStatus();
}
absl::Status CheckTogether(const TransferInstruction& /*transfer*/, const CardConfig& /*config*/) {
  return absl::OkStatus();
}

absl::Status CheckTogether(const MatmulInstruction& matmul, const CardConfig& /*config*/) {
  if (matmul.windows * matmul.steps > kMaxStepWords) {
    return FieldError(StrCat("windows ", matmul.windows, " of ", matmul.steps, " steps, at most ",
                             kMaxStepWords, " steps are allowed"));
  }
  if (matmul.granule_row_stride != 0 && matmul.destination_buffer != MatmulDestination::kResidual) {
    return FieldError(StrCat("granule_row_stride is ", matmul.granule_row_stride,
                             ", only a residual destination has one"));
  }
  return absl::OkStatus();
}

absl::Status CheckTogether(const VectorInstruction& vector, const CardConfig& config) {
  const int64_t width = vector.channel_blocks * config.tile;
  if (width > config.max_channels) {
    return FieldError(
        StrCat("rows of ", width, " channels, the vector unit takes ", config.max_channels));
  }
  if (vector.channels > width) {
    return FieldError(StrCat("channels is ", vector.channels, ", the rows have ", width));
  }
  return absl::OkStatus();
}

absl::Status CheckTogether(const AttentionInstruction& attention, const CardConfig& config) {
  if (!std::has_single_bit(static_cast<uint64_t>(attention.head_steps))) {
    return FieldError(
        StrCat("head_steps is ", attention.head_steps, ", allowed are 1, 2, 4, 8 and 16"));
  }
  if (attention.key_count > config.max_sequence_tokens) {
    return FieldError(StrCat("key_count is ", attention.key_count, ", the array takes ",
                             config.max_sequence_tokens));
  }
  return absl::OkStatus();
}

uint32_t FlagsOf(const EndInstruction& /*end*/) { return 0; }
uint32_t FlagsOf(const TransferInstruction& /*transfer*/) { return 0; }
uint32_t FlagsOf(const MatmulInstruction& matmul) {
  return (matmul.gelu ? kMatmulGelu : 0) | (matmul.indexed ? kMatmulIndexed : 0) |
         static_cast<uint32_t>(matmul.destination_buffer) << kMatmulDestinationBit;
}
uint32_t FlagsOf(const VectorInstruction& vector) {
  return (vector.normalize ? kVectorNormalize : 0) | (vector.view ? kVectorView : 0);
}
uint32_t FlagsOf(const AttentionInstruction& /*attention*/) { return 0; }

absl::Status FlagsError(uint32_t flags) {
  return MakeCardError(CardError::kOpcode, StrCat("unknown flags ", absl::Hex(flags)));
}

// The operation that opcode and flags name, without its fields.
absl::StatusOr<decltype(CardInstruction::operation)> OperationOf(uint32_t opcode, uint32_t flags) {
  decltype(CardInstruction::operation) operation;
  uint32_t known_flags = 0;
  switch (static_cast<CardOpcode>(opcode)) {
    case CardOpcode::kLoad:
      operation = TransferInstruction{.direction = TransferDirection::kLoad};
      break;
    case CardOpcode::kStore:
      operation = TransferInstruction{.direction = TransferDirection::kStore};
      break;
    case CardOpcode::kMatmul: {
      const uint32_t destination = flags >> kMatmulDestinationBit & 3;
      if (destination > static_cast<uint32_t>(MatmulDestination::kResidual)) {
        return FlagsError(flags);
      }
      operation =
          MatmulInstruction{.gelu = (flags & kMatmulGelu) != 0,
                            .indexed = (flags & kMatmulIndexed) != 0,
                            .destination_buffer = static_cast<MatmulDestination>(destination)};
      known_flags = flags & 15;
      break;
    }
    case CardOpcode::kVector:
      operation = VectorInstruction{.normalize = (flags & kVectorNormalize) != 0,
                                    .view = (flags & kVectorView) != 0};
      known_flags = flags & 3;
      break;
    case CardOpcode::kAttention:
      operation = AttentionInstruction{};
      break;
    case CardOpcode::kEnd:
      operation = EndInstruction{};
      break;
    default:
      return MakeCardError(CardError::kOpcode, StrCat("unknown opcode ", opcode));
  }
  if (flags != known_flags) return FlagsError(flags);
  return operation;
}

constexpr uint32_t MaskOf(const Field& field) {
  return static_cast<uint32_t>((uint64_t{1} << field.width) - 1);
}

}  // namespace

void CardInstruction::WaitFor(Unit unit, int64_t count) {
  int64_t& wait = waits[static_cast<size_t>(unit)];
  wait = std::max(wait, count);
}

CardOpcode CardInstruction::opcode() const {
  if (const auto* transfer = std::get_if<TransferInstruction>(&operation)) {
    return transfer->direction == TransferDirection::kLoad ? CardOpcode::kLoad : CardOpcode::kStore;
  }
  if (std::holds_alternative<MatmulInstruction>(operation)) return CardOpcode::kMatmul;
  if (std::holds_alternative<VectorInstruction>(operation)) return CardOpcode::kVector;
  if (std::holds_alternative<AttentionInstruction>(operation)) return CardOpcode::kAttention;
  return CardOpcode::kEnd;
}

std::optional<Unit> CardInstruction::unit() const {
  switch (opcode()) {
    case CardOpcode::kLoad:
      return Unit::kLoad;
    case CardOpcode::kStore:
      return Unit::kStore;
    case CardOpcode::kMatmul:
    case CardOpcode::kAttention:
      return Unit::kEngine;
    case CardOpcode::kVector:
      return Unit::kVector;
    case CardOpcode::kEnd:
      break;
  }
  return std::nullopt;
}

absl::Status CheckInstruction(const CardInstruction& instruction, const CardConfig& config) {
  if (absl::Status status =
          std::visit([](const auto& it) { return CheckFlags(it); }, instruction.operation);
      !status.ok()) {
    return status;
  }
  for (const int64_t wait : instruction.waits) {
    if (wait < 0 || wait > kMaxWait) {
      return FieldError(StrCat("wait is ", wait, ", allowed is 0..", kMaxWait));
    }
  }
  return std::visit(
      [&](const auto& operation) {
        absl::Status status = absl::OkStatus();
        VisitFields(operation, [&](const Field& field, int64_t value) {
          if (value >= field.least && value <= field.most) return;
          status.Update(FieldError(
              StrCat(field.name, " is ", value, ", allowed is ", field.least, "..", field.most)));
        });
        if (status.ok()) status = CheckTogether(operation, config);
        return status;
      },
      instruction.operation);
}

absl::StatusOr<InstructionWords> EncodeInstruction(const CardInstruction& instruction,
                                                   const CardConfig& config) {
  if (absl::Status status = CheckInstruction(instruction, config); !status.ok()) return status;
  InstructionWords words = {};
  words[0] = static_cast<uint32_t>(instruction.opcode()) | kPlanes << 8;
  for (size_t unit = 0; unit < kUnitCount; ++unit) {
    words[1 + unit / 2] |= static_cast<uint32_t>(instruction.waits[unit]) << (unit % 2 * 16);
  }
  std::visit(
      [&](const auto& operation) {
        words[0] |= FlagsOf(operation) << 16;
        VisitFields(operation, [&](const Field& field, int64_t value) {
          words[field.word] |= static_cast<uint32_t>(value) << field.low_bit;
        });
      },
      instruction.operation);
  return words;
}

absl::StatusOr<CardInstruction> DecodeInstruction(const InstructionWords& words,
                                                  const CardConfig& config) {
  const uint32_t planes = words[0] >> 8 & 0xFF;
  if (planes != kPlanes) {
    return MakeCardError(CardError::kOpcode,
                         StrCat("planes is ", planes, ", allowed is ", kPlanes));
  }
  auto operation_of_kind = OperationOf(words[0] & 0xFF, words[0] >> 16);
  if (!operation_of_kind.ok()) return operation_of_kind.status();
  CardInstruction instruction = {.operation = *operation_of_kind};
  for (size_t unit = 0; unit < kUnitCount; ++unit) {
    instruction.waits[unit] = words[1 + unit / 2] >> (unit % 2 * 16) & 0xFFFF;
  }

  InstructionWords reserved = words;
  std::fill_n(reserved.begin(), 3, 0);
  std::visit(
      [&](auto& operation) {
        VisitFields(operation, [&](const Field& field, int64_t& value) {
          value = words[field.word] >> field.low_bit & MaskOf(field);
          reserved[field.word] &= ~(MaskOf(field) << field.low_bit);
        });
      },
      instruction.operation);
  if (absl::Status status = CheckInstruction(instruction, config); !status.ok()) return status;
  for (size_t word = 0; word < reserved.size(); ++word) {
    if (reserved[word] == 0) continue;
    return FieldError(
        StrCat("word ", word, ": reserved bits ", absl::Hex(reserved[word]), " are set"));
  }
  return instruction;
}

absl::StatusOr<std::vector<uint8_t>> EncodeStream(const std::vector<CardInstruction>& stream,
                                                  const CardConfig& config) {
  if (stream.empty() || std::ssize(stream) > kMaxInstructions) {
    return absl::InvalidArgumentError(
        StrCat("a stream of ", stream.size(), " instructions, allowed are 1..", kMaxInstructions));
  }
  std::vector<uint8_t> bytes;
  bytes.reserve(stream.size() * kBeatBytes);
  for (size_t i = 0; i < stream.size(); ++i) {
    const absl::StatusOr<InstructionWords> words = EncodeInstruction(stream[i], config);
    if (!words.ok()) {
      return MakeCardError(CardErrorOf(words.status()),
                           StrCat("instruction ", i, ": ", words.status().message()));
    }
    for (const uint32_t word : *words) {
      for (int byte = 0; byte < 4; ++byte) bytes.push_back(static_cast<uint8_t>(word >> 8 * byte));
    }
  }
  return bytes;
}

}  // namespace sta::card
