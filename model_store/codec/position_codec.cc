// SPDX-License-Identifier: Apache-2.0
#include "model_store/codec/position_codec.h"

#include <bit>
#include <cmath>
#include <cstring>

#include "model_store/codec/combination.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

// How the ranks of equal groups are packed into blocks of bits.
struct BlockPlan {
  uint64_t base = 1;             // C(w, k); 1 means that nothing is written
  std::vector<uint64_t> powers;  // base^0 .. base^groups, the last one saved as "minus 1"
  int groups = 0;                // in a full block

  // Bits of a block of `count` groups: of the largest number, base^count - 1.
  int Bits(int count) const {
    return count == 0 ? 0 : std::bit_width(powers[static_cast<size_t>(count)] - 1);
  }
};

BlockPlan MakePlan(uint64_t base) {
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

int64_t StreamBits(const BlockPlan& plan, int64_t groups) {
  if (plan.base == 1) return 0;
  return groups / plan.groups * plan.Bits(plan.groups) +
         plan.Bits(static_cast<int>(groups % plan.groups));
}

// The two kinds of groups of a matrix.
struct Streams {
  int64_t full_groups_per_row;
  int tail_width;  // 0: no partial group
  int tail_kept;
};

Streams SplitRow(int64_t columns, Pattern pattern) {
  const int tail = static_cast<int>(columns % pattern.m);
  return {.full_groups_per_row = columns / pattern.m,
          .tail_width = tail,
          .tail_kept = std::min(tail, pattern.n)};
}

int64_t StreamBytes(int width, int kept, int64_t groups) {
  if (width == 0) return 0;
  return (StreamBits(MakePlan(Binomial(width, kept)), groups) + 7) / 8;
}

class BitWriter {
 public:
  explicit BitWriter(std::vector<uint8_t>& bytes) : bytes_(bytes) {}

  // Appends the low `count` bits, lowest first; count <= 64.
  void Write(uint64_t bits, int count) {
    for (int done = 0; done < count;) {
      if (used_ == 0) bytes_.push_back(0);
      const int take = std::min(8 - used_, count - done);
      const uint64_t piece = (bits >> done) & ((uint64_t{1} << take) - 1);
      bytes_.back() = static_cast<uint8_t>(bytes_.back() | piece << used_);
      used_ = (used_ + take) % 8;
      done += take;
    }
  }

 private:
  std::vector<uint8_t>& bytes_;
  int used_ = 0;  // bits of the last byte
};

class BitReader {
 public:
  explicit BitReader(std::span<const uint8_t> bytes) : bytes_(bytes) {}

  // The next `count` bits, 1..64. The caller knows that they are there.
  uint64_t Read(int count) {
    const auto first = static_cast<size_t>(position_ / 8);
    const int shift = static_cast<int>(position_ % 8);
    position_ += count;
    std::array<uint64_t, 2> words{};
    std::memcpy(words.data(), bytes_.data() + first, std::min<size_t>(9, bytes_.size() - first));
    const uint64_t bits = shift == 0 ? words[0] : words[0] >> shift | words[1] << (64 - shift);
    return count == 64 ? bits : bits & ((uint64_t{1} << count) - 1);
  }

 private:
  std::span<const uint8_t> bytes_;
  int64_t position_ = 0;
};

// Packs groups given one by one.
class GroupWriter {
 public:
  GroupWriter(int width, int kept, std::vector<uint8_t>& bytes)
      : ranker_(width, kept), plan_(MakePlan(ranker_.count())), writer_(bytes) {}

  void Add(uint32_t mask) {
    if (plan_.base == 1) return;
    number_ += ranker_.Rank(mask) * plan_.powers[static_cast<size_t>(count_)];
    if (++count_ == plan_.groups) Flush();
  }
  void Flush() {
    writer_.Write(number_, plan_.Bits(count_));
    number_ = 0;
    count_ = 0;
  }

 private:
  CombinationRanker ranker_;
  BlockPlan plan_;
  BitWriter writer_;
  uint64_t number_ = 0;
  int count_ = 0;
};

// Exact division of 32-bit numbers by a fixed divisor >= 2 with one multiplication: with
// M = floor((2^64 - 1) / d) + 1, floor(x / d) = (M * x) >> 64 for every x below 2^32.
class FastDivider {
 public:
  explicit FastDivider(uint64_t divisor)
      : multiplier_(UINT64_MAX / divisor + 1), divisor_(divisor) {}

  uint64_t Divide(uint64_t x) const {
    __extension__ using Wide = unsigned __int128;
    return static_cast<uint64_t>(static_cast<Wide>(multiplier_) * x >> 64);
  }
  uint64_t divisor() const { return divisor_; }

 private:
  uint64_t multiplier_;
  uint64_t divisor_;
};

// Places of the ones of every byte, for expanding masks eight places at a time.
struct BytePlaces {
  std::array<std::array<uint8_t, 8>, 256> places{};
  constexpr BytePlaces() {
    for (size_t mask = 0; mask < 256; ++mask) {
      size_t count = 0;
      for (uint8_t bit = 0; bit < 8; ++bit) {
        if (mask >> bit & 1) places[mask][count++] = bit;
      }
    }
  }
};
constexpr BytePlaces kBytePlaces;

// Unpacks a stream of equal groups and hands out their offsets.
class GroupReader {
 public:
  GroupReader(int width, int kept, int64_t groups, std::span<const uint8_t> bytes)
      : kept_(kept),
        remaining_(groups),
        ranker_(width, kept),
        plan_(MakePlan(ranker_.count())),
        divider_(std::max<uint64_t>(plan_.base, 2)),
        reader_(bytes) {
    ranks_.resize(static_cast<size_t>(std::max(plan_.groups, 1)));
    next_ = ranks_.size();
    if (width <= 16) FillOffsetTable();
  }

  // Writes the offsets of the next group. False where the stream holds an impossible number.
  bool Next(uint8_t* offsets) {
    if (next_ == ranks_.size() && !ReadBlock()) return false;
    const uint64_t rank = ranks_[next_++];
    if (!offset_table_.empty()) {
      std::memcpy(offsets, &offset_table_[rank * static_cast<size_t>(kept_)],
                  static_cast<size_t>(kept_));
    } else {
      ExpandMask(ranker_.Mask(rank), offsets);
    }
    return true;
  }

 private:
  static void ExpandMask(uint32_t mask, uint8_t* offsets) {
    for (uint8_t base = 0; mask != 0; base = static_cast<uint8_t>(base + 8), mask >>= 8) {
      const int ones = std::popcount(mask & 0xFF);
      for (int i = 0; i < ones; ++i) {
        *offsets++ =
            static_cast<uint8_t>(base + kBytePlaces.places[mask & 0xFF][static_cast<size_t>(i)]);
      }
    }
  }

  void FillOffsetTable() {
    offset_table_.resize(ranker_.count() * static_cast<size_t>(kept_));
    for (uint64_t rank = 0; rank < ranker_.count(); ++rank) {
      ExpandMask(ranker_.Mask(rank), &offset_table_[rank * static_cast<size_t>(kept_)]);
    }
  }

  bool ReadBlock() {
    const int count = static_cast<int>(std::min<int64_t>(remaining_, plan_.groups));
    remaining_ -= count;
    next_ = 0;
    if (plan_.base == 1) return true;  // one combination: its rank is 0 and nothing is stored
    const uint64_t number = reader_.Read(plan_.Bits(count));
    if (number >= plan_.powers[static_cast<size_t>(count)]) return false;
    // Two halves below 2^32 shorten the chain of divisions and let it run in pairs.
    const int half = count / 2;
    const uint64_t split = plan_.powers[static_cast<size_t>(count - half)];
    SplitDigits(number % split, 0, count - half);
    SplitDigits(number / split, count - half, count);
    return true;
  }

  // The digits of `number`, lowest first, into ranks_[begin..end).
  void SplitDigits(uint64_t number, int begin, int end) {
    for (int i = begin; i + 1 < end; ++i) {
      // A number of one or two digits to a large base may exceed 32 bits.
      const uint64_t quotient =
          number >> 32 == 0 ? divider_.Divide(number) : number / divider_.divisor();
      ranks_[static_cast<size_t>(i)] = number - quotient * divider_.divisor();
      number = quotient;
    }
    if (begin < end) ranks_[static_cast<size_t>(end - 1)] = number;
  }

  int kept_;
  int64_t remaining_;
  CombinationRanker ranker_;
  BlockPlan plan_;
  FastDivider divider_;
  BitReader reader_;
  std::vector<uint64_t> ranks_;        // of the current block
  size_t next_ = 0;                    // the next one to hand out
  std::vector<uint8_t> offset_table_;  // [rank][kept], for groups of up to 16
};

uint32_t GroupMask(const uint8_t* offsets, int count) {
  uint32_t mask = 0;
  for (int i = 0; i < count; ++i) mask |= uint32_t{1} << offsets[i];
  return mask;
}

}  // namespace

