// SPDX-License-Identifier: Apache-2.0
//
// VectorBench: a Verilated sta_vector_unit between models of what it is connected to: dispatcher,
// reader (parameters), residual buffer, activation buffer. All sides are ready at random, as often
// as VectorReadiness says. Checks by itself that offers stay until they are taken and that done_o
// comes once an instruction, after the right number of writes.
//
//   VectorBench<Vvector_unit_8x8> bench(config, seed, {.read = 50});
//   bench.Run(instructions);            // then compare bench.buffers()
#ifndef ACCEL_RTL_DV_VECTOR_BENCH_H_
#define ACCEL_RTL_DV_VECTOR_BENCH_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "accel/program/card/card_config.h"
#include "accel/program/card/instruction.h"
#include "accel/rtl/dv/bits.h"
#include "accel/rtl/dv/instruction_port.h"
#include "accel/rtl/dv/testbench.h"
#include "accel/virtual_card/card_buffers.h"
#include "gtest/gtest.h"

namespace sta::rtl {

// Percentages of cycles.
struct VectorReadiness {
  int instruction = 100;
  int ahead = 100;
  int request = 100;
  int response = 100;
  int read = 100;
  int write = 100;
  int view = 100;
};

// Checks that an offer stays as it is until it is taken.
class HeldOffer {
 public:
  using Fields = std::array<uint64_t, 5>;

  // Gives whether the offer is taken.
  bool Observe(bool valid, bool ready, const Fields& fields) {
    if (held_.has_value()) {
      EXPECT_TRUE(valid) << "an offer was withdrawn";
      EXPECT_EQ(fields, *held_);
    }
    held_ = valid && !ready ? std::optional(fields) : std::nullopt;
    return valid && ready;
  }

 private:
  std::optional<Fields> held_;
};

template <typename Model>
class VectorBench {
 public:
  VectorBench(const card::CardConfig& config, uint32_t seed, const VectorReadiness& readiness)
      : config_(config), readiness_(readiness), buffers_(config), bench_(seed) {
    Reset();
  }

  Testbench<Model>& bench() { return bench_; }
  card::CardBuffers& buffers() { return buffers_; }
  std::vector<uint8_t>& program() { return program_; }  // where parameters are, whole beats

  VectorReadiness& readiness() { return readiness_; }
  size_t done() const { return done_; }
  size_t ahead_taken() const { return ahead_taken_; }
  int64_t responses() const { return responses_; }  // beats of parameters taken since Start

  // Gives the cycles from the first instruction's take to the last one's done.
  uint64_t Run(std::span<const card::VectorInstruction> instructions) {
    Start(instructions);
    while (done_ < instructions_.size() && !testing::Test::HasFailure()) Cycle();
    return bench_.cycles() - begin_;
  }

  void Start(std::span<const card::VectorInstruction> instructions) {
    instructions_.assign(instructions.begin(), instructions.end());
    taken_ = ahead_taken_ = done_ = 0;
    writes_ = views_ = responses_ = 0;
  }

  void Reset() {
    bench_->instruction_valid_i = 0;
    bench_->ahead_valid_i = 0;
    bench_->request_ready_i = 0;
    bench_->response_valid_i = 0;
    bench_->read_ready_i = 0;
    bench_->read_data_valid_i = 0;
    bench_->write_ready_i = 0;
    bench_->view_ready_i = 0;
    bench_.Reset();
    Start({});
    beats_.clear();
    answers_ = {};
    write_.reset();
    request_offer_ = read_offer_ = write_offer_ = view_offer_ = {};
  }

  void Cycle() {
    Drive();
    bench_.Settle();
    ObserveInstructions();
    ObserveParameters();
    ObserveReads();
    ObserveWrites();
    ObserveViews();
    bench_.Tick();
  }

 private:
  void Drive() {
    // The dispatcher hands both copies out; either may be taken first.
    bench_->ahead_valid_i = ahead_taken_ < instructions_.size() && bench_.Chance(readiness_.ahead);
    if (bench_->ahead_valid_i != 0) {
      SetInstruction(bench_->ahead_instruction_i, {.operation = instructions_[ahead_taken_]},
                     config_);
    }
    bench_->instruction_valid_i =
        taken_ < instructions_.size() && bench_.Chance(readiness_.instruction);
    if (bench_->instruction_valid_i != 0) {
      SetInstruction(bench_->instruction_i, {.operation = instructions_[taken_]}, config_);
    }
    bench_->request_ready_i = bench_.Chance(readiness_.request);
    bench_->response_valid_i = !beats_.empty() && bench_.Chance(readiness_.response);
    if (bench_->response_valid_i != 0) {
      const size_t from = beats_.front() * card::kBeatBytes;
      ASSERT_LE(from + card::kBeatBytes, program_.size());
      for (size_t i = 0; i < card::kBeatBytes; ++i) {
        SetBits(bench_->response_data_i, i * 8, 8, program_[from + i]);
      }
    }
    bench_->read_ready_i = bench_.Chance(readiness_.read);
    bench_->read_data_valid_i = answers_[1].has_value();
    if (answers_[1].has_value()) {
      for (size_t i = 0; i < answers_[1]->size(); ++i) {
        SetBits(bench_->read_data_i, i * 16, 16, static_cast<uint16_t>((*answers_[1])[i]));
      }
    }
    bench_->write_ready_i = bench_.Chance(readiness_.write);
    bench_->view_ready_i = bench_.Chance(readiness_.view);
  }

