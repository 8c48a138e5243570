// SPDX-License-Identifier: Apache-2.0
//
// The weight loader in cycles: asks for the weight streams of MATMULs beat by beat as the rings
// have room, ahead of the engine, and counts the channel blocks that have come. Internal to
// accel/cycle_model.
#ifndef ACCEL_CYCLE_MODEL_WEIGHT_LOADER_H_
#define ACCEL_CYCLE_MODEL_WEIGHT_LOADER_H_

#include <cstdint>
#include <deque>

#include "accel/cycle_model/card_timing.h"
#include "accel/cycle_model/memory_port.h"
#include "accel/program/card/card_config.h"
#include "accel/program/card/constants_layout.h"
#include "accel/program/card/instruction.h"

namespace sta::card::cycle_model {

class WeightLoader {
 public:
  WeightLoader(const CardTiming& timing, const CardConfig& config, MemoryPort& memory);

  // The dispatcher's side.
  bool HasRoom() const { return static_cast<int64_t>(streams_.size()) < timing_.weight_streams; }
  void Add(const MatmulInstruction& matmul);

  // The engine's side: the oldest block's values and indices are there; what is given back is there
  // for new requests in the next cycle but one.
  bool BlockIsReady() const { return ready_blocks_ > 0; }
  void ReleaseBlock(int64_t cycle);
  void ReleaseParameters() { ++parameter_room_; }
  void ReleaseTables() { ++table_room_; }

  // One cycle: asks for a beat, if there is room for it.
  void Tick(int64_t cycle);
  // One of its beats came.
  void Deliver(int64_t cycle);
  // Tables that came are being spread over the memories of all look-ups.
  bool TablesAreLoading(int64_t cycle) const { return cycle < tables_loaded_cycle_; }

 private:
  enum class Part : uint8_t { kTables, kParameters, kValues, kIndices };

  struct Stream {
    int64_t first_beat = 0;
    int64_t channel_blocks = 0;
    WeightBeats beats;
  };
  // Beats of a block that are still to come.
  struct ComingBlock {
    int64_t beats = 0;
    bool is_stream_end = false;
  };
  // What a block holds in the rings.
  struct HeldBlock {
    int64_t values = 0;
    int64_t indices = 0;
    int64_t cycle = 0;  // from which on it is free
  };

  void BeginStream();
  bool HasRoomForBeat() const;
  // Takes the room of the beat at hand, and goes on to the next.
  void Reserve();
  void NextPart();
  void EndBlock();

  const CardTiming& timing_;
  const CardConfig& config_;
  MemoryPort& memory_;
  std::deque<Stream> streams_;

  // The beat at hand.
  bool is_asking_ = false;
  Stream stream_;
  Part part_ = Part::kParameters;
  int64_t part_beats_left_ = 0;
  int64_t blocks_left_ = 0;
  int64_t address_ = 0;
  int64_t burst_beats_ = 0;
  int64_t block_beats_ = 0;  // asked for and still to come, of the present block

  int64_t value_room_;      // beats
  int64_t index_room_;      // beats
  int64_t parameter_room_;  // blocks
  int64_t table_room_;      // sets

  std::deque<ComingBlock> coming_;
  std::deque<int64_t> coming_table_beats_;  // of each stream that has not come to its end
  int64_t tables_loaded_cycle_ = 0;
  std::deque<HeldBlock> held_;
  std::deque<HeldBlock> released_;
  int64_t ready_blocks_ = 0;
};

}  // namespace sta::card::cycle_model

#endif  // ACCEL_CYCLE_MODEL_WEIGHT_LOADER_H_
