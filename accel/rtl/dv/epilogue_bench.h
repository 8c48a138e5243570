// SPDX-License-Identifier: Apache-2.0
//
// Drives the epilogue as the engine does and checks every write in the cycle in which it is due:
// instructions one after the other, parameters from a queue, GELU tables loaded ahead into the two
// sets, residual granules two cycles after they are asked for.
//
//   EpilogueBench<Vepilogue_8, 8> bench(seed);
//   bench.Add({.tiles = ..., .blocks = ..., .tables = ...});
//   bench.Run({.tile_percent = 50});
#ifndef ACCEL_RTL_DV_EPILOGUE_BENCH_H_
#define ACCEL_RTL_DV_EPILOGUE_BENCH_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include "accel/arithmetic/gelu.h"
#include "accel/rtl/dv/bits.h"
#include "accel/rtl/dv/epilogue_model.h"
#include "accel/rtl/dv/step.h"
#include "accel/rtl/dv/testbench.h"
#include "gtest/gtest.h"

namespace sta::rtl {

struct EpiloguePressure {
  int tile_percent = 100;
  int table_percent = 100;
};

template <typename Model, int64_t kTile>
class EpilogueBench {
 public:
  static constexpr int64_t kRows = kTile == 8 ? 2 : 1;
  static constexpr int64_t kGranules = kTile / kRows;
  static constexpr size_t kValues = kRows * kTile;

  explicit EpilogueBench(uint32_t seed) : bench_(seed) {
    bench_->result_valid_i = 0;
    bench_->gelu_write_i = 0;
    bench_.Reset();
    for (RowScale& scale : context_) {
      scale = {.shift = static_cast<int32_t>(bench_.random()() % 17),
               .multiplier = static_cast<int16_t>(bench_.random()() % 32768)};
    }
  }

  void Add(EpilogueInstruction instruction) { instructions_.push_back(std::move(instruction)); }

  // Until all is written, or something is wrong.
  void Run(EpiloguePressure pressure) {
    for (const EpilogueInstruction& instruction : instructions_) {
      if (!instruction.tables.has_value()) continue;
      for (uint8_t beat = 0; beat < 8; ++beat) {
        table_beats_.push_back({&*instruction.tables, tables_added_, beat});
      }
      ++tables_added_;
    }
    while (!instructions_.empty() && !testing::Test::HasFailure()) Cycle(pressure);
  }

  uint64_t cycles() const { return bench_.cycles(); }

 private:
  struct TableBeat {
    const arithmetic::GeluTables* tables;
    uint64_t number;  // of the tables
    uint8_t beat;
  };
  // What a port must show in cycle `due`, and only then.
  struct Write {
    uint64_t due = 0;
    Tile tile;
    int64_t granule = 0;
    int64_t address = 0;
    std::vector<int64_t> values;
  };

  void Cycle(EpiloguePressure pressure) {
    SetInputs(pressure);
    bench_.Settle();
    const uint64_t now = bench_.cycles();
    ASSERT_EQ(bench_->result_ready_o != 0, now >= free_from_);
    ASSERT_NO_FATAL_FAILURE(CheckWrites());
    ASSERT_NO_FATAL_FAILURE(CheckPulses());
    if (bench_->result_valid_i != 0 && bench_->result_ready_o != 0) TakeTile();
    bench_.Tick();
    ShowResidual();
  }

