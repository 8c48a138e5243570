// SPDX-License-Identifier: Apache-2.0
//
// Lays weights out as linear.cc says. Plain code, compiled without wide vectors.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "accel/emulator/avx2/avx2.h"
#include "accel/emulator/packed_matrix.h"
#include "model_store/codec/nm_matrix.h"

namespace sta::emulator::avx2 {
namespace {

constexpr int kStepWeights = 4;  // of a channel
// What a step costs: vector instructions a row.
constexpr int kSingleCost = 5;
constexpr int kPairCost = 7;
constexpr int kQuadCost = 11;
constexpr uint8_t kNoPlace = 0x80;  // pshufb gives 0

int64_t DivideRoundingUp(int64_t x, int64_t y) { return (x + y - 1) / y; }

PackedMatrix PackDense(const NmMatrix& matrix) {
  PackedMatrix packed;
  packed.is_dense = true;
  packed.input_chunks = DivideRoundingUp(matrix.columns, kChunkChannels);
  packed.output_channels = matrix.rows;
  const int64_t quads = packed.input_chunks * kChunkChannels / 4;
  packed.weights.Reserve(DivideRoundingUp(matrix.rows, kBlockChannels) * quads * kVectorBytes);
  const std::vector<int8_t> dense = matrix.ToDense();
  for (int64_t row = 0; row < matrix.rows; ++row) {
    for (int64_t column = 0; column < matrix.columns; ++column) {
      const int64_t quad = row / kBlockChannels * quads + column / 4;
      packed.weights.data()[quad * kVectorBytes + row % kBlockChannels * 4 + column % 4] =
          static_cast<uint8_t>(dense[static_cast<size_t>(row * matrix.columns + column)]);
    }
  }
  return packed;
}

// The non-zero weights of one channel in one window, of which some are in a step already.
struct Window {
  struct Weight {
    uint8_t place;
    int8_t value;
  };
  std::array<Weight, kWindowInputs> weights;
  int count = 0;
  int taken = 0;
};

using Lanes = std::array<Window, kBlockChannels>;
using Windows = std::array<Lanes, kWindows>;

struct PairPlan {
  int single[2];
  int pair;
  int cost;
};

int MostSteps(const Lanes& lanes) {
  int most = 0;
  for (const Window& window : lanes) most = std::max(most, window.count);
  return (most + kStepWeights - 1) / kStepWeights;
}

// The cheapest steps for two windows that leave at most `leave` weights of each channel over.
PairPlan PlanPair(const Lanes& first, const Lanes& second, int leave) {
  PairPlan best = {.single = {}, .pair = 0, .cost = INT32_MAX};
  for (int a = MostSteps(first); a >= 0; --a) {
    for (int b = MostSteps(second); b >= 0; --b) {
      int rest = 0;
      for (size_t lane = 0; lane < first.size(); ++lane) {
        rest = std::max(rest, std::max(0, first[lane].count - kStepWeights * a) +
                                  std::max(0, second[lane].count - kStepWeights * b));
      }
      const int pair = std::max(0, rest - leave + kStepWeights - 1) / kStepWeights;
      const int cost = (a + b) * kSingleCost + pair * kPairCost;
      if (cost < best.cost) best = {{a, b}, pair, cost};
    }
  }
  return best;
}

struct ChunkPlan {
  StepCounts counts;
  int cost;
};

// The cheapest steps for a chunk of which `quads` gather from all four windows.
ChunkPlan PlanChunk(const Windows& windows, int quads) {
  ChunkPlan plan = {{}, quads * kQuadCost};
  plan.counts.quad = static_cast<uint8_t>(quads);
  for (size_t half = 0; half < 2; ++half) {
    const PairPlan pair =
        PlanPair(windows[2 * half], windows[2 * half + 1], quads * kStepWeights / 2);
    plan.counts.single[2 * half] = static_cast<uint8_t>(pair.single[0]);
    plan.counts.single[2 * half + 1] = static_cast<uint8_t>(pair.single[1]);
    plan.counts.pair[half] = static_cast<uint8_t>(pair.pair);
    plan.cost += pair.cost;
  }
  return plan;
}

StepCounts PlanSteps(const Windows& windows) {
  const ChunkPlan without = PlanChunk(windows, 0);
  const ChunkPlan with = PlanChunk(windows, 1);
  return with.cost < without.cost ? with.counts : without.counts;
}

// Appends a step from `windows` windows: a vector of places for each of them, then the weights.
void AppendStep(Lanes* first, int windows, std::vector<uint8_t>& stream) {
  const size_t places = stream.size();
  const size_t weights = places + static_cast<size_t>(windows * kVectorBytes);
  stream.resize(weights, kNoPlace);
  stream.resize(weights + kVectorBytes, 0);
  for (int64_t lane = 0; lane < kBlockChannels; ++lane) {
    int used = 0;
    for (int w = 0; w < windows; ++w) {
      Window& window = first[w][static_cast<size_t>(lane)];
      for (; used < kStepWeights && window.taken < window.count; ++used, ++window.taken) {
        const auto [place, value] = window.weights[static_cast<size_t>(window.taken)];
        const auto at = static_cast<size_t>(lane * kStepWeights + used);
        stream[places + static_cast<size_t>(w * kVectorBytes) + at] = place;
        stream[weights + at] = static_cast<uint8_t>(value);
      }
    }
  }
}

void AppendChunk(Windows& windows, const StepCounts& counts, std::vector<uint8_t>& stream) {
  for (size_t half = 0; half < 2; ++half) {
    for (const size_t w : {2 * half, 2 * half + 1}) {
      for (int step = 0; step < counts.single[w]; ++step) AppendStep(&windows[w], 1, stream);
    }
    for (int step = 0; step < counts.pair[half]; ++step) AppendStep(&windows[2 * half], 2, stream);
  }
  for (int step = 0; step < counts.quad; ++step) AppendStep(windows.data(), 4, stream);
}

// The non-zero weights of the block of channels from `row` on in the chunk from `column` on.
Windows WindowsOf(const NmMatrix& matrix, const std::vector<int8_t>& dense, int64_t row,
                  int64_t column) {
  Windows windows = {};
  const int64_t rows = std::min(kBlockChannels, matrix.rows - row);
  const int64_t columns = std::min(kChunkChannels, matrix.columns - column);
  for (int64_t lane = 0; lane < rows; ++lane) {
    for (int64_t c = 0; c < columns; ++c) {
      const int8_t value = dense[static_cast<size_t>((row + lane) * matrix.columns + column + c)];
      if (value == 0) continue;
      Window& window = windows[static_cast<size_t>(c / kWindowInputs)][static_cast<size_t>(lane)];
      window.weights[static_cast<size_t>(window.count++)] = {
          static_cast<uint8_t>(c % kWindowInputs), value};
    }
  }
  return windows;
}

AlignedBuffer<uint8_t> ToBuffer(const std::vector<uint8_t>& bytes) {
  AlignedBuffer<uint8_t> buffer(static_cast<int64_t>(bytes.size()));
  std::copy(bytes.begin(), bytes.end(), buffer.data());
  return buffer;
}

PackedMatrix PackSparse(const NmMatrix& matrix) {
  const std::vector<int8_t> dense = matrix.ToDense();
  std::vector<uint8_t> stream;
  std::vector<uint8_t> all_counts;
  for (int64_t row = 0; row < matrix.rows; row += kBlockChannels) {
    for (int64_t column = 0; column < matrix.columns; column += kChunkChannels) {
      Windows windows = WindowsOf(matrix, dense, row, column);
      const StepCounts counts = PlanSteps(windows);
      AppendChunk(windows, counts, stream);
      all_counts.resize(all_counts.size() + sizeof(counts));
      std::memcpy(all_counts.data() + all_counts.size() - sizeof(counts), &counts, sizeof(counts));
    }
  }
  PackedMatrix packed;
  packed.input_chunks = DivideRoundingUp(matrix.columns, kChunkChannels);
  packed.output_channels = matrix.rows;
  packed.weights = ToBuffer(stream);
  packed.patterns = ToBuffer(all_counts);
  return packed;
}

}  // namespace

PackedMatrix Pack(const NmMatrix& matrix) {
  // A step takes five vector instructions a row, a dense one four; and sparse bytes count twice.
  const auto [n, m] = matrix.pattern;
  if (4 * n >= 3 * m) return PackDense(matrix);
  return PackSparse(matrix);
}

}  // namespace sta::emulator::avx2
