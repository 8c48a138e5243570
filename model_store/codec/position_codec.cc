// SPDX-License-Identifier: Apache-2.0
#include "model_store/codec/position_codec.h"

#include <algorithm>
#include <cmath>

#include "model_store/codec/block_plan.h"
#include "model_store/codec/combination.h"
#include "model_store/codec/group_reader.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

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
  return (StreamBits(MakeBlockPlan(Binomial(width, kept)), groups) + 7) / 8;
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

// Packs groups given one by one.
class GroupWriter {
 public:
  GroupWriter(int width, int kept, std::vector<uint8_t>& bytes)
      : ranker_(width, kept), plan_(MakeBlockPlan(ranker_.count())), writer_(bytes) {}

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

// Row by row: the offsets of its full groups, then those of its partial one.
std::vector<uint8_t> JoinRows(std::span<const uint8_t> full, std::span<const uint8_t> tails,
                              int64_t rows) {
  const size_t full_per_row = full.size() / static_cast<size_t>(rows);
  const size_t tail_per_row = tails.size() / static_cast<size_t>(rows);
  std::vector<uint8_t> joined;
  joined.reserve(full.size() + tails.size());
  for (size_t row = 0; row < static_cast<size_t>(rows); ++row) {
    const auto full_row = full.subspan(row * full_per_row, full_per_row);
    const auto tail_row = tails.subspan(row * tail_per_row, tail_per_row);
    joined.insert(joined.end(), full_row.begin(), full_row.end());
    joined.insert(joined.end(), tail_row.begin(), tail_row.end());
  }
  return joined;
}

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
  const int64_t groups = rows * streams.full_groups_per_row;
  const int64_t full_bytes = StreamBytes(pattern.m, pattern.n, groups);

  std::vector<uint8_t> full(static_cast<size_t>(groups * pattern.n) + GroupReader::kSlack);
  const int64_t full_good =
      GroupReader(pattern.m, pattern.n, packed.first(static_cast<size_t>(full_bytes)))
          .Read(groups, full.data());
  if (full_good < groups) {
    return absl::DataLossError(StrCat("positions of row ", full_good / streams.full_groups_per_row,
                                      ", group ", full_good % streams.full_groups_per_row,
                                      " are no combination of ", pattern.ToString()));
  }
  full.resize(static_cast<size_t>(groups * pattern.n));
  if (streams.tail_width == 0) return full;

  std::vector<uint8_t> tails(static_cast<size_t>(rows * streams.tail_kept) + GroupReader::kSlack);
  const int64_t tails_good = GroupReader(streams.tail_width, streams.tail_kept,
                                         packed.subspan(static_cast<size_t>(full_bytes)))
                                 .Read(rows, tails.data());
  if (tails_good < rows) {
    return absl::DataLossError(StrCat("positions of row ", tails_good,
                                      "'s last group are no combination of its ",
                                      streams.tail_width, " places"));
  }
  tails.resize(static_cast<size_t>(rows * streams.tail_kept));
  return JoinRows(full, tails, rows);
}

}  // namespace sta
