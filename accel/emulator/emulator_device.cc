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
#include "accel/emulator/dispatch.h"
#include "accel/emulator/executor.h"
#include "accel/emulator/packed_program.h"
#include "accel/emulator/worker_team.h"

namespace sta {
namespace {

using emulator::Executor;
using emulator::KernelTable;
using emulator::PackedProgram;
using emulator::WorkerTeam;

constexpr int kMaxThreads = 256;
// Where the running average of a unit of work starts, and how fast it follows what is measured.
constexpr double kInitialNanosecondsPerWork = 0.05;
constexpr double kAverageWeight = 0.1;

const KernelTable& ChooseKernels(const std::string& name) {
  const std::vector<const KernelTable*> tables = emulator::SupportedKernels();
  for (const KernelTable* table : tables) {
    if (table->name == name) return *table;
  }
  return *tables.front();
}

class EmulatorDevice final : public Device {
 public:
  explicit EmulatorDevice(const EmulatorOptions& options)
      : now_(options.now),
        team_(std::clamp(options.threads, 1, kMaxThreads)),
        statuses_(static_cast<size_t>(team_.size())) {
    const KernelTable& kernels = ChooseKernels(options.kernels);
    for (int i = 0; i < team_.size(); ++i) executors_.emplace_back(kernels, options.now);
    caps_ = {.name = options.name,
             .kind = "emulator",
             .detail = absl::StrCat(kernels.name, ", ", team_.size(), " threads"),
             .max_tokens = std::max<int64_t>(options.max_tokens, 1)};
  }

  const DeviceCaps& caps() const override { return caps_; }
  DeviceHealth health() const override { return DeviceHealth::kHealthy; }

  absl::StatusOr<std::unique_ptr<LoadedProgram>> Load(
      std::shared_ptr<const Program> program) override {
    return std::make_unique<PackedProgram>(std::move(program));
  }

  absl::Status Run(const LoadedProgram& program, const PackedSequences& batch,
                   std::span<int16_t> output, absl::Time deadline) override {
    if (batch.token_count() > caps_.max_tokens) {
      return absl::InvalidArgumentError(absl::StrCat(
          "batch has ", batch.token_count(), " tokens, the device takes ", caps_.max_tokens));
    }
    const auto& packed = static_cast<const PackedProgram&>(program);
    const absl::Time start = now_();
    team_.Run([&](int member) {
      const auto index = static_cast<size_t>(member);
      const std::span<const int32_t> share = ShareOf(batch.sequence_offsets, member);
      statuses_[index] = share.size() < 2
                             ? absl::OkStatus()
                             : executors_[index].Run(packed, batch.rows, share, output, deadline);
    });
    for (const absl::Status& status : statuses_) {
      if (!status.ok()) return status;
    }
    Learn(now_() - start, packed.WorkOf(batch.sequence_offsets));
    return absl::OkStatus();
  }

  absl::Duration EstimateRun(const LoadedProgram& program,
                             std::span<const int32_t> sequence_offsets) const override {
    return absl::Nanoseconds(nanoseconds_per_work_.load(std::memory_order_relaxed) *
                             static_cast<const PackedProgram&>(program).WorkOf(sequence_offsets));
  }

 private:
  // The bounds of the sequences whose middle lies in the member's equal share of the tokens.
  std::span<const int32_t> ShareOf(std::span<const int32_t> offsets, int member) const {
    const int64_t tokens = offsets.back();
    const auto member_of = [&](size_t i) {
      return (int64_t{offsets[i]} + offsets[i + 1]) * team_.size() / (2 * tokens);
    };
    size_t first = 0;
    while (first + 1 < offsets.size() && member_of(first) < member) ++first;
    size_t last = first;
    while (last + 1 < offsets.size() && member_of(last) == member) ++last;
    return offsets.subspan(first, last - first + 1);
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
  DeviceCaps caps_;
  WorkerTeam team_;
  std::vector<Executor> executors_;     // one a member
  std::vector<absl::Status> statuses_;  // one a member
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
