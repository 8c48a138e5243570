// SPDX-License-Identifier: Apache-2.0
//
// UnitOrder: an order in which the four units may run the instructions of a stream, if nothing but
// the waits held them back. Internal to accel/virtual_card.
//
//   UnitOrder order(stream, seed);
//   while (const std::optional<size_t> i = order.Next()) Execute(stream[*i]);
#ifndef ACCEL_VIRTUAL_CARD_UNIT_ORDER_H_
#define ACCEL_VIRTUAL_CARD_UNIT_ORDER_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <span>
#include <vector>

#include "accel/program/card/instruction.h"

namespace sta::card {

class UnitOrder {
 public:
  // No wait of `stream` goes beyond the instructions that stand before it: so the first one that
  // has not run is always ready. `stream` outlives this.
  UnitOrder(std::span<const CardInstruction> stream, uint64_t seed);

  // The index of the next instruction; nothing when all have run.
  std::optional<size_t> Next();

 private:
  // Whether the next instruction of the unit exists and has nothing to wait for.
  bool IsReady(size_t unit) const;
  void DrawPreference();
  // A number in 0 .. bound - 1.
  size_t Draw(size_t bound) { return static_cast<size_t>(random_() % bound); }

  const std::span<const CardInstruction> stream_;
  std::mt19937_64 random_;
  std::array<std::vector<size_t>, kUnitCount> queues_;  // indices into stream_
  std::array<size_t, kUnitCount> finished_ = {};
  // The first of these that is ready runs next. A preference that holds for long brings a unit as
  // far ahead of another as waits allow, which choosing evenly at every instruction almost never
  // does; one that changes at once finds other orders.
  std::array<size_t, kUnitCount> preference_ = {0, 1, 2, 3};
  size_t instructions_per_preference_;  // on average
};

}  // namespace sta::card

#endif  // ACCEL_VIRTUAL_CARD_UNIT_ORDER_H_