  void SetInputs(EpiloguePressure pressure) {
    EpilogueInstruction& instruction = instructions_.front();
    const bool table_there = !instruction.tables.has_value() ||
                             (tables_written_ > tables_released_ && bench_->gelu_loading_o == 0);
    bench_->result_valid_i = next_tile_ < instruction.tiles.size() && table_there &&
                             bench_.Chance(pressure.tile_percent);
    if (bench_->result_valid_i != 0) {
      const EpilogueTile& tile = instruction.tiles[next_tile_];
      SetTile(bench_->result_tile_i, tile.tile);
      for (size_t i = 0; i < tile.sums.size(); ++i) {
        SetBits(bench_->result_i, i * 32, 32, static_cast<uint32_t>(tile.sums[i]));
      }
    }
    for (size_t channel = 0; channel < kTile && block_ < instruction.blocks.size(); ++channel) {
      const ChannelParameters& parameters = instruction.blocks[block_][channel];
      SetBits(bench_->parameters_i, channel * 64, 32, static_cast<uint32_t>(parameters.bias));
      SetBits(bench_->parameters_i, channel * 64 + 32, 16,
              static_cast<uint16_t>(parameters.multiplier));
      SetBits(bench_->parameters_i, channel * 64 + 48, 8, parameters.shift);
      SetBits(bench_->parameters_i, channel * 64 + 56, 8, parameters.channel_class);
    }
    bench_->logit_shift_i = static_cast<uint8_t>(instruction.logits.shift);
    bench_->logit_multiplier_i = static_cast<uint16_t>(instruction.logits.multiplier);
    for (int64_t row = 0; row < kRows; ++row) {
      const RowScale& scale =
          Context(bench_->row_slot_o, bench_->row_granule_o % kGranules * kRows + row);
      const auto index = static_cast<size_t>(row);
      SetBits(bench_->row_shift_i, index * 5, 5, static_cast<uint64_t>(scale.shift));
      SetBits(bench_->row_multiplier_i, index * 15, 15, static_cast<uint64_t>(scale.multiplier));
    }
    WriteTables(pressure);
  }

  // The loader: a table may come as soon as the one before the last is released.
  void WriteTables(EpiloguePressure pressure) {
    bench_->gelu_write_i = !table_beats_.empty() &&
                           table_beats_.front().number < tables_released_ + 2 &&
                           bench_.Chance(pressure.table_percent);
    if (bench_->gelu_write_i == 0) return;
    const auto [tables, number, beat] = table_beats_.front();
    table_beats_.pop_front();
    bench_->gelu_write_set_i = number % 2;
    bench_->gelu_write_beat_i = beat;
    for (size_t i = 0; i < 64; ++i) {
      const size_t entry = beat * size_t{64} + i;
      SetBits(bench_->gelu_write_data_i, i * 8, 8,
              static_cast<uint8_t>((*tables)[entry / 256][entry % 256]));
    }
    if (beat == 7) ++tables_written_;
  }

  void ShowResidual() {
    for (size_t i = 0; i < kValues; ++i) {
      SetBits(bench_->residual_i, i * 16, 16,
              residual_.empty() ? bench_.random()() : static_cast<uint64_t>(residual_[i]));
    }
    residual_ = std::exchange(residual_next_, {});
  }

  void CheckWrites() {
    if (const Write* write = Due(scores_, bench_->score_valid_o != 0)) {
      ASSERT_EQ(GetTile(bench_->score_tile_o), write->tile);
      ASSERT_EQ(bench_->score_granule_o, write->granule);
      ASSERT_NO_FATAL_FAILURE(CheckValues(bench_->score_o, 16, *write));
      scores_.pop_front();
    }
    if (const Write* write = Due(activations_, bench_->activation_valid_o != 0)) {
      ASSERT_EQ(bench_->activation_row_o, write->tile.address);
      ASSERT_EQ(bench_->activation_granule_o, write->granule);
      ASSERT_EQ(bench_->activation_lane_o, write->tile.lane);
      ASSERT_EQ(bench_->activation_byte_o, write->tile.byte_offset);
      ASSERT_NO_FATAL_FAILURE(CheckValues(bench_->activation_o, 8, *write));
      activations_.pop_front();
    }
    if (const Write* write = Due(key_values_, bench_->key_value_valid_o != 0)) {
      ASSERT_EQ(bench_->key_value_tile_o, write->tile.address);
      ASSERT_EQ(bench_->key_value_granule_o, write->granule);
      ASSERT_NO_FATAL_FAILURE(CheckValues(bench_->key_value_o, 8, *write));
      key_values_.pop_front();
    }
    if (const Write* read = Due(residual_reads_, bench_->residual_read_o != 0)) {
      ASSERT_EQ(bench_->residual_read_granule_o, read->address);
      residual_next_ = read->values;
      residual_reads_.pop_front();
    }
    if (const Write* write = Due(residual_writes_, bench_->residual_write_o != 0)) {
      ASSERT_EQ(bench_->residual_write_granule_o, write->address);
      ASSERT_NO_FATAL_FAILURE(CheckValues(bench_->residual_o, 16, *write));
      residual_writes_.pop_front();
    }
  }

  const Write* Due(const std::deque<Write>& writes, bool valid) {
    const bool due = !writes.empty() && writes.front().due == bench_.cycles();
    EXPECT_EQ(valid, due);
    return due && valid ? &writes.front() : nullptr;
  }

