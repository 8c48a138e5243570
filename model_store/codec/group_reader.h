// SPDX-License-Identifier: Apache-2.0
//
// GroupReader: unpacks a stream of equal groups, the inner loop of loading a model. Internal to
// this folder.
//
//   std::vector<uint8_t> offsets(groups * kept + GroupReader::kSlack);
//   int64_t good = GroupReader(width, kept, bytes).Read(groups, offsets.data());
//
// Not thread-safe; borrows the bytes. Tables are built once a process and shared.
#ifndef MODEL_STORE_CODEC_GROUP_READER_H_
#define MODEL_STORE_CODEC_GROUP_READER_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "model_store/codec/block_plan.h"
#include "model_store/codec/combination.h"

namespace sta {

// Division of any 64-bit number by a fixed divisor >= 2: one multiplication gives a quotient that
// is exact or one too low, since floor((2^64 - 1) / d) is above 2^64 / d - 1.
class FixedDivider {
 public:
  struct Result {
    uint64_t quotient;
    uint64_t remainder;
  };

  explicit FixedDivider(uint64_t divisor) : multiplier_(UINT64_MAX / divisor), divisor_(divisor) {}

  Result Divide(uint64_t x) const {
    __extension__ using Wide = unsigned __int128;
    const auto quotient = static_cast<uint64_t>(static_cast<Wide>(multiplier_) * x >> 64);
    const uint64_t remainder = x - quotient * divisor_;
    const uint64_t one_too_low = remainder >= divisor_ ? 1 : 0;
    return {quotient + one_too_low, remainder - one_too_low * divisor_};
  }

 private:
  uint64_t multiplier_;
  uint64_t divisor_;
};

// Offsets by rank, several small groups at a time: entry r holds the offsets of groups() groups
// whose ranks are the digits of r, lowest first.
class OffsetTable {
 public:
  static constexpr size_t kEntryBytes = 16;

  // Null where the combinations are too many or too long for a table. Lives until the process ends.
  static const OffsetTable* For(int width, int kept);

  OffsetTable(int width, int kept, int groups);

  int groups() const { return groups_; }
  // kEntryBytes of them; those behind groups() * kept mean nothing.
  const uint8_t* Offsets(uint64_t rank) const { return &offsets_[rank * kEntryBytes]; }

 private:
  int groups_;
  std::vector<uint8_t> offsets_;
};

class GroupReader {
 public:
  // Bytes that Read may write behind the last offset.
  static constexpr size_t kSlack = 16;

  // `bytes` is a whole stream.
  GroupReader(int width, int kept, std::span<const uint8_t> bytes);

  // Writes the offsets of all `groups` groups of the stream, `kept` each. Returns `groups`, or the
  // place of the first group of a block that holds an impossible number.
  int64_t Read(int64_t groups, uint8_t* offsets);

 private:
  uint64_t ReadBits(int count);
  // Groups of one block, from its number.
  void ExpandByTable(uint64_t number, int groups, uint8_t* offsets) const;
  void ExpandByMask(uint64_t number, int groups, uint8_t* offsets) const;

  int kept_;
  std::span<const uint8_t> bytes_;
  int64_t bit_position_ = 0;
  CombinationRanker ranker_;
  BlockPlan plan_;
  const OffsetTable* table_;
  int step_groups_;   // that one digit stands for
  int lower_groups_;  // of a full block, in its lower half: a multiple of step_groups_
  FixedDivider split_;
  FixedDivider step_;
};

}  // namespace sta

#endif  // MODEL_STORE_CODEC_GROUP_READER_H_
