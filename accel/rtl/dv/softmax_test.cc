// SPDX-License-Identifier: Apache-2.0
//
// The softmax unit against accel/arithmetic: logits of rows of all lengths, in bursts of granules
// with random gaps, several slots under way, probabilities held off at random. Checked are every
// byte of a slot's rows of probabilities, that each is written once, and the rows' scalars.
#include "accel/arithmetic/softmax.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "Vsoftmax_16x8.h"
#include "Vsoftmax_4x4.h"
#include "Vsoftmax_8x8.h"
#include "accel/arithmetic/attention.h"
#include "accel/arithmetic/reciprocal.h"
#include "accel/program/card/card_config.h"
#include "accel/program/card/instruction.h"
#include "accel/rtl/dv/bits.h"
#include "accel/rtl/dv/instruction_port.h"
#include "accel/rtl/dv/probability_memory.h"
#include "accel/rtl/dv/step.h"
#include "accel/rtl/dv/testbench.h"
#include "gtest/gtest.h"

namespace sta::rtl {
namespace {

using card::AttentionInstruction;

template <typename Model, int64_t kTile, int64_t kLanes>
struct SoftmaxArray {
  using ModelType = Model;
  static card::CardConfig Config() { return {.tile = kTile, .lanes = kLanes}; }
};

// Logits of one slot, [row][key].
using SlotLogits = std::vector<std::vector<int16_t>>;

// Percentages of cycles: a granule's burst begins though it need not; probabilities are taken; a
// slot whose probabilities are done is free again.
struct Pace {
  int tile = 100;
  int ready = 100;
  int release = 100;
};

template <typename ArrayType>
class SoftmaxTest : public testing::Test {
 protected:
  using Bench = Testbench<typename ArrayType::ModelType>;

  SoftmaxTest() : config_(ArrayType::Config()) {}

  // Rows of different kinds: close together, over the whole range, extremes, all the same.
  SlotLogits RandomLogits(Bench& bench, int64_t keys) const {
    SlotLogits logits(static_cast<size_t>(config_.tile));
    for (auto& row : logits) {
      const uint32_t kind = bench.random()() % 4;
      const auto center = static_cast<int16_t>(bench.random()());
      for (int64_t key = 0; key < keys; ++key) {
        const auto random = static_cast<int32_t>(bench.random()() % 65536);
        int32_t logit = center;
        if (kind == 0) logit = center + random % 300;
        if (kind == 1) logit = random;
        if (kind == 2) logit = random % 2 == 0 ? -32768 : 32767;
        row.push_back(static_cast<int16_t>(logit));
      }
    }
    return logits;
  }

  void Begin(Bench& bench) {
    bench->score_valid_i = 0;
    bench->probability_ready_i = 0;
    bench.Reset();
  }

  // Runs `jobs` as those of one instruction, all or for `most_cycles`; gives the cycle after each
  // job's done pulse.
  std::vector<uint64_t> Run(Bench& bench, const AttentionInstruction& attention,
                            const std::vector<SlotLogits>& jobs, const Pace& pace,
                            uint64_t most_cycles = 1'000'000) {
    SetInstruction(bench->attention_i, {.operation = attention}, config_);
    bench->score_valid_i = 0;
    for (int i = 0; i < 2; ++i) bench.Tick();  // the instruction stands before its first logits
    attention_ = attention;
    memory_.emplace(config_, attention);
    const uint64_t end = bench.cycles() + most_cycles;
    std::vector<uint64_t> done_cycles;
    size_t released = 0;
    size_t sent = 0;      // jobs of which all logits were sent
    int64_t granule = 0;  // of the present job, over its tiles
    const auto slot_of = [&](size_t job) {
      return static_cast<int64_t>(job) % card::kProbabilitySlots;
    };
    while (released < jobs.size() && bench.cycles() < end && !testing::Test::HasFatalFailure()) {
      const bool free = sent < jobs.size() && sent < released + card::kProbabilitySlots;
      const bool within_burst = granule % config_.granule_rows() != 0;
      bench->score_valid_i = free && (within_burst || bench.Chance(pace.tile));
      if (bench->score_valid_i != 0) SetGranule(bench, jobs[sent], slot_of(sent), granule);
      bench->probability_ready_i = bench.Chance(pace.ready);
      bench.Settle();
      if (bench->probability_valid_o != 0 && bench->probability_ready_i != 0) memory_->Write(bench);
      const bool done = bench->probabilities_done_o != 0;
      if (bench->score_valid_i != 0) {
        if (++granule == config_.GroupsOf(attention.key_count) * config_.granule_rows()) {
          ++sent;
          granule = 0;
        }
      }
      bench.Tick();
      if (done) {
        CheckSlot(bench, jobs[done_cycles.size()], slot_of(done_cycles.size()));
        done_cycles.push_back(bench.cycles());
      }
      if (released < done_cycles.size() && bench.Chance(pace.release)) ++released;
    }
    return done_cycles;
  }