int64_t PositionBytes(int64_t rows, int64_t columns, Pattern pattern) {
  if (pattern.IsDense()) return 0;
  const Streams streams = SplitRow(columns, pattern);
  return StreamBytes(pattern.m, pattern.n, rows * streams.full_groups_per_row) +
         StreamBytes(streams.tail_width, streams.tail_kept, rows);
}

double PositionBoundBits(int64_t rows, int64_t columns, Pattern pattern) {
  const Streams streams = SplitRow(columns, pattern);
  const auto group_bits = [](int width, int kept) {
    return std::log2(static_cast<double>(Binomial(width, kept)));
  };
  return static_cast<double>(rows) *
         (static_cast<double>(streams.full_groups_per_row) * group_bits(pattern.m, pattern.n) +
          group_bits(streams.tail_width, streams.tail_kept));
}

std::vector<uint8_t> EncodePositions(const NmMatrix& matrix) {
  std::vector<uint8_t> packed;
  if (matrix.pattern.IsDense()) return packed;
  const Streams streams = SplitRow(matrix.columns, matrix.pattern);
  const int64_t per_row = matrix.entries_per_row();
  packed.reserve(static_cast<size_t>(PositionBytes(matrix.rows, matrix.columns, matrix.pattern)));

  GroupWriter full(matrix.pattern.m, matrix.pattern.n, packed);
  for (int64_t row = 0; row < matrix.rows; ++row) {
    const uint8_t* offsets = matrix.offsets.data() + row * per_row;
    for (int64_t group = 0; group < streams.full_groups_per_row; ++group) {
      full.Add(GroupMask(offsets + group * matrix.pattern.n, matrix.pattern.n));
    }
  }
  full.Flush();
  if (streams.tail_width == 0) return packed;
  GroupWriter tail(streams.tail_width, streams.tail_kept, packed);
  for (int64_t row = 1; row <= matrix.rows; ++row) {
    tail.Add(
        GroupMask(matrix.offsets.data() + row * per_row - streams.tail_kept, streams.tail_kept));
  }
  tail.Flush();
  return packed;
}

