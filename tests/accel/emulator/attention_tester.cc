// SPDX-License-Identifier: Apache-2.0
#include "tests/accel/emulator/attention_tester.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>

#include "accel/arithmetic/attention.h"
#include "accel/arithmetic/reciprocal.h"
#include "accel/arithmetic/softmax.h"

namespace sta::emulator {
namespace {

// What heads of a cell are multiples of.
constexpr int64_t kHeadUnit = 16;

int64_t HeadStride(const AttentionCase& c) {
  return (c.head_size + kHeadUnit - 1) / kHeadUnit * kHeadUnit;
}

}  // namespace

void AttentionTester::PlaceRows(const AttentionCase& c, RandomValues& random) {
  row_offsets_.clear();
  int64_t offset = kHeadUnit * random.Uniform(0, 100);
  for (int64_t row = 0; row < c.key_count; ++row) {
    row_offsets_.push_back(offset);
    offset += HeadStride(c) + kHeadUnit * random.Uniform(0, 3);
  }
  // The kernel's copy ends where the last row's offset does.
  std::copy(row_offsets_.begin(), row_offsets_.end(), offsets_.Resize(c.key_count));
}

uint8_t* AttentionTester::MakeOperand(const AttentionCase& c, Fill fill, bool padding_is_zero,
                                      RandomValues& random, GuardedBuffer<uint8_t>& buffer) {
  const int64_t origin = row_offsets_.front();
  const int64_t bytes = row_offsets_.back() - origin + HeadStride(c);
  const int64_t unused = (kChunkChannels - bytes % kChunkChannels) % kChunkChannels;
  uint8_t* const base = buffer.Resize(unused + bytes) + unused - origin;
  for (int64_t row = 0; row < c.key_count; ++row) {
    uint8_t* const bytes_of_row = base + row_offsets_[static_cast<size_t>(row)];
    for (int64_t i = 0; i < HeadStride(c); ++i) {
      int64_t value = random.Value(fill, -127, 127, i);
      if (i >= c.head_size) value = padding_is_zero ? 0 : random.Uniform(-128, 127);
      bytes_of_row[i] = static_cast<uint8_t>(value + kernels_.zero_code);
    }
  }
  return base;
}

AttentionArgs AttentionTester::ArgsOf(const AttentionCase& c) {
  RandomValues random(c.seed);
  PlaceRows(c, random);
  const auto& table = arithmetic::kExpTable;
  std::copy(table.begin(), table.end(), exp_table_.Resize(std::ssize(table)));

  // Contexts of the queries only, as a chunk has them.
  const int64_t origin = row_offsets_[static_cast<size_t>(c.first_query)];
  const int64_t last = row_offsets_[static_cast<size_t>(c.first_query + c.query_count - 1)];
  const int64_t bytes = last - origin + HeadStride(c);
  const int64_t unused = (kChunkChannels - bytes % kChunkChannels) % kChunkChannels;
  const int64_t scratch_bytes = AttentionScratchBytes(c.key_count, HeadStride(c));
  return {.queries = MakeOperand(c, c.queries, true, random, queries_),
          .keys = MakeOperand(c, c.keys, true, random, keys_),
          .values = MakeOperand(c, c.values, false, random, values_),
          .context = context_.Resize(unused + bytes) + unused,
          .row_offsets = offsets_.data(),
          .context_origin = origin,
          .first_query = c.first_query,
          .query_count = c.query_count,
          .key_count = c.key_count,
          .head_stride = HeadStride(c),
          .logit_shift = c.logit_shift,
          .logit_multiplier = c.logit_multiplier,
          .context_shift = c.context_shift,
          .context_multiplier = c.context_multiplier,
          .exp_table = exp_table_.data(),
          .scratch = scratch_.Resize(scratch_bytes)};
}

void AttentionTester::Check(const AttentionCase& c) {
  SCOPED_TRACE(testing::Message() << kernels_.name << ", head size " << c.head_size << ", keys "
                                  << c.key_count << ", queries " << c.first_query << " + "
                                  << c.query_count << ", logits >> " << c.logit_shift << " * "
                                  << c.logit_multiplier << ", context k " << c.context_shift
                                  << ", cm " << c.context_multiplier << ", q " << c.queries
                                  << ", k " << c.keys << ", v " << c.values << ", seed " << c.seed);
  const AttentionArgs args = ArgsOf(c);
  kernels_.attention(args);
  CompareContexts(c, args);
  EXPECT_TRUE(context_.GuardsAreIntact());
  EXPECT_TRUE(scratch_.GuardsAreIntact());
}

void AttentionTester::ExpectedContext(const AttentionCase& c, const AttentionArgs& args,
                                      int64_t query) {
  std::vector<int16_t> logits;
  for (int64_t key = 0; key < c.key_count; ++key) {
    int32_t sum = 0;
    for (int64_t i = 0; i < c.head_size; ++i) {
      sum += Code(args.queries, query, i) * Code(args.keys, key, i);
    }
    logits.push_back(
        arithmetic::AttentionLogit(sum, c.logit_shift, static_cast<int16_t>(c.logit_multiplier)));
  }
  std::vector<uint8_t> probabilities(logits.size());
  const arithmetic::RowReciprocal reciprocal =
      arithmetic::Reciprocal(arithmetic::SoftmaxRow(logits, probabilities));
  const int32_t multiplier = arithmetic::ContextRowMultiplier(reciprocal, c.context_multiplier);
  expected_.clear();
  for (int64_t i = 0; i < c.head_size; ++i) {
    int32_t sum = 0;
    for (int64_t key = 0; key < c.key_count; ++key) {
      sum += probabilities[static_cast<size_t>(key)] * Code(args.values, key, i);
    }
    expected_.push_back(
        arithmetic::Context(sum, reciprocal.exponent - c.context_shift, multiplier));
  }
}

void AttentionTester::CompareContexts(const AttentionCase& c, const AttentionArgs& args) {
  const uint8_t* const base = args.context - args.context_origin;
  int64_t untouched = context_.data() - args.context + args.context_origin;
  for (int64_t query = c.first_query; query < c.first_query + c.query_count; ++query) {
    const int64_t row = row_offsets_[static_cast<size_t>(query)];
    // What lies between the rows belongs to other heads.
    for (; untouched < row; ++untouched) {
      ASSERT_EQ(base[untouched], kGuardByte) << "written in front of query " << query;
    }
    untouched += HeadStride(c);
    ExpectedContext(c, args, query);
    for (int64_t i = 0; i < c.head_size; ++i) {
      ASSERT_EQ(Code(base, query, i), expected_[static_cast<size_t>(i)])
          << "query " << query << ", channel " << i;
    }
  }
}

}  // namespace sta::emulator
