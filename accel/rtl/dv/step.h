// SPDX-License-Identifier: Apache-2.0
//
// sta_pkg::step_t and tile_t as plain structs, read from or written to a Verilated model's port.
//
//   EXPECT_EQ(GetStep(bench->step_o), Step{.first = true, ...});
//   SetTile(bench->score_tile_i, {.kind = TileKind::kScore, ...});
#ifndef ACCEL_RTL_DV_STEP_H_
#define ACCEL_RTL_DV_STEP_H_

#include <cstddef>
#include <cstdint>
#include <ostream>
#include <type_traits>

#include "accel/rtl/dv/bits.h"

namespace sta::rtl {

enum class TileKind : uint8_t { kActivation, kKeyValue, kResidual, kScore, kContext };
enum class WeightSource : uint8_t { kRing, kKey, kValue };

struct Tile {
  TileKind kind = TileKind::kActivation;
  bool gelu = false;
  bool block_last = false;
  bool instruction_last = false;
  int64_t address = 0;
  int64_t granule_stride = 0;
  int64_t lane = 0;
  int64_t byte_offset = 0;
  int64_t slot = 0;
  int64_t key_group = 0;
  int64_t valid_keys = 0;
  bool slot_last = false;

  friend bool operator==(const Tile&, const Tile&) = default;
};

struct Step {
  bool first = false;
  bool last = false;
  bool window_read = false;
  int64_t activation_row = 0;
  WeightSource weight_source = WeightSource::kRing;
  int64_t weight_address = 0;
  int64_t index_address = 0;
  int64_t weight_part = 0;
  bool indexed = false;
  int64_t byte_select = 0;
  Tile tile;

  friend bool operator==(const Step&, const Step&) = default;
};

inline std::ostream& operator<<(std::ostream& out, const Tile& tile) {
  return out << "kind " << static_cast<int>(tile.kind) << " gelu " << tile.gelu << " block_last "
             << tile.block_last << " instruction_last " << tile.instruction_last << " address "
             << tile.address << " granule_stride " << tile.granule_stride << " lane " << tile.lane
             << " byte_offset " << tile.byte_offset << " slot " << tile.slot << " key_group "
             << tile.key_group << " valid_keys " << tile.valid_keys << " slot_last "
             << tile.slot_last;
}

inline std::ostream& operator<<(std::ostream& out, const Step& step) {
  return out << "first " << step.first << " last " << step.last << " window_read "
             << step.window_read << " row " << step.activation_row << " source "
             << static_cast<int>(step.weight_source) << " weight " << step.weight_address
             << " index " << step.index_address << " part " << step.weight_part << " indexed "
             << step.indexed << " byte " << step.byte_select << " | " << step.tile;
}

// Calls visit(width, field) for every field, from the last one, in the lowest bits, to the first.
template <typename TileType, typename Visitor>
void VisitTile(TileType& tile, Visitor& visit) {
  visit(1, tile.slot_last);
  visit(5, tile.valid_keys);
  visit(12, tile.key_group);
  visit(2, tile.slot);
  visit(4, tile.byte_offset);
  visit(4, tile.lane);
  visit(16, tile.granule_stride);
  visit(28, tile.address);
  visit(1, tile.instruction_last);
  visit(1, tile.block_last);
  visit(1, tile.gelu);
  visit(3, tile.kind);
}

template <typename StepType, typename Visitor>
void VisitStep(StepType& step, Visitor& visit) {
  VisitTile(step.tile, visit);
  visit(4, step.byte_select);
  visit(1, step.indexed);
  visit(2, step.weight_part);
  visit(28, step.index_address);
  visit(28, step.weight_address);
  visit(2, step.weight_source);
  visit(28, step.activation_row);
  visit(1, step.window_read);
  visit(1, step.last);
  visit(1, step.first);
}

// Visitors that read the fields from a port and write them to it.
template <typename Port>
auto FieldReader(const Port& port) {
  return [&port, from = size_t{0}](size_t width, auto& field) mutable {
    field = static_cast<std::remove_reference_t<decltype(field)>>(GetBits(port, from, width));
    from += width;
  };
}

template <typename Port>
auto FieldWriter(Port& port) {
  return [&port, from = size_t{0}](size_t width, const auto& field) mutable {
    SetBits(port, from, width, static_cast<uint64_t>(field));
    from += width;
  };
}

template <typename Port>
Tile GetTile(const Port& port) {
  Tile tile;
  auto read = FieldReader(port);
  VisitTile(tile, read);
  return tile;
}

template <typename Port>
void SetTile(Port& port, const Tile& tile) {
  auto write = FieldWriter(port);
  VisitTile(tile, write);
}

template <typename Port>
Step GetStep(const Port& port) {
  Step step;
  auto read = FieldReader(port);
  VisitStep(step, read);
  return step;
}

template <typename Port>
void SetStep(Port& port, const Step& step) {
  auto write = FieldWriter(port);
  VisitStep(step, write);
}

}  // namespace sta::rtl

#endif  // ACCEL_RTL_DV_STEP_H_
