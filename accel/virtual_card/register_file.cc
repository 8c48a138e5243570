// SPDX-License-Identifier: Apache-2.0
#include "accel/virtual_card/register_file.h"

#include "accel/program/card/instruction.h"

namespace sta::card {
namespace {

constexpr uint32_t kAllBits = 0xFFFFFFFF;
constexpr uint32_t kAddressBits = kAllBits << 11;  // multiples of 2,048

// The bits of a register that can be written.
uint32_t WritableBits(uint32_t offset) {
  switch (offset) {
    case kProgramRegister:
    case kInstructionsRegister:
    case kInputRegister:
    case kOutputRegister:
      return kAddressBits;
    case kInstructionCountRegister:
      return 0xFFFF;
    case kProgramRegister + 4:
    case kInstructionsRegister + 4:
    case kInputRegister + 4:
    case kOutputRegister + 4:
    case kProgramBeatsRegister:
    case kInputBeatsRegister:
    case kOutputBeatsRegister:
      return kAllBits;
    default:
      return 0;
  }
}

}  // namespace

std::optional<std::span<uint8_t>> BytesOf(const MemoryRegion& region, const BoardMemory& memory) {
  if (region.address < memory.base_address) return std::nullopt;
  const uint64_t offset = region.address - memory.base_address;
  if (offset > memory.bytes.size() || region.bytes > memory.bytes.size() - offset) {
    return std::nullopt;
  }
  return memory.bytes.subspan(offset, region.bytes);
}

RunMemory MemoryOf(const RunRegions& regions, const BoardMemory& memory) {
  const auto program = BytesOf(regions.program, memory);
  const auto instructions = BytesOf(regions.instructions, memory);
  const auto input = BytesOf(regions.input, memory);
  const auto output = BytesOf(regions.output, memory);
  if (!program.has_value() || !instructions.has_value() || !input.has_value()) {
    return {.error = CardError::kReadResponse};
  }
  if (!output.has_value()) return {.error = CardError::kWriteResponse};
  return {.memory = {*program, *instructions, *input, *output}};
}

RegisterFile::RegisterFile(const CardConfig& config) {
  words_[Index(kControlRegister)] = kControlIdle;
  const auto word = [](int64_t value) { return static_cast<uint32_t>(value); };
  words_[Index(kConfigurationRegister)] =
      word(kInstructionSetVersion) | word(config.tile) << 16 | word(config.lanes) << 24;
  words_[Index(kActivationRowsRegister)] = word(config.activation_rows);
  words_[Index(kResidualBeatsRegister)] = word(config.residual_beats);
  words_[Index(kKeyValueTilesRegister)] = word(config.key_value_tiles);
  words_[Index(kMaxTokensRegister)] = word(config.max_sequence_tokens);
  words_[Index(kMaxChannelsRegister)] = word(config.max_channels);
}

uint32_t RegisterFile::Read(uint32_t offset) const {
  absl::MutexLock lock(&mutex_);
  return offset < kEnd ? words_[Index(offset)] : 0;
}

void RegisterFile::Write(uint32_t offset, uint32_t value) {
  if (offset >= kEnd) return;
  absl::MutexLock lock(&mutex_);
  uint32_t& word = words_[Index(offset)];
  const uint32_t bits = WritableBits(offset);
  word = (word & ~bits) | (value & bits);
}

MemoryRegion RegisterFile::Region(uint32_t address_register, uint32_t beats) const {
  const size_t index = Index(address_register);
  return {.address = words_[index] | uint64_t{words_[index + 1]} << 32,
          .bytes = uint64_t{beats} * kBeatBytes};
}

RunRegions RegisterFile::regions() const {
  absl::MutexLock lock(&mutex_);
  return {
      .program = Region(kProgramRegister, words_[Index(kProgramBeatsRegister)]),
      .instructions = Region(kInstructionsRegister, words_[Index(kInstructionCountRegister)]),
      .input = Region(kInputRegister, words_[Index(kInputBeatsRegister)]),
      .output = Region(kOutputRegister, words_[Index(kOutputBeatsRegister)]),
  };
}

void RegisterFile::Start() {
  absl::MutexLock lock(&mutex_);
  words_[Index(kControlRegister)] = kControlStart;
  words_[Index(kErrorRegister)] = 0;
  for (size_t i = Index(kBeatsReadRegister); i < words_.size(); ++i) words_[i] = 0;
}

void RegisterFile::Finish(const CardRunResult& result) {
  absl::MutexLock lock(&mutex_);
  words_[Index(kControlRegister)] = kControlIdle;
  words_[Index(kErrorRegister)] =
      result.error == CardError::kNone
          ? 0
          : static_cast<uint32_t>(result.error) | uint32_t{result.instruction} << 16;
  words_[Index(kBeatsReadRegister)] = static_cast<uint32_t>(result.beats_read);
  words_[Index(kBeatsWrittenRegister)] = static_cast<uint32_t>(result.beats_written);
  words_[Index(kProgramChecksumRegister)] = result.program_checksum;
  words_[Index(kInputChecksumRegister)] = result.input_checksum;
  words_[Index(kOutputChecksumRegister)] = result.output_checksum;
}

}  // namespace sta::card
