// SPDX-License-Identifier: Apache-2.0
#include "accel/virtual_card/idle_body.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <optional>
#include <utility>
#include <variant>

#include "accel/program/card/checksum.h"
#include "accel/program/card/constants_layout.h"
#include "accel/virtual_card/range_check.h"

namespace sta::card {
namespace {

// A host that keeps more streams on the card than these pays for a walk.
constexpr size_t kMostKnownStreams = 64;

std::span<const uint8_t> PartOf(std::span<const uint8_t> region, int64_t beat, int64_t beats) {
  return region.subspan(static_cast<size_t>(beat * kBeatBytes),
                        static_cast<size_t>(beats * kBeatBytes));
}

absl::StatusOr<CardInstruction> DecodeBeat(std::span<const uint8_t> beat,
                                           const CardConfig& config) {
  static_assert(std::endian::native == std::endian::little, "words are copied as they lie");
  InstructionWords words;
  std::memcpy(words.data(), beat.data(), sizeof(words));
  return DecodeInstruction(words, config);
}

bool IsSame(const RunRegions& a, const RunRegions& b) {
  return a.program == b.program && a.instructions == b.instructions &&
         a.input.bytes == b.input.bytes && a.output.bytes == b.output.bytes;
}

}  // namespace

RunEnd IdleBody::Run(std::stop_token /*stop: it is over at once*/) {
  registers_.Start();
  const RunRegions regions = registers_.regions();
  const RunMemory run = MemoryOf(regions, memory_);
  CardRunResult result = {.error = run.error};
  if (run.error == CardError::kNone) {
    const std::shared_ptr<const KnownStream> stream = Know(regions, run.memory);
    result = stream->result;
    for (const TransferInstruction& transfer : stream->transfers) {
      const auto first_beat = static_cast<uint64_t>(transfer.memory_beat);
      if (transfer.direction == TransferDirection::kLoad) {
        result.input_checksum += RegionChecksum(
            PartOf(run.memory.input, transfer.memory_beat, transfer.beats), first_beat);
        result.beats_read += transfer.beats;
      } else {
        result.output_checksum += RegionChecksum(
            PartOf(run.memory.output, transfer.memory_beat, transfer.beats), first_beat);
        result.beats_written += transfer.beats;
      }
    }
  }
  registers_.Finish(result);
  return RunEnd::kDone;
}

void IdleBody::MemoryWritten(uint64_t address, uint64_t bytes) {
  const MemoryRegion written = {address, bytes};
  absl::MutexLock lock(&mutex_);
  std::erase_if(known_, [&](const auto& stream) {
    return stream->regions.program.Overlaps(written) ||
           stream->regions.instructions.Overlaps(written);
  });
}

std::shared_ptr<const IdleBody::KnownStream> IdleBody::Know(const RunRegions& regions,
                                                            const CardMemory& memory) {
  {
    absl::MutexLock lock(&mutex_);
    for (const auto& stream : known_) {
      if (IsSame(stream->regions, regions)) return stream;
    }
  }
  auto stream = std::make_shared<const KnownStream>(Walk(regions, memory));
  absl::MutexLock lock(&mutex_);
  if (known_.size() == kMostKnownStreams) known_.erase(known_.begin());
  known_.push_back(stream);
  return stream;
}

IdleBody::KnownStream IdleBody::Walk(const RunRegions& regions, const CardMemory& memory) const {
  KnownStream stream = {.regions = regions};
  CardRunResult& result = stream.result;
  const auto beats_of = [](const MemoryRegion& region) {
    return static_cast<int64_t>(region.bytes) / kBeatBytes;
  };
  const int64_t count = beats_of(regions.instructions);
  for (int64_t i = 0; i < count; ++i) {
    result.instruction = static_cast<uint16_t>(i);
    const std::span<const uint8_t> beat = PartOf(memory.instructions, i, 1);
    result.program_checksum += RegionChecksum(beat, static_cast<uint64_t>(i));
    ++result.beats_read;
    const absl::StatusOr<CardInstruction> instruction = DecodeBeat(beat, config_);
    result.error = instruction.ok() ? CheckRanges(*instruction, config_,
                                                  {.program = beats_of(regions.program),
                                                   .input = beats_of(regions.input),
                                                   .output = beats_of(regions.output)})
                                    : CardErrorOf(instruction.status());
    if (result.error != CardError::kNone) return stream;
    if (instruction->opcode() == CardOpcode::kEnd) return stream;
    if (const auto* transfer = std::get_if<TransferInstruction>(&instruction->operation)) {
      stream.transfers.push_back(*transfer);
    } else {
      AddProgramReads(*instruction, memory.program, result);
    }
  }
  result.error = CardError::kTruncated;
  result.instruction = static_cast<uint16_t>(count);
  return stream;
}

void IdleBody::AddProgramReads(const CardInstruction& instruction, std::span<const uint8_t> program,
                               CardRunResult& result) const {
  int64_t first_beat = 0;
  int64_t beats = 0;
  if (const auto* matmul = std::get_if<MatmulInstruction>(&instruction.operation)) {
    first_beat = matmul->weight_beat;
    beats = WeightStreamBeats(*matmul, config_);
  } else if (const auto* vector = std::get_if<VectorInstruction>(&instruction.operation)) {
    first_beat = vector->parameter_beat;
    beats = ParameterBeatsOf(*vector, config_);
  }
  result.program_checksum +=
      RegionChecksum(PartOf(program, first_beat, beats), static_cast<uint64_t>(first_beat));
  result.beats_read += beats;
}

}  // namespace sta::card
