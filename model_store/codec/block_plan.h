// SPDX-License-Identifier: Apache-2.0
//
// How the ranks of equal groups are packed: G of them are the digits of one number, a block of
// bits. Shared by the writer and the reader of a stream; docs/package-format.md has the bytes.
// Plain data.
#ifndef MODEL_STORE_CODEC_BLOCK_PLAN_H_
#define MODEL_STORE_CODEC_BLOCK_PLAN_H_

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace sta {

struct BlockPlan {
  uint64_t base = 1;             // C(w, k); 1 means that nothing is written
  std::vector<uint64_t> powers;  // base^0 .. base^groups
  int groups = 0;                // in a full block

  // Bits of a block of `count` groups: of the largest number, base^count - 1.
  int Bits(int count) const {
    return count == 0 ? 0 : std::bit_width(powers[static_cast<size_t>(count)] - 1);
  }
};

inline BlockPlan MakeBlockPlan(uint64_t base) {
  BlockPlan plan = {.base = base, .powers = {1}};
  if (base == 1) return plan;
  uint64_t power = 1;
  // base^count must stay below 2^64, so that every number of a block fits 64 bits.
  for (int count = 1; !__builtin_mul_overflow(power, base, &power); ++count) {
    plan.powers.push_back(power);
    // As few bits a group as the best so far? Compared as products: no rounding. Of equals the
    // longer block wins, since it is read faster.
    if (plan.Bits(count) * plan.groups <= plan.Bits(plan.groups) * count) {
      plan.groups = count;
    }
  }
  return plan;
}

}  // namespace sta

#endif  // MODEL_STORE_CODEC_BLOCK_PLAN_H_
