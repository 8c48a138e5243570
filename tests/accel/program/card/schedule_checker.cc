// SPDX-License-Identifier: Apache-2.0
#include "tests/accel/program/card/schedule_checker.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <map>
#include <utility>
#include <variant>
#include <vector>

#include "strings/str_cat.h"

namespace sta::card {
namespace {

// Rows, granules or tiles: a kind of buffer and a number.
enum class Buffer { kActivation, kResidual, kKeyValue };
using Cell = std::pair<Buffer, int64_t>;

struct Accesses {
  std::vector<Cell> reads;
  std::vector<Cell> writes;
};

// Cells first + group * stride + [0, width) for each of `groups`.
void Add(std::vector<Cell>& cells, Buffer buffer, int64_t first, int64_t stride, int64_t width,
         int64_t groups) {
  for (int64_t group = 0; group < groups; ++group) {
    for (int64_t i = 0; i < width; ++i) cells.emplace_back(buffer, first + group * stride + i);
  }
}

class AccessFinder {
 public:
  explicit AccessFinder(const CardConfig& config) : config_(config) {}

  Accesses Find(const CardInstruction& instruction) {
    accesses_ = {};
    std::visit([&](const auto& operation) { Visit(operation); }, instruction.operation);
    return std::move(accesses_);
  }

 private:
  void Visit(const EndInstruction& /*end*/) {}

  void Visit(const TransferInstruction& transfer) {
    const bool is_load = transfer.direction == TransferDirection::kLoad;
    Add(is_load ? accesses_.writes : accesses_.reads, Buffer::kResidual,
        transfer.residual_beat * config_.beat_granules(), 0,
        transfer.beats * config_.beat_granules(), 1);
  }

  void Visit(const MatmulInstruction& matmul) {
    const int64_t groups = matmul.token_groups;
    Add(accesses_.reads, Buffer::kActivation, matmul.source_row, matmul.source_stride,
        matmul.windows, groups);
    switch (matmul.destination_buffer) {
      case MatmulDestination::kActivations:
        Add(accesses_.writes, Buffer::kActivation, matmul.destination, matmul.destination_stride,
            config_.WindowsOf(matmul.channel_blocks * config_.tile), groups);
        break;
      case MatmulDestination::kKeyValue:
        Add(accesses_.writes, Buffer::kKeyValue, matmul.destination, matmul.destination_stride,
            matmul.channel_blocks, groups);
        break;
      case MatmulDestination::kResidual:
        for (int64_t row = 0; row < config_.granule_rows(); ++row) {
          const int64_t first = matmul.destination + row * matmul.granule_row_stride;
          Add(accesses_.reads, Buffer::kResidual, first, matmul.destination_stride,
              matmul.channel_blocks, groups);
          Add(accesses_.writes, Buffer::kResidual, first, matmul.destination_stride,
              matmul.channel_blocks, groups);
        }
    }
  }

  void Visit(const VectorInstruction& vector) {
    const int64_t granules = vector.token_groups * config_.granule_rows() * vector.channel_blocks;
    Add(accesses_.reads, Buffer::kResidual, vector.source_granule, 0, granules, 1);
    if (vector.normalize) {
      Add(accesses_.writes, Buffer::kResidual, vector.source_granule, 0, granules, 1);
    }
    if (vector.view) {
      Add(accesses_.writes, Buffer::kActivation, vector.destination_row, vector.destination_stride,
          config_.WindowsOf(vector.channel_blocks * config_.tile), vector.token_groups);
    }
  }

  void Visit(const AttentionInstruction& attention) {
    const int64_t key_groups = config_.GroupsOf(attention.key_count);
    const int64_t head_channels = attention.heads * attention.head_steps * config_.lanes;
    const int64_t value_blocks = attention.heads * attention.head_value_blocks;
    Add(accesses_.reads, Buffer::kActivation, attention.query_row, attention.query_stride,
        CeilDivide(attention.heads * attention.head_steps, kLaneBytes), attention.query_groups);
    Add(accesses_.reads, Buffer::kKeyValue, attention.key_tile, attention.key_stride,
        CeilDivide(head_channels, config_.tile), key_groups);
    Add(accesses_.reads, Buffer::kKeyValue, attention.value_tile, attention.value_stride,
        value_blocks, key_groups);
    Add(accesses_.writes, Buffer::kActivation, attention.context_row, attention.context_stride,
        config_.WindowsOf(value_blocks * config_.tile), attention.query_groups);
    Add(accesses_.writes, Buffer::kActivation, attention.probability_row, 0,
        kProbabilitySlots * config_.WindowsOf(key_groups * config_.tile), 1);
  }

