// SPDX-License-Identifier: Apache-2.0
#include "accel/emulator/emulator_device.h"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <memory>
#include <span>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "accel/emulator/batch_layout.h"
#include "accel/emulator/dispatch.h"
#include "accel/emulator/executor.h"
#include "accel/emulator/packed_program.h"
#include "accel/emulator/worker_team.h"

namespace sta {
namespace {

using emulator::BatchLayout;
using emulator::ChunkGroup;
using emulator::Executor;
using emulator::KernelTable;
using emulator::PackedProgram;
using emulator::RunContext;
using emulator::SlotRows;
using emulator::WorkerTeam;

constexpr int kMaxThreads = 256;
// Where the running average of a unit of work starts, and how fast it follows what is measured.
constexpr double kInitialNanosecondsPerWork = 0.01;
constexpr double kAverageWeight = 0.1;

class EmulatorDevice final : public Device {
 public:
  explicit EmulatorDevice(const EmulatorOptions& options)
      : now_(options.now),
        kernels_(emulator::ChooseKernels(options.kernels)),
        team_({.members = std::clamp(options.threads, 1, kMaxThreads),
               .pin_to_cores = options.pin_threads}) {
    for (int i = 0; i < team_.size(); ++i) executors_.emplace_back(*kernels_.table);
    caps_ = {.name = options.name,
             .kind = "emulator",
             .detail = absl::StrCat(kernels_.table->name, " (", kernels_.reason, "), ",
                                    team_.size(), " threads"),
             .max_tokens = std::max<int64_t>(options.max_tokens, 1),
             .loads_beside_runs = true};
  }

  const DeviceCaps& caps() const override { return caps_; }
  DeviceHealth health() const override { return DeviceHealth::kHealthy; }

  absl::StatusOr<std::unique_ptr<LoadedProgram>> Load(
      std::shared_ptr<const Program> program) override {
    return std::make_unique<PackedProgram>(std::move(program), *kernels_.table);
  }

  absl::Status Run(const LoadedProgram& program, const PackedSequences& batch,
                   std::span<int16_t> output, absl::Time deadline) override {
    if (batch.token_count() > caps_.max_tokens) {
      return absl::InvalidArgumentError(absl::StrCat(
          "batch has ", batch.token_count(), " tokens, the device takes ", caps_.max_tokens));
    }
    const auto& packed = static_cast<const PackedProgram&>(program);
    const absl::Time start = now_();
    const int64_t hidden = packed.program().hidden_size;
    layout_.Cut(batch.sequence_offsets,
                {.threads = team_.size(),
                 .block_rows = packed.block_rows(),
                 .chunk_rows = packed.chunk_rows(),
                 .hidden_width = (hidden + emulator::kChunkChannels - 1) /
                                 emulator::kChunkChannels * emulator::kChunkChannels});
    shared_.Reserve(packed.plan().shared_slots, std::ssize(layout_.blocks()),
                    layout_.block_slots());
    is_late_ = false;
    const RunContext run = {packed, batch, output, layout_, shared_};
    for (Executor& executor : executors_) executor.Prepare(run);
    RunGroups(run, deadline);
    if (is_late_) return absl::DeadlineExceededError("the batch ran out of time");
    Learn(now_() - start, packed.WorkOf(batch.sequence_offsets));
    return absl::OkStatus();
  }

  absl::Duration EstimateRun(const LoadedProgram& program,
                             std::span<const int32_t> sequence_offsets) const override {
    return absl::Nanoseconds(nanoseconds_per_work_.load(std::memory_order_relaxed) *
                             static_cast<const PackedProgram&>(program).WorkOf(sequence_offsets));
  }

 private:
  void RunGroups(const RunContext& run, absl::Time deadline) {
    const std::vector<ChunkGroup>& groups = layout_.groups();
    const size_t segments = run.program.plan().segments.size();
    if (groups.size() > 1) {
      const auto run_group = [&](int member, int64_t /*phase*/, int64_t task) {
        const ChunkGroup& group = groups[static_cast<size_t>(task)];
        for (size_t segment = 0; segment < segments; ++segment) {
          for (size_t chunk = group.first_chunk; chunk < group.last_chunk; ++chunk) {
            RunChunk(run, deadline, member, segment, chunk);
          }
        }
      };
      team_.Run(1, std::ssize(groups), run_group);
      return;
    }
    const auto run_chunk = [&](int member, int64_t phase, int64_t task) {
      RunChunk(run, deadline, member, static_cast<size_t>(phase), static_cast<size_t>(task));
    };
    team_.Run(static_cast<int64_t>(segments), std::ssize(layout_.chunks()), run_chunk);
  }

  void RunChunk(const RunContext& run, absl::Time deadline, int member, size_t segment,
                size_t chunk) {
    if (is_late_.load(std::memory_order_relaxed)) return;
    if (now_() >= deadline) {
      is_late_ = true;
      return;
    }
    executors_[static_cast<size_t>(member)].Run(run, layout_.chunks()[chunk], segment);
  }

  // Only Run writes it, and one thread at a time runs: no update can be lost.
  void Learn(absl::Duration took, double work) {
    const double measured = absl::ToDoubleNanoseconds(took) / work;
    if (measured <= 0.0) return;  // a clock that stands still teaches nothing
    const double average = nanoseconds_per_work_.load(std::memory_order_relaxed);
    nanoseconds_per_work_.store(average + kAverageWeight * (measured - average),
                                std::memory_order_relaxed);
  }

  const std::function<absl::Time()> now_;
  const emulator::KernelChoice kernels_;
  DeviceCaps caps_;
  WorkerTeam team_;
  std::vector<Executor> executors_;  // one a member
  BatchLayout layout_;               // of the batch that runs
  SlotRows shared_;
  std::atomic<bool> is_late_ = false;
  std::atomic<double> nanoseconds_per_work_ = kInitialNanosecondsPerWork;
};

}  // namespace

std::unique_ptr<Device> MakeEmulatorDevice(EmulatorOptions options) {
  return std::make_unique<EmulatorDevice>(options);
}

std::vector<std::string> EmulatorKernels() {
  std::vector<std::string> names;
  for (const KernelTable* table : emulator::SupportedKernels()) names.emplace_back(table->name);
  return names;
}

}  // namespace sta
