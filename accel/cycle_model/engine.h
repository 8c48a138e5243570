// SPDX-License-Identifier: Apache-2.0
//
// The engine in cycles: steps of MATMUL and ATTENTION, the pipeline from a tile's last step to its
// sums, and the epilogue that takes a tile granule by granule. Internal to accel/cycle_model.
#ifndef ACCEL_CYCLE_MODEL_ENGINE_H_
#define ACCEL_CYCLE_MODEL_ENGINE_H_

#include <cstdint>
#include <deque>
#include <optional>

#include "accel/cycle_model/attention_jobs.h"
#include "accel/cycle_model/buffer_ports.h"
#include "accel/cycle_model/card_timing.h"
#include "accel/cycle_model/softmax.h"
#include "accel/cycle_model/weight_loader.h"
#include "accel/program/card/card_config.h"
#include "accel/program/card/instruction.h"

namespace sta::card::cycle_model {

// What the engine did with a cycle: the events of the performance counters (registers.md).
enum class EngineCycle : uint8_t { kStep, kWeights, kSoftmax, kEpilogue, kOther };

class Engine {
 public:
  Engine(const CardTiming& timing, const CardConfig& config, BufferPorts& ports,
         WeightLoader& weights)
      : timing_(timing),
        config_(config),
        ports_(ports),
        weights_(weights),
        softmax_(timing, config, ports),
        jobs_(timing) {}

  bool IsIdle() const { return !is_running_; }
  void Begin(const CardInstruction& instruction, int64_t cycle);

  // One cycle. True when the instruction is finished: it can be waited for, and the next one taken,
  // from the next cycle on.
  bool Tick(int64_t cycle);
  EngineCycle last_cycle() const { return last_cycle_; }

 private:
  enum class TileKind : uint8_t { kActivation, kKeyValue, kResidual, kScore, kContext };

  struct Tile {
    TileKind kind = TileKind::kActivation;
    bool is_block_end = false;  // MATMUL: of a channel block
    bool is_job_end = false;    // ATTENTION: of a slot's scores or context
    bool is_instruction_end = false;
    int64_t sums_advance = 0;  // advance_ with which its sums come
  };

  void BeginMatmul(const MatmulInstruction& matmul);
  void BeginAttention(const AttentionInstruction& attention);
  void TickEpilogue(int64_t cycle);
  void TileLeaves(int64_t cycle);
  // Each takes a step, if it can.
  EngineCycle Step(int64_t cycle);
  EngineCycle StepMatmul(int64_t cycle);
  EngineCycle StepAttention(int64_t cycle);
  void LoadJob();
  void FinishTile(Tile tile);

  const CardTiming& timing_;
  const CardConfig& config_;
  BufferPorts& ports_;
  WeightLoader& weights_;
  Softmax softmax_;
  AttentionJobs jobs_;

  bool is_running_ = false;
  bool is_matmul_ = false;
  bool uses_tables_ = false;
  int64_t first_step_cycle_ = 0;
  bool has_steps_ = false;  // still to be taken
  TileKind kind_ = TileKind::kActivation;
  int64_t tile_steps_ = 0;
  int64_t steps_left_ = 0;   // of the tile
  int64_t block_tiles_ = 0;  // of a MATMUL
  int64_t tiles_left_ = 0;   // of the block or job
  int64_t blocks_left_ = 0;  // of a MATMUL
  std::optional<AttentionJob> job_;

  int64_t advance_ = 0;  // cycles in which the pipeline moved
  std::deque<Tile> pipeline_;
  std::optional<Tile> held_;
  int64_t granules_left_ = 0;
  std::optional<int64_t> finish_cycle_;
  EngineCycle last_cycle_ = EngineCycle::kOther;
};

}  // namespace sta::card::cycle_model

#endif  // ACCEL_CYCLE_MODEL_ENGINE_H_
