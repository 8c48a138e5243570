// SPDX-License-Identifier: Apache-2.0
#include "accel/virtual_card/unit_order.h"

#include <algorithm>
#include <utility>

namespace sta::card {
UnitOrder::UnitOrder(std::span<const CardInstruction> stream, uint64_t seed)
    : stream_(stream), random_(seed), instructions_per_preference_(size_t{1} << Draw(8)) {
  DrawPreference();
  for (size_t i = 0; i < stream.size(); ++i) {
    const std::optional<Unit> unit = stream[i].unit();
    if (unit.has_value()) queues_[static_cast<size_t>(*unit)].push_back(i);
  }
}

bool UnitOrder::IsReady(size_t unit) const {
  if (finished_[unit] == queues_[unit].size()) return false;
  const CardInstruction& next = stream_[queues_[unit][finished_[unit]]];
  for (size_t other = 0; other < kUnitCount; ++other) {
    if (std::cmp_less(finished_[other], next.waits[other])) return false;
  }
  return true;
}

void UnitOrder::DrawPreference() {
  // Not std::shuffle: its draws differ from library to library.
  for (size_t i = 1; i < kUnitCount; ++i) std::swap(preference_[i], preference_[Draw(i + 1)]);
}

std::optional<size_t> UnitOrder::Next() {
  if (Draw(instructions_per_preference_) == 0) DrawPreference();
  const auto unit = std::find_if(preference_.begin(), preference_.end(),
                                 [&](size_t candidate) { return IsReady(candidate); });
  if (unit == preference_.end()) return std::nullopt;
  return queues_[*unit][finished_[*unit]++];
}

}  // namespace sta::card
