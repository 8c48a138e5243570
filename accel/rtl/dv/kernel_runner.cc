// SPDX-License-Identifier: Apache-2.0
#include "accel/rtl/dv/kernel_runner.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "accel/program/card/activation_layout.h"
#include "accel/program/card/instruction.h"
#include "strings/str_cat.h"

namespace sta::rtl {
namespace {

// Far beyond what any test takes: reached only by a kernel that hangs.
constexpr uint64_t kCycleBound = 40'000'000;

absl::Status Wrong(const std::string& what) { return absl::FailedPreconditionError(what); }

void Fill(AxiMemory& memory, uint64_t address, std::span<const uint8_t> bytes) {
  memory.AddRegion(address, bytes.size());
  std::copy(bytes.begin(), bytes.end(), memory.Bytes(address));
}

// What the kernel reports of a run against the functional model.
absl::Status CheckReport(const KernelReport& report, const card::CardRunResult& expected,
                         std::span<const uint8_t> expected_output) {
  if (!report.is_done) return Wrong("the run does not end");
  if (report.error.code != 0) {
    return Wrong(StrCat("error ", report.error.code, " at instruction ", report.error.instruction));
  }
  // All of it, fill rows included.
  const auto difference =
      std::mismatch(expected_output.begin(), expected_output.end(), report.output.begin());
  if (difference.first != expected_output.end()) {
    return Wrong(StrCat("output differs from the functional model's at byte ",
                        difference.first - expected_output.begin(), " of ",
                        expected_output.size()));
  }
  const KernelChecksums& checksums = report.checksums;
  if (checksums != KernelChecksums{expected.program_checksum, expected.input_checksum,
                                   expected.output_checksum}) {
    return Wrong(StrCat("checksums of program, input, output: ", checksums.program, ", ",
                        checksums.input, ", ", checksums.output, "; expected ",
                        expected.program_checksum, ", ", expected.input_checksum, ", ",
                        expected.output_checksum));
  }
  const KernelCounters& counters = report.counters;
  if (counters.beats_read != static_cast<uint64_t>(expected.beats_read) ||
      counters.beats_written != static_cast<uint64_t>(expected.beats_written)) {
    return Wrong(StrCat("beats read ", counters.beats_read, ", expected ", expected.beats_read,
                        "; written ", counters.beats_written, ", expected ",
                        expected.beats_written));
  }
  const uint64_t engine_cycles = uint64_t{counters.engine_busy} + counters.wait_units +
                                 counters.wait_weights + counters.wait_softmax +
                                 counters.wait_epilogue + counters.engine_idle;
  // The cycle that ends the run is no cycle of the engine.
  if (engine_cycles + 1 != counters.cycles) {
    return Wrong(StrCat("the engine's cycles add up to ", engine_cycles, " of ", counters.cycles));
  }
  return absl::OkStatus();
}

}  // namespace

KernelReport RunJob(KernelModel& kernel, AxiMemory& memory, const KernelJob& job) {
  Fill(memory, kProgramAddress, job.program);
  Fill(memory, kInstructionsAddress, job.instructions);
  Fill(memory, kInputAddress, job.input);
  memory.AddRegion(kOutputAddress, job.output_bytes);
  const auto beats = [](size_t bytes) { return static_cast<uint32_t>(bytes / kBeatBytes); };
  KernelDriver driver(&kernel, &memory);
  driver.Reset();
  driver.SetArguments({.program = kProgramAddress,
                       .instructions = kInstructionsAddress,
                       .input = kInputAddress,
                       .output = kOutputAddress,
                       .instruction_count = beats(job.instructions.size()),
                       .program_beats = beats(job.program.size()),
                       .input_beats = beats(job.input.size()),
                       .output_beats = beats(job.output_bytes)});
  driver.Start();
  KernelReport report;
  report.is_done = driver.WaitForDone(kCycleBound);
  if (!report.is_done) return report;
  report.error = driver.Error();
  report.counters = driver.Counters();
  report.checksums = driver.Checksums();
  const uint8_t* const output = memory.Bytes(kOutputAddress);
  report.output.assign(output, output + job.output_bytes);
  return report;
}

absl::Status KernelRunner::Run(const PackedSequences& batch, std::span<int16_t> output) {
  absl::StatusOr<std::vector<card::ScheduledRun>> runs =
      card::ScheduleBatch(image_, batch.sequence_offsets);
  if (!runs.ok()) return runs.status();
  runs_ = static_cast<int>(runs->size());
  for (const card::ScheduledRun& run : *runs) {
    if (absl::Status status = RunOne(run, batch, output); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status KernelRunner::RunOne(const card::ScheduledRun& run, const PackedSequences& batch,
                                  std::span<int16_t> output) {
  const absl::StatusOr<std::vector<uint8_t>> stream = card::EncodeStream(run.stream, image_.config);
  if (!stream.ok()) return stream.status();
  const std::vector<uint8_t> input = card::PackRows(image_, run, batch.rows);
  std::vector<uint8_t> region(input.size());

  card::FunctionalCard functional(image_.config);
  const card::CardRunResult expected = functional.Run({image_.bytes, *stream, input, region});
  if (expected.error != card::CardError::kNone) return Wrong("the functional model fails");

  AxiMemory memory(memory_options_, seed_);
  const KernelReport report =
      RunJob(*kernel_, memory, {image_.bytes, *stream, input, region.size()});
  counters_ = report.counters;
  if (!memory.violation().empty()) return Wrong(memory.violation());
  if (absl::Status status = CheckReport(report, expected, region); !status.ok()) return status;
  return card::UnpackRows(image_, run, region, output);
}

}  // namespace sta::rtl