  template <typename Port>
  static void CheckValues(const Port& port, size_t width, const Write& write) {
    for (size_t i = 0; i < kValues; ++i) {
      ASSERT_EQ(GetSigned(port, i * width, width), write.values[i]) << i;
    }
  }

  void CheckPulses() {
    ASSERT_EQ(bench_->context_done_o != 0, Take(context_done_));
    const bool release = Take(parameters_release_);
    ASSERT_EQ(bench_->parameters_release_o != 0, release);
    if (release) ++block_;
    const bool done = Take(instruction_done_);
    ASSERT_EQ(bench_->instruction_done_o != 0, done);
    ASSERT_EQ(bench_->gelu_release_o != 0, done && instructions_.front().tables.has_value());
    if (!done) return;
    if (instructions_.front().tables.has_value()) ++tables_released_;
    instructions_.pop_front();
    next_tile_ = 0;
    block_ = 0;
  }

  bool Take(std::optional<uint64_t>& due) {
    const bool now = due == bench_.cycles();
    if (now) due.reset();
    return now;
  }

  const RowScale& Context(int64_t slot, int64_t row) const {
    return context_[static_cast<size_t>(slot * kTile + row)];
  }

  void TakeTile() {
    const EpilogueInstruction& instruction = instructions_.front();
    const EpilogueTile& tile = instruction.tiles[next_tile_++];
    const bool is_attention =
        tile.tile.kind == TileKind::kScore || tile.tile.kind == TileKind::kContext;
    free_from_ = bench_.cycles() + kGranules;
    if (tile.tile.instruction_last) instruction_done_ = free_from_ + 8;
    if (tile.tile.block_last && !is_attention) parameters_release_ = free_from_;
    if (tile.tile.slot_last && tile.tile.kind == TileKind::kContext) context_done_ = free_from_;
    for (int64_t granule = 0; granule < kGranules; ++granule) Expect(instruction, tile, granule);
  }

  void Expect(const EpilogueInstruction& instruction, const EpilogueTile& tile, int64_t granule) {
    const uint64_t start = bench_.cycles() + 1 + static_cast<uint64_t>(granule);
    Write write = {.tile = tile.tile,
                   .granule = granule,
                   .address = tile.tile.address + granule * tile.tile.granule_stride};
    Write read = write;
    for (size_t i = 0; i < kValues; ++i) {
      const auto row = granule * kRows + static_cast<int64_t>(i / kTile);
      const auto residual = static_cast<int16_t>(bench_.random()());
      read.values.push_back(residual);
      write.values.push_back(EpilogueValue(
          instruction, tile.tile, tile.sums[static_cast<size_t>(granule) * kValues + i],
          instruction.blocks[tile.block][i % kTile], Context(tile.tile.slot, row), residual));
    }
    Queue(start, std::move(read), std::move(write));
  }

  void Queue(uint64_t start, Write read, Write write) {
    switch (write.tile.kind) {
      case TileKind::kResidual:
        read.due = start + 3;
        write.due = start + 6;
        residual_reads_.push_back(std::move(read));
        residual_writes_.push_back(std::move(write));
        break;
      case TileKind::kScore:
        write.due = start + 5;
        scores_.push_back(std::move(write));
        break;
      case TileKind::kKeyValue:
        write.due = start + 8;
        key_values_.push_back(std::move(write));
        break;
      case TileKind::kActivation:
      case TileKind::kContext:
        write.due = start + 8;
        activations_.push_back(std::move(write));
        break;
    }
  }

  Testbench<Model> bench_;
  std::array<RowScale, 4 * kTile> context_;  // [slot][row]
  std::deque<EpilogueInstruction> instructions_;
  size_t next_tile_ = 0;
  size_t block_ = 0;  // whose parameters are shown
  uint64_t free_from_ = 0;
  std::deque<TableBeat> table_beats_;
  uint64_t tables_added_ = 0;
  uint64_t tables_written_ = 0;
  uint64_t tables_released_ = 0;
  std::vector<int64_t> residual_next_;
  std::vector<int64_t> residual_;
  std::deque<Write> scores_, activations_, key_values_, residual_reads_, residual_writes_;
  std::optional<uint64_t> context_done_, parameters_release_, instruction_done_;
};

}  // namespace sta::rtl

#endif  // ACCEL_RTL_DV_EPILOGUE_BENCH_H_