absl::StatusOr<std::vector<uint8_t>> DecodePositions(int64_t rows, int64_t columns, Pattern pattern,
                                                     std::span<const uint8_t> packed) {
  const int64_t expected = PositionBytes(rows, columns, pattern);
  if (std::ssize(packed) != expected) {
    return absl::DataLossError(StrCat("positions take ", packed.size(), " bytes, a matrix of ",
                                      rows, " x ", columns, " with pattern ", pattern.ToString(),
                                      " needs ", expected));
  }
  if (pattern.IsDense()) return std::vector<uint8_t>();
  const Streams streams = SplitRow(columns, pattern);
  const int64_t per_row = pattern.EntriesPerRow(columns);
  std::vector<uint8_t> offsets(static_cast<size_t>(rows * per_row));
  const int64_t full_bytes = StreamBytes(pattern.m, pattern.n, rows * streams.full_groups_per_row);

  GroupReader full(pattern.m, pattern.n, rows * streams.full_groups_per_row,
                   packed.first(static_cast<size_t>(full_bytes)));
  for (int64_t row = 0; row < rows; ++row) {
    uint8_t* out = offsets.data() + row * per_row;
    for (int64_t group = 0; group < streams.full_groups_per_row; ++group, out += pattern.n) {
      if (!full.Next(out)) {
        return absl::DataLossError(StrCat("positions of row ", row, ", group ", group,
                                          " are no combination of ", pattern.ToString()));
      }
    }
  }
  if (streams.tail_width == 0) return offsets;
  GroupReader tail(streams.tail_width, streams.tail_kept, rows,
                   packed.subspan(static_cast<size_t>(full_bytes)));
  for (int64_t row = 1; row <= rows; ++row) {
    if (!tail.Next(offsets.data() + row * per_row - streams.tail_kept)) {
      return absl::DataLossError(StrCat("positions of row ", row - 1,
                                        "'s last group are no "
                                        "combination of its ",
                                        streams.tail_width, " places"));
    }
  }
  return offsets;
}

}  // namespace sta