  const CardConfig& config_;
  Accesses accesses_;
};

class ScheduleChecker {
 public:
  explicit ScheduleChecker(std::span<const CardInstruction> stream) : stream_(stream) {}

  std::string Check(const CardConfig& config) {
    AccessFinder finder(config);
    for (size_t i = 0; i < stream_.size(); ++i) {
      if (std::string error = Enter(i); !error.empty()) return error;
      const Accesses accesses = finder.Find(stream_[i]);
      for (const Cell& cell : accesses.reads) {
        const auto found = cells_.find(cell);
        if (found == cells_.end()) return Describe(i, "reads", cell, "nobody wrote it");
        if (!IsFinished(found->second.writer, i)) {
          return Describe(i, "reads", cell, StrCat("writer ", found->second.writer));
        }
      }
      for (const Cell& cell : accesses.writes) {
        const auto found = cells_.find(cell);
        if (found == cells_.end()) continue;
        std::vector<size_t> others = found->second.readers;
        others.push_back(found->second.writer);
        for (const size_t other : others) {
          if (!IsFinished(other, i)) return Describe(i, "writes", cell, StrCat("user ", other));
        }
      }
      for (const Cell& cell : accesses.reads) cells_[cell].readers.push_back(i);
      for (const Cell& cell : accesses.writes) cells_[cell] = {i, {}};
    }
    return "";
  }

 private:
  struct Users {
    size_t writer = 0;
    std::vector<size_t> readers;  // since it was written
  };
  // Of each unit, how many instructions are surely finished.
  using Counts = std::array<int64_t, kUnitCount>;

  // Finds out what is surely finished before instruction `i` begins.
  std::string Enter(size_t i) {
    Counts counts = stream_[i].waits;
    for (size_t unit = 0; unit < kUnitCount; ++unit) {
      const auto wait = static_cast<size_t>(stream_[i].waits[unit]);
      if (wait > of_unit_[unit].size()) return StrCat("instruction ", i, " waits for ever");
      if (wait > 0) Raise(counts, finished_[of_unit_[unit][wait - 1]]);
    }
    place_.push_back(0);
    if (stream_[i].unit().has_value()) {
      const auto unit = static_cast<size_t>(*stream_[i].unit());
      const auto before = static_cast<int64_t>(of_unit_[unit].size());
      if (before > 0) Raise(counts, finished_[of_unit_[unit].back()]);
      counts[unit] = std::max(counts[unit], before);
      place_[i] = before;
      of_unit_[unit].push_back(i);
    }
    finished_.push_back(counts);
    return "";
  }

  static void Raise(Counts& counts, const Counts& others) {
    for (size_t unit = 0; unit < kUnitCount; ++unit) {
      counts[unit] = std::max(counts[unit], others[unit]);
    }
  }

  bool IsFinished(size_t earlier, size_t later) const {
    const auto unit = static_cast<size_t>(*stream_[earlier].unit());
    return finished_[later][unit] > place_[earlier];
  }

  static std::string Describe(size_t i, const char* what, const Cell& cell,
                              const std::string& why) {
    static constexpr const char* kNames[] = {"activation row", "residual granule",
                                             "key-value tile"};
    return StrCat("instruction ", i, " ", what, " ", kNames[static_cast<int>(cell.first)], " ",
                  cell.second, ": ", why);
  }

  const std::span<const CardInstruction> stream_;
  std::vector<Counts> finished_;  // before each instruction begins
  std::vector<int64_t> place_;    // of each instruction in its unit
  std::array<std::vector<size_t>, kUnitCount> of_unit_;
  std::map<Cell, Users> cells_;
};

}  // namespace

std::string CheckSchedule(std::span<const CardInstruction> stream, const CardConfig& config) {
  return ScheduleChecker(stream).Check(config);
}

}  // namespace sta::card
