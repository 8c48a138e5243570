// SPDX-License-Identifier: Apache-2.0
#include "accel/cycle_model/cycle_model.h"

#include <array>
#include <cstddef>
#include <optional>
#include <variant>

#include "accel/cycle_model/buffer_ports.h"
#include "accel/cycle_model/dispatcher.h"
#include "accel/cycle_model/engine.h"
#include "accel/cycle_model/memory_port.h"
#include "accel/cycle_model/row_transfer.h"
#include "accel/cycle_model/vector_unit.h"
#include "accel/cycle_model/weight_loader.h"
#include "strings/str_cat.h"

namespace sta::card {
namespace {

namespace model = cycle_model;

absl::Status CheckStream(std::span<const CardInstruction> stream, const CardConfig& config) {
  std::array<int64_t, kUnitCount> before = {};
  for (size_t i = 0; i < stream.size(); ++i) {
    absl::Status status = CheckInstruction(stream[i], config);
    for (size_t unit = 0; unit < kUnitCount && status.ok(); ++unit) {
      if (stream[i].waits[unit] <= before[unit]) continue;
      status = absl::InvalidArgumentError("waits for an instruction that does not come before it");
    }
    if (!status.ok()) {
      return absl::InvalidArgumentError(StrCat("instruction ", i, ": ", StdView(status.message())));
    }
    const std::optional<Unit> unit = stream[i].unit();
    if (unit.has_value() != (i + 1 < stream.size())) {
      return absl::InvalidArgumentError(StrCat("instruction ", i, " of ", stream.size(),
                                               ": END must be the last, and only the last"));
    }
    if (unit.has_value()) ++before[static_cast<size_t>(*unit)];
  }
  if (stream.empty()) return absl::InvalidArgumentError("a stream without instructions");
  return absl::OkStatus();
}

class CardModel {
 public:
  CardModel(std::span<const CardInstruction> stream, const CardConfig& config,
            const MemoryTiming& memory, const CardTiming& timing)
      : memory_(timing, memory),
        weights_(timing, config, memory_),
        parameters_(timing, config, memory_),
        dispatcher_(timing, stream, memory_, weights_, parameters_),
        engine_(timing, config, ports_, weights_),
        vector_(timing, config, ports_, parameters_),
        loader_(timing, ports_, memory_),
        storer_(timing, ports_, memory_),
        end_cycles_(timing.end_cycles) {}

  CycleEstimate Run() {
    for (cycle_ = 0; !dispatcher_.IsDone(); ++cycle_) Tick();
    estimate_.cycles = cycle_ + end_cycles_;
    estimate_.engine_idle += end_cycles_;
    estimate_.beats_read = memory_.beats_read();
    estimate_.beats_written = memory_.beats_written();
    return estimate_;
  }

 private:
  void Tick();
  // Idle units take what they could take since the end of the last cycle.
  void BeginNext();
  void Deliver();
  // What the engine did in this cycle, or did not because it had no instruction.
  int64_t& EngineCounter(bool is_busy, bool is_waiting);

  int64_t cycle_ = 0;
  model::BufferPorts ports_;
  model::MemoryPort memory_;
  model::WeightLoader weights_;
  model::ParameterLoader parameters_;
  model::Dispatcher dispatcher_;
  model::Engine engine_;
  model::VectorUnit vector_;
  model::RowLoader loader_;
  model::RowStorer storer_;
  const int64_t end_cycles_;
  CycleEstimate estimate_;
};

void CardModel::Tick() {
  const bool engine_is_busy = !engine_.IsIdle();
  const bool engine_is_waiting = dispatcher_.IsWaiting(Unit::kEngine);
  if (!vector_.IsIdle()) ++estimate_.vector_busy;
  memory_.Tick(cycle_);
  BeginNext();
  // In the order of their priority at the buffers.
  const bool engine_finished = engine_.Tick(cycle_);
  const bool vector_finished = vector_.Tick(cycle_);
  Deliver();
  const bool loader_finished = loader_.Tick(cycle_);
  const bool storer_finished = storer_.Tick(cycle_);
  parameters_.Tick();
  weights_.Tick(cycle_);
  dispatcher_.Tick(cycle_);
  memory_.Arbitrate(cycle_);
  ports_.NextCycle();
  ++EngineCounter(engine_is_busy, engine_is_waiting);
  if (engine_finished) dispatcher_.Finish(Unit::kEngine);
  if (vector_finished) dispatcher_.Finish(Unit::kVector);
  if (loader_finished) dispatcher_.Finish(Unit::kLoad);
  if (storer_finished) dispatcher_.Finish(Unit::kStore);
}

void CardModel::BeginNext() {
  const auto begin = [&](Unit unit, auto& model, const auto& operation_of) {
    if (!model.IsIdle()) return;
    const CardInstruction* instruction = dispatcher_.Next(unit);
    if (instruction == nullptr) return;
    model.Begin(operation_of(*instruction), cycle_);
    dispatcher_.Pop(unit);
  };
  const auto transfer = [](const CardInstruction& instruction) -> const TransferInstruction& {
    return std::get<TransferInstruction>(instruction.operation);
  };
  begin(Unit::kLoad, loader_, transfer);
  begin(Unit::kStore, storer_, transfer);
  begin(Unit::kEngine, engine_,
        [](const CardInstruction& instruction) -> const CardInstruction& { return instruction; });
  begin(Unit::kVector, vector_, [](const CardInstruction& instruction) -> const VectorInstruction& {
    return std::get<VectorInstruction>(instruction.operation);
  });
}

void CardModel::Deliver() {
  if (!memory_.delivered().has_value()) return;
  switch (*memory_.delivered()) {
    case model::ReadClient::kFetch:
      dispatcher_.Deliver();
      break;
    case model::ReadClient::kParameters:
      parameters_.Deliver();
      break;
    case model::ReadClient::kRows:
      if (!loader_.Deliver(cycle_)) return;
      break;
    case model::ReadClient::kWeights:
      weights_.Deliver(cycle_);
      break;
  }
  memory_.Take();
}

int64_t& CardModel::EngineCounter(bool is_busy, bool is_waiting) {
  if (!is_busy) return is_waiting ? estimate_.engine_waits_units : estimate_.engine_idle;
  switch (engine_.last_cycle()) {
    case model::EngineCycle::kStep:
      return estimate_.engine_steps;
    case model::EngineCycle::kWeights:
      return estimate_.engine_waits_weights;
    case model::EngineCycle::kSoftmax:
      return estimate_.engine_waits_softmax;
    case model::EngineCycle::kEpilogue:
      return estimate_.engine_waits_epilogue;
    case model::EngineCycle::kOther:
      break;
  }
  return estimate_.engine_idle;
}

}  // namespace

absl::StatusOr<CycleEstimate> PredictCycles(std::span<const CardInstruction> stream,
                                            const CardConfig& config, const MemoryTiming& memory,
                                            const CardTiming& timing) {
  absl::Status status = config.Validate();
  status.Update(CheckStream(stream, config));
  if (!status.ok()) return status;
  if (!(memory.bytes_per_cycle > 0.0) || memory.latency_cycles < 0) {
    return absl::InvalidArgumentError(StrCat("memory of ", memory.bytes_per_cycle,
                                             " bytes a cycle and a latency of ",
                                             memory.latency_cycles, " cycles"));
  }
  return CardModel(stream, config, memory, timing).Run();
}

}  // namespace sta::card
