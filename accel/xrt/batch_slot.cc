// SPDX-License-Identifier: Apache-2.0
#include "accel/xrt/batch_slot.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "accel/program/card/activation_layout.h"
#include "accel/program/card/card_error.h"
#include "accel/program/card/checksum.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

uint32_t Beats(int64_t bytes) { return static_cast<uint32_t>(bytes / card::kBeatBytes); }

std::span<uint8_t> Region(const XrtBuffer& buffer, int64_t offset, int64_t size) {
  return buffer.bytes().subspan(static_cast<size_t>(offset), static_cast<size_t>(size));
}

absl::Status CheckError(uint32_t error) {
  if (error == 0) return absl::OkStatus();
  return absl::InternalError(
      StrCat("the kernel stopped at instruction ", error >> 16, " with error ", error & 0xFF, " (",
             card::CardErrorName(static_cast<card::CardError>(error & 0xFF)), ")"));
}

absl::Status CheckSum(std::string_view what, uint32_t expected, uint32_t found) {
  if (expected == found) return absl::OkStatus();
  return absl::DataLossError(StrCat("checksum of ", what, ": ", found, ", expected ", expected));
}

}  // namespace

absl::Status BatchSlot::Grow(CardMemory& memory, KernelBuffer use, int64_t size,
                             std::unique_ptr<XrtBuffer>& buffer) {
  if (buffer != nullptr && std::ssize(buffer->bytes()) >= size) return absl::OkStatus();
  buffer.reset();
  absl::StatusOr<std::unique_ptr<XrtBuffer>> grown = memory.Allocate(use, size);
  if (!grown.ok()) return grown.status();
  buffer = *std::move(grown);
  return absl::OkStatus();
}

absl::Status BatchSlot::Begin(CardMemory& memory, std::shared_ptr<const BatchStreams> streams) {
  runs_.clear();
  input_checksums_.clear();
  absl::Status status = Grow(memory, KernelBuffer::kInput, streams->region_bytes, input_);
  if (status.ok()) status = Grow(memory, KernelBuffer::kOutput, streams->region_bytes, output_);
  if (!status.ok() || streams_ == streams) return status;
  streams_.reset();
  status = Grow(memory, KernelBuffer::kInstructions, streams->instruction_bytes, instructions_);
  if (!status.ok()) return status;
  for (const RunStream& run : streams->runs) {
    const int64_t size = std::ssize(run.encoded);
    std::copy(run.encoded.begin(), run.encoded.end(),
              Region(*instructions_, run.instruction_offset, size).begin());
    status = instructions_->Upload(run.instruction_offset, size);
    if (!status.ok()) return status;
  }
  streams_ = std::move(streams);
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<KernelRun>> BatchSlot::Load(size_t index, const XrtProgram& program,
                                                           std::span<const int16_t> rows) {
  const RunStream& stream = streams_->runs[index];
  const std::span<uint8_t> region = Region(*input_, stream.region_offset, stream.region_bytes());
  card::PackRows(program.image, stream.run, rows, region);
  absl::Status status = input_->Upload(stream.region_offset, stream.region_bytes());
  if (!status.ok()) return status;
  input_checksums_.push_back(card::RegionChecksum(region, 0));
  const auto at = [](const XrtBuffer& buffer, int64_t offset) {
    return buffer.address() + static_cast<uint64_t>(offset);
  };
  auto run = std::make_shared<KernelRun>();
  run->arguments = {.instructions = at(*instructions_, stream.instruction_offset),
                    .input = at(*input_, stream.region_offset),
                    .output = at(*output_, stream.region_offset),
                    .instruction_count = Beats(std::ssize(stream.encoded)),
                    .program_beats = Beats(program.memory_bytes()),
                    .input_beats = Beats(stream.region_bytes()),
                    .output_beats = Beats(stream.region_bytes())};
  runs_.push_back(run);
  return run;
}

absl::Status BatchSlot::Collect(size_t index, const XrtProgram& program,
                                std::span<int16_t> output) {
  const RunStream& stream = streams_->runs[index];
  const KernelRun& run = *runs_[index];
  absl::Status status = run.status;
  if (status.ok()) status = CheckError(run.error);
  if (status.ok()) status = CheckSum("input", input_checksums_[index], run.input_checksum);
  if (status.ok()) status = CheckSum("program", stream.program_checksum, run.program_checksum);
  if (status.ok()) status = output_->Download(stream.region_offset, stream.region_bytes());
  if (!status.ok()) return status;
  const std::span<uint8_t> region = Region(*output_, stream.region_offset, stream.region_bytes());
  status = CheckSum("output", run.output_checksum, card::RegionChecksum(region, 0));
  if (!status.ok()) return status;
  return card::UnpackRows(program.image, stream.run, region, output);
}

}  // namespace sta
