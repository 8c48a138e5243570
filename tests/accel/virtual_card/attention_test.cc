// SPDX-License-Identifier: Apache-2.0
#include "accel/arithmetic/attention.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "accel/arithmetic/reciprocal.h"
#include "accel/arithmetic/softmax.h"
#include "tests/accel/virtual_card/card_tester.h"

namespace sta::card {
namespace {

class AttentionTester : public CardTester {
 public:
  AttentionTester(std::string_view preset, uint64_t seed) : CardTester(preset, seed) {
    attention_ = {.heads = random.Uniform(1, 3),
                  .head_steps = random.Pick({1, 2, 4, 8}),
                  .head_value_blocks = random.Uniform(1, 3),
                  .key_count = random.Uniform(1, 3 * config.tile),
                  .query_groups = random.Uniform(1, 3),
                  .query_row = random.Uniform(0, 3),
                  .query_stride = random.Uniform(3, 5),
                  .key_tile = random.Uniform(0, 9),
                  .value_tile = 80,
                  .value_stride = 10 + random.Uniform(0, 2),
                  .context_row = 20 + random.Uniform(0, 3),
                  .context_stride = 3 + random.Uniform(0, 2),
                  .probability_row = 40 + random.Uniform(0, 3),
                  .logit_shift = random.Uniform(0, 6),
                  .context_shift = random.Uniform(0, 6),
                  .logit_multiplier = random.Uniform(0, 3000),
                  .context_multiplier = random.Uniform(1, 32767)};
    attention_.key_stride =
        CeilDivide(attention_.heads * attention_.head_steps * config.lanes, config.tile);
  }

  void Test() {
    int64_t job = 0;
    for (int64_t head = 0; head < attention_.heads; ++head) {
      for (int64_t group = 0; group < attention_.query_groups; ++group, ++job) {
        for (int64_t token = 0; token < config.tile; ++token) Expect(head, group, token, job % 4);
      }
    }
    const CardRunResult result = Run({.operation = attention_});
    EXPECT_EQ(result.error, CardError::kNone);
    EXPECT_EQ(result.beats_read, 2);
    ExpectBuffers();
  }

 private:
  // Channel `c` of a head, as its byte lies in a row of queries.
  int8_t Query(int64_t head, int64_t group, int64_t token, int64_t c) {
    const int64_t bytes = head * attention_.head_steps;
    const int64_t channel =
        bytes / 16 * config.window_inputs() + c % config.lanes * 16 + bytes % 16 + c / config.lanes;
    return expected.Activation(attention_.query_row + group * attention_.query_stride, token,
                               channel);
  }

  int8_t Key(int64_t head, int64_t key, int64_t c) {
    return expected.KeyValue(attention_.key_tile + key / config.tile * attention_.key_stride,
                             key % config.tile, head * attention_.head_steps * config.lanes + c);
  }

  int8_t Value(int64_t head, int64_t key, int64_t c) {
    return expected.KeyValue(attention_.value_tile + key / config.tile * attention_.value_stride,
                             key % config.tile,
                             head * attention_.head_value_blocks * config.tile + c);
  }

  std::vector<int16_t> Logits(int64_t head, int64_t group, int64_t token) {
    std::vector<int16_t> logits;
    for (int64_t key = 0; key < attention_.key_count; ++key) {
      int32_t sum = 0;
      for (int64_t c = 0; c < attention_.head_steps * config.lanes; ++c) {
        sum += Query(head, group, token, c) * Key(head, key, c);
      }
      logits.push_back(
          arithmetic::AttentionLogit(sum, static_cast<int32_t>(attention_.logit_shift),
                                     static_cast<int16_t>(attention_.logit_multiplier)));
    }
    return logits;
  }

  void Expect(int64_t head, int64_t group, int64_t token, int64_t slot) {
    const std::vector<int16_t> logits = Logits(head, group, token);
    std::vector<uint8_t> probabilities(logits.size());
    const arithmetic::RowReciprocal reciprocal =
        arithmetic::Reciprocal(arithmetic::SoftmaxRow(logits, probabilities));
    const int64_t padded_keys = RoundUp(attention_.key_count, config.tile);
    probabilities.resize(static_cast<size_t>(padded_keys));
    const int64_t slot_row =
        attention_.probability_row + slot * CeilDivide(padded_keys, config.window_inputs());
    for (int64_t key = 0; key < padded_keys; ++key) {
      const int64_t window = key / config.window_inputs();
      const int64_t byte = key / config.lanes % 16;
      expected.Activation(slot_row + window, token, key % config.lanes * 16 + byte) =
          static_cast<int8_t>(probabilities[static_cast<size_t>(key)]);
    }

    const int64_t channels = attention_.head_value_blocks * config.tile;
    for (int64_t c = 0; c < channels; ++c) {
      int32_t sum = 0;
      for (int64_t key = 0; key < attention_.key_count; ++key) {
        sum += probabilities[static_cast<size_t>(key)] * Value(head, key, c);
      }
      expected.Activation(attention_.context_row + group * attention_.context_stride, token,
                          head * channels + c) =
          arithmetic::Context(sum,
                              reciprocal.exponent - static_cast<int32_t>(attention_.context_shift),
                              arithmetic::ContextRowMultiplier(
                                  reciprocal, static_cast<int32_t>(attention_.context_multiplier)));
    }
  }

  AttentionInstruction attention_;
};

class AttentionTest : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Arrays, AttentionTest, testing::Values("4x4x4", "8x8x8", "16x16x8"),
                         [](const auto& array) { return std::string(array.param); });

TEST_P(AttentionTest, EqualsDirectArithmetic) {
  for (uint64_t seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE(seed);
    AttentionTester(GetParam(), seed).Test();
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace sta::card