  const card::CardConfig config_;

 private:
  void SetGranule(Bench& bench, const SlotLogits& logits, int64_t slot, int64_t granule) const {
    const int64_t group = granule / config_.granule_rows();
    const int64_t first_row = granule % config_.granule_rows() * config_.granule_tokens();
    const int64_t first_key = group * config_.tile;
    bench->score_granule_i = static_cast<uint8_t>(granule % config_.granule_rows());
    SetTile(bench->score_tile_i,
            {.kind = TileKind::kScore,
             .slot = slot,
             .key_group = group,
             .valid_keys = std::min(config_.tile, attention_.key_count - first_key),
             .slot_last = group == config_.GroupsOf(attention_.key_count) - 1});
    for (int64_t row = 0; row < config_.granule_tokens(); ++row) {
      for (int64_t key = 0; key < config_.tile; ++key) {
        const auto& keys = logits[static_cast<size_t>(first_row + row)];
        const auto index = static_cast<size_t>(first_key + key);
        // A key that does not exist has a logit of whatever its padding gives.
        const uint64_t logit =
            index < keys.size() ? static_cast<uint16_t>(keys[index]) : bench.random()() % 65536;
        SetBits(bench->score_i, static_cast<size_t>(row * config_.tile + key) * 16, 16, logit);
      }
    }
  }

  void CheckSlot(Bench& bench, const SlotLogits& logits, int64_t slot) {
    for (size_t token = 0; token < logits.size(); ++token) {
      std::vector<uint8_t> probabilities(logits[token].size());
      const int32_t sum = arithmetic::SoftmaxRow(logits[token], probabilities);
      memory_->CheckRow(slot, static_cast<int64_t>(token), probabilities);
      CheckScalars(bench, slot, static_cast<int64_t>(token), arithmetic::Reciprocal(sum));
    }
    memory_->Clear(slot);
  }

  void CheckScalars(Bench& bench, int64_t slot, int64_t token,
                    const arithmetic::RowReciprocal& expected) const {
    bench->row_slot_i = static_cast<uint8_t>(slot);
    bench->row_granule_i = static_cast<uint8_t>(token / config_.granule_tokens());
    bench.Settle();
    const auto row = static_cast<size_t>(token % config_.granule_tokens());
    ASSERT_EQ(GetBits(bench->row_shift_o, row * 5, 5),
              static_cast<uint64_t>(expected.exponent - attention_.context_shift));
    ASSERT_EQ(GetBits(bench->row_multiplier_o, row * 15, 15),
              static_cast<uint64_t>(arithmetic::ContextRowMultiplier(
                  expected, static_cast<int32_t>(attention_.context_multiplier))));
  }

