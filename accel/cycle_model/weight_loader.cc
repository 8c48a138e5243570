// SPDX-License-Identifier: Apache-2.0
#include "accel/cycle_model/weight_loader.h"

#include <algorithm>
#include <iterator>

namespace sta::card::cycle_model {

WeightLoader::WeightLoader(const CardTiming& timing, const CardConfig& config, MemoryPort& memory)
    : timing_(timing),
      config_(config),
      memory_(memory),
      value_room_(timing.ring_step_words * config.tile * config.lanes / kBeatBytes),
      index_room_(value_room_ / 2),
      parameter_room_(timing.parameter_blocks),
      table_room_(timing.table_sets) {}

void WeightLoader::Add(const MatmulInstruction& matmul) {
  streams_.push_back({.first_beat = matmul.weight_beat,
                      .channel_blocks = matmul.channel_blocks,
                      .beats = WeightBeatsOf(matmul, config_)});
}

void WeightLoader::ReleaseBlock(int64_t cycle) {
  --ready_blocks_;
  released_.push_back(held_.front());
  released_.back().cycle = cycle + 2;
  held_.pop_front();
}

void WeightLoader::BeginStream() {
  if (streams_.empty() || std::ssize(coming_table_beats_) >= timing_.weight_streams) return;
  stream_ = streams_.front();
  streams_.pop_front();
  coming_table_beats_.push_back(stream_.beats.tables);
  is_asking_ = true;
  address_ = stream_.first_beat;
  blocks_left_ = stream_.channel_blocks;
  block_beats_ = 0;
  part_ = stream_.beats.tables > 0 ? Part::kTables : Part::kParameters;
  part_beats_left_ = stream_.beats.tables > 0 ? stream_.beats.tables : stream_.beats.parameters;
}

bool WeightLoader::HasRoomForBeat() const {
  switch (part_) {
    case Part::kTables:
      return table_room_ > 0;
    case Part::kParameters:
      return parameter_room_ > 0;
    case Part::kValues:
      return value_room_ > 0;
    case Part::kIndices:
      return index_room_ > 0;
  }
  return false;
}

void WeightLoader::Reserve() {
  if (part_ == Part::kValues) --value_room_;
  if (part_ == Part::kIndices) --index_room_;
  ++address_;
  ++burst_beats_;
  ++block_beats_;
  if (--part_beats_left_ == 0) NextPart();
}

void WeightLoader::NextPart() {
  switch (part_) {
    case Part::kTables:
      --table_room_;
      part_ = Part::kParameters;
      part_beats_left_ = stream_.beats.parameters;
      return;
    case Part::kParameters:
      --parameter_room_;
      part_ = Part::kValues;
      part_beats_left_ = stream_.beats.values;
      return;
    case Part::kValues:
      if (stream_.beats.indices > 0) {
        part_ = Part::kIndices;
        part_beats_left_ = stream_.beats.indices;
        return;
      }
      return EndBlock();
    case Part::kIndices:
      return EndBlock();
  }
}

void WeightLoader::EndBlock() {
  held_.push_back({.values = stream_.beats.values, .indices = stream_.beats.indices});
  --blocks_left_;
  is_asking_ = blocks_left_ > 0;
  coming_.push_back({.beats = block_beats_, .is_stream_end = !is_asking_});
  block_beats_ = 0;
  part_ = Part::kParameters;
  part_beats_left_ = stream_.beats.parameters;
}

void WeightLoader::Tick(int64_t cycle) {
  while (!released_.empty() && released_.front().cycle <= cycle) {
    value_room_ += released_.front().values;
    index_room_ += released_.front().indices;
    released_.pop_front();
  }
  const bool request_is_free = !memory_.IsRequesting(ReadClient::kWeights);
  bool ends_burst = false;
  if (is_asking_ && HasRoomForBeat()) {
    const bool is_stream_end =
        blocks_left_ == 1 && part_beats_left_ == 1 &&
        (part_ == Part::kIndices || (part_ == Part::kValues && stream_.beats.indices == 0));
    ends_burst = address_ % timing_.burst_beats == timing_.burst_beats - 1 || is_stream_end;
    if (ends_burst && !request_is_free) return;
    Reserve();
  } else {
    ends_burst = burst_beats_ > 0 && request_is_free;
  }
  if (ends_burst) {
    memory_.Request(ReadClient::kWeights, burst_beats_);
    burst_beats_ = 0;
  }
  if (!is_asking_) BeginStream();
}

void WeightLoader::Deliver(int64_t cycle) {
  if (int64_t& tables = coming_table_beats_.front(); tables > 0) {
    --tables;
    tables_loaded_cycle_ = std::max(tables_loaded_cycle_, cycle) + timing_.table_beat_cycles;
  }
  // A block may begin to come before all of it was asked for.
  if (coming_.empty()) {
    --block_beats_;
    return;
  }
  if (--coming_.front().beats > 0) return;
  if (coming_.front().is_stream_end) coming_table_beats_.pop_front();
  coming_.pop_front();
  ++ready_blocks_;
}

}  // namespace sta::card::cycle_model
