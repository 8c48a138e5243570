// SPDX-License-Identifier: Apache-2.0
//
// Drives the matrix engine as the sequencer and the buffers do: operands come two advancing cycles
// after their step, windows three, and hold while the engine does; where nothing is due there is
// garbage. Finished tiles are compared with sums that are made here.
//
//   DmmeBench<Vdmme_8x8, 8, 8> bench(seed);
//   bench.Add(steps);
//   bench.Run({.step_percent = 50, .ready_percent = 50});
#ifndef ACCEL_RTL_DV_DMME_BENCH_H_
#define ACCEL_RTL_DV_DMME_BENCH_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

#include "accel/rtl/dv/bits.h"
#include "accel/rtl/dv/step.h"
#include "accel/rtl/dv/testbench.h"
#include "gtest/gtest.h"

namespace sta::rtl {

// What a step finds in the buffers.
struct Operands {
  std::vector<int8_t> window;     // [token][lane][16]; only looked at with window_read
  std::vector<int8_t> key_value;  // [token][channel]
  std::vector<int8_t> values;     // [output][lane]
  std::vector<uint8_t> indices;   // [output][lane]
};

struct DmmeStep {
  Step step;
  Operands operands;
};

struct Pressure {
  int step_percent = 100;
  int ready_percent = 100;
};

template <typename Model, int64_t kTile, int64_t kLanes>
class DmmeBench {
 public:
  static constexpr int64_t kWindowBytes = kTile * kLanes * 16;
  static constexpr uint64_t kLatency = 8;  // advancing cycles from a tile's last step to its sums

  explicit DmmeBench(uint32_t seed) : bench_(seed) { Reset(); }

  Testbench<Model>& bench() { return bench_; }
  int64_t tiles() const { return tiles_; }

  // Forgets everything that is under way.
  void Reset() {
    bench_->step_valid_i = 0;
    bench_->result_ready_i = 1;
    bench_.Reset();
    waiting_.clear();
    results_.clear();
    pipe_ = {};
  }

  void Add(std::vector<DmmeStep> steps) {
    waiting_.insert(waiting_.end(), std::make_move_iterator(steps.begin()),
                    std::make_move_iterator(steps.end()));
  }

  // Until all steps are taken and all tiles have come, something is wrong, or for some cycles.
  void Run(Pressure pressure, uint64_t cycles = 200000) {
    const uint64_t end = bench_.cycles() + cycles;
    while (!done() && bench_.cycles() < end && !testing::Test::HasFailure()) Cycle(pressure);
  }

  bool done() const { return waiting_.empty() && results_.empty(); }

 private:
  struct Result {
    Tile tile;
    std::vector<int32_t> sums;  // [token][output]
    uint64_t due;               // advances
  };

  void Cycle(Pressure pressure) {
    const bool valid = !waiting_.empty() && bench_.Chance(pressure.step_percent);
    bench_->step_valid_i = valid;
    for (size_t bit = 0; bit < 172; ++bit) SetBits(bench_->step_i, bit, 1, bench_.random()());
    if (valid) SetStep(bench_->step_i, waiting_.front().step);
    bench_->result_ready_i = bench_.Chance(pressure.ready_percent);
    bench_.Settle();

    const bool due = !results_.empty() && results_.front().due == advances_;
    ASSERT_EQ(bench_->result_valid_o != 0, due);
    if (due) {
      ASSERT_NO_FATAL_FAILURE(CheckResult(results_.front()));
      if (bench_->result_ready_i != 0) {
        results_.pop_front();
        ++tiles_;
      }
    }
    const bool advance = bench_->advance_o != 0;
    ASSERT_EQ(advance, !due || bench_->result_ready_i != 0);
    bench_.Tick();
    if (!advance) return;
    ++advances_;
    pipe_[2] = std::move(pipe_[1]);
    pipe_[1] = std::move(pipe_[0]);
    pipe_[0].reset();
    if (valid) {
      Compute(waiting_.front());
      pipe_[0] = std::move(waiting_.front());
      waiting_.pop_front();
    }
    ShowOperands();
  }

  void CheckResult(const Result& expected) {
    ASSERT_EQ(GetTile(bench_->result_tile_o), expected.tile);
    for (size_t i = 0; i < expected.sums.size(); ++i) {
      ASSERT_EQ(GetSigned(bench_->result_o, i * 32, 32), expected.sums[i]) << i;
    }
  }

  // Ports as they are after the last advance.
  void ShowOperands() {
    for (size_t word = 0; word < kTile * kTile / 4; ++word) {
      SetBits(bench_->key_value_i, word * 32, 32, bench_.random()());
    }
    for (size_t word = 0; word < kTile * kLanes / 4; ++word) {
      SetBits(bench_->ring_values_i, word * 32, 32, bench_.random()());
      SetBits(bench_->ring_indices_i, word * 16, 16, bench_.random()());
    }
    if (pipe_[1].has_value()) {
      const Operands& operands = pipe_[1]->operands;
      SetBytes(bench_->key_value_i, operands.key_value);
      SetBytes(bench_->ring_values_i, operands.values);
      for (size_t i = 0; i < operands.indices.size(); ++i) {
        SetBits(bench_->ring_indices_i, i * 4, 4, operands.indices[i]);
      }
    }
    if (pipe_[2].has_value() && pipe_[2]->step.window_read) {
      SetBytes(bench_->window_i, pipe_[2]->operands.window);
    }
  }

  template <typename Port>
  static void SetBytes(Port& port, const std::vector<int8_t>& bytes) {
    for (size_t i = 0; i < bytes.size(); ++i) {
      SetBits(port, i * 8, 8, static_cast<uint8_t>(bytes[i]));
    }
  }

  static int8_t Weight(const DmmeStep& step, int64_t output, int64_t lane) {
    const int64_t channel = step.step.weight_part * kLanes + lane;
    const int64_t key = output * kTile + channel;
    const int64_t value = channel * kTile + output;
    switch (step.step.weight_source) {
      case WeightSource::kKey:
        return step.operands.key_value[static_cast<size_t>(key)];
      case WeightSource::kValue:
        return step.operands.key_value[static_cast<size_t>(value)];
      case WeightSource::kRing:
        break;
    }
    return step.operands.values[static_cast<size_t>(output * kLanes + lane)];
  }

  void Compute(const DmmeStep& step) {
    if (step.step.window_read) window_ = step.operands.window;
    if (step.step.first) sums_.assign(kTile * kTile, 0);
    for (int64_t output = 0; output < kTile; ++output) {
      for (int64_t lane = 0; lane < kLanes; ++lane) {
        const int32_t weight = Weight(step, output, lane);
        const auto index = static_cast<size_t>(output * kLanes + lane);
        const int64_t byte =
            step.step.indexed ? step.operands.indices[index] : step.step.byte_select;
        for (int64_t token = 0; token < kTile; ++token) {
          const auto at = static_cast<size_t>((token * kLanes + lane) * 16 + byte);
          sums_[static_cast<size_t>(token * kTile + output)] += weight * window_[at];
        }
      }
    }
    if (step.step.last) results_.push_back({step.step.tile, sums_, advances_ - 1 + kLatency});
  }

  Testbench<Model> bench_;
  std::deque<DmmeStep> waiting_;
  std::array<std::optional<DmmeStep>, 3> pipe_;  // by the advances since they were taken
  std::deque<Result> results_;
  std::vector<int8_t> window_;
  std::vector<int32_t> sums_;
  uint64_t advances_ = 0;
  int64_t tiles_ = 0;
};

}  // namespace sta::rtl

#endif  // ACCEL_RTL_DV_DMME_BENCH_H_