  AttentionInstruction attention_;
  std::optional<ProbabilityMemory> memory_;
};

using SoftmaxArrays =
    testing::Types<SoftmaxArray<Vsoftmax_4x4, 4, 4>, SoftmaxArray<Vsoftmax_8x8, 8, 8>,
                   SoftmaxArray<Vsoftmax_16x8, 16, 8>>;
TYPED_TEST_SUITE(SoftmaxTest, SoftmaxArrays);

TYPED_TEST(SoftmaxTest, IsExactUnderRandomPace) {
  for (uint32_t seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE(seed);
    typename TestFixture::Bench bench(seed);
    this->Begin(bench);
    for (int instruction = 0; instruction < 8; ++instruction) {
      const int64_t keys = 1 + bench.random()() % (bench.Chance(20) ? 200 : 40);
      const AttentionInstruction attention = {
          .key_count = keys,
          .probability_row = static_cast<int64_t>(bench.random()() % (1 << 20)),
          .context_shift = static_cast<int64_t>(bench.random()() % 7),
          .context_multiplier = 1 + static_cast<int64_t>(bench.random()() % 32767)};
      std::vector<SlotLogits> jobs(1 + bench.random()() % 10);
      for (SlotLogits& logits : jobs) logits = this->RandomLogits(bench, keys);
      this->Run(bench, attention, jobs,
                {.tile = seed % 3 == 0 ? 100 : 30,
                 .ready = seed % 4 == 0 ? 100 : 50,
                 .release = seed % 5 == 0 ? 100 : 10});
      ASSERT_FALSE(this->HasFailure());
    }
  }
}

TYPED_TEST(SoftmaxTest, TakesRowsOfOneToTheMostKeys) {
  typename TestFixture::Bench bench(1);
  this->Begin(bench);
  for (int64_t keys = 1; keys <= this->config_.max_sequence_tokens; ++keys) {
    SCOPED_TRACE(keys);
    this->Run(bench, {.key_count = keys, .context_multiplier = 32767},
              {this->RandomLogits(bench, keys)}, {});
    ASSERT_FALSE(this->HasFailure());
  }
}

// Each of a granule's lanes has a table of its own.
TYPED_TEST(SoftmaxTest, KnowsEveryDistanceInEveryLane) {
  typename TestFixture::Bench bench(1);
  this->Begin(bench);
  const int64_t keys = this->config_.max_sequence_tokens;
  constexpr int kDistances = 300;
  std::vector<SlotLogits> jobs;
  for (int first = 0; first < kDistances;) {
    std::vector<int16_t> row;
    for (int64_t key = 0; key < keys; ++key) {
      const auto group = static_cast<int>(key / this->config_.tile);
      row.push_back(static_cast<int16_t>(group == 0 ? 0 : -(first + group - 1)));
    }
    first += static_cast<int>(this->config_.GroupsOf(keys)) - 1;
    jobs.emplace_back(static_cast<size_t>(this->config_.tile), row);
  }
  this->Run(bench, {.key_count = keys}, jobs, {});
}

// The rows' scalars of one slot are made while the next slot has its second pass.
TYPED_TEST(SoftmaxTest, KeepsThePaceOfTheLogits) {
  typename TestFixture::Bench bench(1);
  this->Begin(bench);
  const int64_t groups = 64 / this->config_.tile;
  std::vector<SlotLogits> jobs(12);
  for (SlotLogits& logits : jobs) logits = this->RandomLogits(bench, 64);
  const std::vector<uint64_t> done = this->Run(bench, {.key_count = 64}, jobs, {});
  ASSERT_EQ(done.size(), jobs.size());
  const auto pass = static_cast<uint64_t>(groups * this->config_.granule_rows());
  for (size_t job = 1; job < done.size(); ++job) {
    EXPECT_EQ(done[job] - done[job - 1], pass) << job;
  }
}

TYPED_TEST(SoftmaxTest, IsDoneSoonAfterTheLastLogits) {
  typename TestFixture::Bench bench(1);
  const auto rows = static_cast<uint64_t>(this->config_.granule_rows());
  const auto granule_tokens = static_cast<uint64_t>(this->config_.granule_tokens());
  for (const int64_t groups : {2, 3, 5}) {
    SCOPED_TRACE(groups);
    this->Begin(bench);
    const int64_t keys = groups * this->config_.tile;
    const uint64_t begin = bench.cycles() + 2;
    const std::vector<uint64_t> done =
        this->Run(bench, {.key_count = keys}, {this->RandomLogits(bench, keys)}, {});
    const uint64_t logits = static_cast<uint64_t>(groups) * rows;
    ASSERT_EQ(done.size(), 1);
    EXPECT_EQ(done[0] - begin, logits + logits - rows + 21 + granule_tokens);
  }
}

TYPED_TEST(SoftmaxTest, BeginsAfreshAfterAResetInTheMiddle) {
  typename TestFixture::Bench bench(1);
  const int64_t keys = 3 * this->config_.tile;
  for (uint64_t cycles = 1; cycles < 30; cycles += 4) {
    SCOPED_TRACE(cycles);
    this->Begin(bench);
    const SlotLogits logits = this->RandomLogits(bench, keys);
    const AttentionInstruction attention = {.key_count = keys};
    EXPECT_EQ(this->Run(bench, attention, {logits, logits}, {.ready = 40}).size(), 2);
    EXPECT_EQ(this->Run(bench, attention, {logits, logits, logits}, {}, cycles).size(), 0);
    ASSERT_FALSE(this->HasFailure());
  }
}

}  // namespace
}  // namespace sta::rtl
