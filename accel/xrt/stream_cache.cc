// SPDX-License-Identifier: Apache-2.0
#include "accel/xrt/stream_cache.h"

#include <cstddef>

#include "accel/program/card/instruction.h"

namespace sta {
namespace {

absl::StatusOr<std::shared_ptr<const BatchStreams>> MakeStreams(const XrtProgram& program,
                                                                std::span<const int32_t> offsets) {
  absl::StatusOr<std::vector<card::ScheduledRun>> runs =
      card::ScheduleBatch(program.image, offsets);
  if (!runs.ok()) return runs.status();
  auto batch = std::make_shared<BatchStreams>();
  for (card::ScheduledRun& run : *runs) {
    RunStream& stream = batch->runs.emplace_back();
    absl::StatusOr<std::vector<uint8_t>> encoded =
        card::EncodeStream(run.stream, program.image.config);
    if (!encoded.ok()) return encoded.status();
    stream.encoded = *std::move(encoded);
    stream.program_checksum = card::ExpectedProgramChecksum(program.checksums, run.stream,
                                                            stream.encoded, program.image.config);
    std::vector<int32_t> run_offsets = {0};
    for (const card::RunSequence& sequence : run.sequences) {
      run_offsets.push_back(run_offsets.back() + static_cast<int32_t>(sequence.tokens));
    }
    stream.estimate = program.estimate.Of(run_offsets);
    stream.run = std::move(run);
    // Encoded is what is needed of it. (Assigning {} would keep the memory.)
    std::vector<card::CardInstruction>().swap(stream.run.stream);
    stream.instruction_offset = batch->instruction_bytes;
    stream.region_offset = batch->region_bytes;
    batch->instruction_bytes +=
        card::RoundUp(std::ssize(stream.encoded), card::kRegionAlignmentBytes);
    batch->region_bytes += card::RoundUp(stream.region_bytes(), card::kRegionAlignmentBytes);
  }
  return batch;
}

// In the host's memory, about.
int64_t SizeOf(const BatchStreams& batch, std::span<const int32_t> offsets) {
  return batch.instruction_bytes +
         std::ssize(offsets) * static_cast<int64_t>(sizeof(int32_t) + sizeof(card::RunSequence)) +
         std::ssize(batch.runs) * static_cast<int64_t>(sizeof(RunStream));
}

}  // namespace

absl::StatusOr<std::shared_ptr<const BatchStreams>> StreamCache::Get(
    const XrtProgram& program, std::span<const int32_t> sequence_offsets) {
  const Key key = {program.id, {sequence_offsets.begin(), sequence_offsets.end()}};
  if (std::shared_ptr<const BatchStreams> found = cache_.Find(key)) return found;
  absl::StatusOr<std::shared_ptr<const BatchStreams>> made = MakeStreams(program, sequence_offsets);
  if (!made.ok()) return made.status();
  const int64_t bytes = SizeOf(**made, sequence_offsets);
  while (cache_.bytes() + bytes > capacity_bytes_ && cache_.EvictOne()) {
  }
  cache_.Insert(key, bytes, *made);
  return *made;
}

}  // namespace sta
