// SPDX-License-Identifier: Apache-2.0
#include "model_store/codec/group_reader.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <memory>
#include <mutex>

namespace sta {
namespace {

constexpr size_t kMaxBlockGroups = 64;  // of one bit each

// Tables of 16 bytes an entry are to stay in the second-level cache; a lookup for several groups
// has to come from nearer by than one for a single group to be worth its size.
constexpr uint64_t kMaxJointEntries = 1 << 13;
constexpr uint64_t kMaxEntries = 1 << 14;

// Places of the ones of every byte, as the bytes of a word, and their number: a mask expands eight
// places at a time, and no compiler option is needed for a fast count.
struct ByteOnes {
  std::array<uint64_t, 256> places{};
  std::array<uint8_t, 256> count{};
  constexpr ByteOnes() {
    for (size_t mask = 0; mask < 256; ++mask) {
      for (uint64_t bit = 0; bit < 8; ++bit) {
        if (mask >> bit & 1) places[mask] |= bit << (8 * count[mask]++);
      }
    }
  }
};
constexpr ByteOnes kByteOnes;

// Writes the places of the ones of `mask`, and up to 8 bytes behind them.
void ExpandMask(uint32_t mask, uint8_t* offsets) {
  static_assert(std::endian::native == std::endian::little);
  for (uint32_t byte = 0; byte < 4; ++byte, mask >>= 8) {
    constexpr uint64_t kEightEach = 0x0808080808080808;
    const uint64_t places = kByteOnes.places[mask & 0xFF] + byte * kEightEach;
    std::memcpy(offsets, &places, sizeof(places));
    offsets += kByteOnes.count[mask & 0xFF];
  }
}

// As many groups as fit a table's entry and keep the table small; 0: none.
int JointGroups(uint64_t base, int kept) {
  if (base > kMaxEntries || kept > static_cast<int>(OffsetTable::kEntryBytes)) return 0;
  int groups = 1;
  uint64_t entries = base;
  while ((groups + 1) * kept <= static_cast<int>(OffsetTable::kEntryBytes) &&
         entries * base <= kMaxJointEntries) {
    entries *= base;
    ++groups;
  }
  return groups;
}

}  // namespace

const OffsetTable* OffsetTable::For(int width, int kept) {
  using Tables = std::array<std::array<std::unique_ptr<const OffsetTable>, kMaxGroupWidth + 1>,
                            kMaxGroupWidth + 1>;
  static std::mutex mutex;
  static auto& tables = *new Tables;  // never destroyed: readers may outlive main
  const int groups = JointGroups(Binomial(width, kept), kept);
  if (groups == 0) return nullptr;
  const std::lock_guard<std::mutex> lock(mutex);
  auto& table = tables[static_cast<size_t>(width)][static_cast<size_t>(kept)];
  if (table == nullptr) table = std::make_unique<const OffsetTable>(width, kept, groups);
  return table.get();
}

OffsetTable::OffsetTable(int width, int kept, int groups) : groups_(groups) {
  const CombinationRanker ranker(width, kept);
  uint64_t entries = 1;
  for (int i = 0; i < groups; ++i) entries *= ranker.count();
  offsets_.resize(entries * kEntryBytes);
  for (uint64_t rank = 0; rank < entries; ++rank) {
    uint64_t rest = rank;
    for (int i = 0; i < groups; ++i, rest /= ranker.count()) {
      std::array<uint8_t, OffsetTable::kEntryBytes + sizeof(uint64_t)> offsets;
      ExpandMask(ranker.Mask(rest % ranker.count()), offsets.data());
      std::copy_n(offsets.begin(), kept,
                  &offsets_[rank * kEntryBytes + static_cast<size_t>(i * kept)]);
    }
  }
}

GroupReader::GroupReader(int width, int kept, std::span<const uint8_t> bytes)
    : kept_(kept),
      bytes_(bytes),
      ranker_(width, kept),
      plan_(MakeBlockPlan(ranker_.count())),
      table_(OffsetTable::For(width, kept)),
      step_groups_(table_ == nullptr ? 1 : std::min(table_->groups(), std::max(plan_.groups, 1))),
      lower_groups_((plan_.groups / 2 + step_groups_ - 1) / step_groups_ * step_groups_),
      split_(plan_.base == 1 ? 2 : plan_.powers[static_cast<size_t>(lower_groups_)]),
      step_(plan_.base == 1 ? 2 : plan_.powers[static_cast<size_t>(step_groups_)]) {}

int64_t GroupReader::Read(int64_t groups, uint8_t* offsets) {
  for (int64_t done = 0; done < groups;) {
    // Of one combination nothing is stored: its rank is 0.
    const bool is_stored = plan_.base != 1;
    const auto count =
        is_stored ? static_cast<int>(std::min<int64_t>(groups - done, plan_.groups)) : 1;
    const uint64_t number = is_stored ? ReadBits(plan_.Bits(count)) : 0;
    if (is_stored && number >= plan_.powers[static_cast<size_t>(count)]) return done;
    if (table_ != nullptr) {
      ExpandByTable(number, count, offsets);
    } else {
      ExpandByMask(number, count, offsets);
    }
    offsets += static_cast<ptrdiff_t>(count) * kept_;
    done += count;
  }
  return groups;
}

// The next `count` bits, 1..64, lowest first.
uint64_t GroupReader::ReadBits(int count) {
  const auto first = static_cast<size_t>(bit_position_ / 8);
  const int shift = static_cast<int>(bit_position_ % 8);
  bit_position_ += count;
  uint64_t low = 0;
  uint64_t high = 0;
  if (first + 9 <= bytes_.size()) {
    std::memcpy(&low, bytes_.data() + first, sizeof(low));
    high = bytes_[first + 8];
  } else {  // the stream ends here; 8 bytes hold the rest, as its size was checked
    std::memcpy(&low, bytes_.data() + first, bytes_.size() - first);
  }
  const uint64_t bits = shift == 0 ? low : low >> shift | high << (64 - shift);
  return count == 64 ? bits : bits & ((uint64_t{1} << count) - 1);
}

void GroupReader::ExpandByTable(uint64_t number, int groups, uint8_t* offsets) const {
  // The two halves' chains of divisions run side by side.
  FixedDivider::Result halves = split_.Divide(number);
  std::array<uint64_t, kMaxBlockGroups> ranks;
  size_t digits = 0;
  const int lower = std::min(groups, lower_groups_);
  for (int group = 0; group < lower; group += step_groups_) {
    const FixedDivider::Result digit = step_.Divide(halves.remainder);
    ranks[digits++] = digit.remainder;
    halves.remainder = digit.quotient;
  }
  for (int group = lower; group < groups; group += step_groups_) {
    const FixedDivider::Result digit = step_.Divide(halves.quotient);
    ranks[digits++] = digit.remainder;
    halves.quotient = digit.quotient;
  }
  const size_t step_bytes = static_cast<size_t>(step_groups_) * static_cast<size_t>(kept_);
  for (size_t i = 0; i < digits; ++i) {
    // What an entry holds beyond its groups is overwritten by the next one.
    std::memcpy(offsets + i * step_bytes, table_->Offsets(ranks[i]), OffsetTable::kEntryBytes);
  }
}

void GroupReader::ExpandByMask(uint64_t number, int groups, uint8_t* offsets) const {
  for (int group = 0; group < groups; ++group, offsets += kept_) {
    const FixedDivider::Result digit = step_.Divide(number);
    ExpandMask(ranker_.Mask(digit.remainder), offsets);
    number = digit.quotient;
  }
}

}  // namespace sta