  void ObserveInstructions() {
    EXPECT_NE(bench_->busy_o, bench_->instruction_ready_o);
    if (bench_->done_o != 0) {
      ASSERT_LT(done_, taken_);
      CheckCounts(instructions_[done_++]);
    }
    if (bench_->ahead_valid_i != 0 && bench_->ahead_ready_o != 0) ++ahead_taken_;
    if (bench_->instruction_valid_i != 0 && bench_->instruction_ready_o != 0) {
      EXPECT_EQ(done_, taken_) << "taken before the one before it was done";
      if (taken_++ == 0) begin_ = bench_.cycles();
    }
  }

  void CheckCounts(const card::VectorInstruction& vector) {
    const int64_t granules = vector.token_groups * config_.granule_rows() * vector.channel_blocks;
    EXPECT_EQ(std::exchange(writes_, 0), vector.normalize ? granules : 0);
    EXPECT_EQ(std::exchange(views_, 0), vector.view ? granules : 0);
  }

  void ObserveParameters() {
    if (bench_->response_valid_i != 0 && bench_->response_ready_o != 0) {
      beats_.pop_front();
      ++responses_;
    }
    if (!request_offer_.Observe(bench_->request_valid_o != 0, bench_->request_ready_i != 0,
                                {bench_->request_beat_o, bench_->request_beats_o})) {
      return;
    }
    EXPECT_GE(bench_->request_beats_o, 1);
    EXPECT_LE(bench_->request_beats_o, 16);
    for (size_t i = 0; i < bench_->request_beats_o; ++i) {
      beats_.push_back(bench_->request_beat_o + i);
    }
  }

  // Answered two cycles later with what was written two cycles before, or earlier.
  void ObserveReads() {
    answers_[1] = std::exchange(answers_[0], std::nullopt);
    if (read_offer_.Observe(bench_->read_valid_o != 0, bench_->read_ready_i != 0,
                            {bench_->read_granule_o})) {
      ASSERT_LT(bench_->read_granule_o, config_.residual_beats * config_.beat_granules());
      const std::span<const int16_t> values = buffers_.Granule(bench_->read_granule_o);
      answers_[0].emplace(values.begin(), values.end());
    }
  }

  void ObserveWrites() {
    if (write_.has_value()) {
      std::ranges::copy(write_->second, buffers_.Granule(write_->first).begin());
      write_.reset();
    }
    if (!write_offer_.Observe(bench_->write_valid_o != 0, bench_->write_ready_i != 0,
                              {bench_->write_granule_o, GetBits(bench_->write_data_o, 0, 64)})) {
      return;
    }
    ++writes_;
    write_.emplace(bench_->write_granule_o, std::vector<int16_t>());
    for (int64_t i = 0; i < config_.granule_tokens() * config_.tile; ++i) {
      write_->second.push_back(
          static_cast<int16_t>(GetBits(bench_->write_data_o, static_cast<size_t>(i) * 16, 16)));
    }
  }

  void ObserveViews() {
    if (!view_offer_.Observe(bench_->view_valid_o != 0, bench_->view_ready_i != 0,
                             {bench_->view_row_o, bench_->view_granule_o, bench_->view_lane_o,
                              bench_->view_byte_o, GetBits(bench_->view_o, 0, 32)})) {
      return;
    }
    ++views_;
    for (int64_t g = 0; g < config_.granule_tokens(); ++g) {
      const int64_t token = bench_->view_granule_o * config_.granule_tokens() + g;
      const std::span<int8_t> lane = buffers_.Lane(bench_->view_row_o, token, bench_->view_lane_o);
      for (int64_t c = 0; c < config_.tile; ++c) {
        lane[static_cast<size_t>(bench_->view_byte_o + c)] = static_cast<int8_t>(
            GetBits(bench_->view_o, static_cast<size_t>(g * config_.tile + c) * 8, 8));
      }
    }
  }

  card::CardConfig config_;
  VectorReadiness readiness_;
  card::CardBuffers buffers_;
  std::vector<uint8_t> program_;
  Testbench<Model> bench_;

  std::vector<card::VectorInstruction> instructions_;
  size_t taken_ = 0;
  size_t ahead_taken_ = 0;
  size_t done_ = 0;
  uint64_t begin_ = 0;
  int64_t writes_ = 0;  // of the present instruction
  int64_t views_ = 0;
  int64_t responses_ = 0;

  std::deque<size_t> beats_;  // requested
  std::array<std::optional<std::vector<int16_t>>, 2> answers_;
  std::optional<std::pair<int64_t, std::vector<int16_t>>> write_;  // not to be read yet
  HeldOffer request_offer_, read_offer_, write_offer_, view_offer_;
};

}  // namespace sta::rtl

#endif  // ACCEL_RTL_DV_VECTOR_BENCH_H_
