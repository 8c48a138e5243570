// SPDX-License-Identifier: Apache-2.0
#include "accel/arithmetic/attention.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "accel/arithmetic/softmax.h"
#include "tests/support/golden.h"

namespace sta::arithmetic {
namespace {

TEST(AttentionTest, LogitEqualsWorkedExampleTiesAndEnds) {
  EXPECT_EQ(AttentionLogit(23456, 5, 3001), 67);
  EXPECT_EQ(AttentionLogit(-16, 5, 32767), 0);           // -0.5 rounds up in the shift
  EXPECT_EQ(AttentionLogit(16, 5, 32767), 1);            // 0.5 rounds up in the shift
  EXPECT_EQ(AttentionLogit(-1, 0, 16384), 0);            // and in the multiplication
  EXPECT_EQ(AttentionLogit(66064384, 0, 32767), 32766);  // 4096 * 127 * 127
  EXPECT_EQ(AttentionLogit(-66064384, 0, 32767), -32767);
  EXPECT_EQ(AttentionLogit(66064384, 31, 32767), 0);
  EXPECT_EQ(AttentionLogit(12345, 3, 0), 0);
}

TEST(AttentionTest, ContextEqualsWorkedExample) {
  const RowReciprocal reciprocal = Reciprocal(224);
  const int32_t mr = ContextRowMultiplier(reciprocal, 3000);
  EXPECT_EQ(mr, 1714);
  EXPECT_EQ(Context(6000, reciprocal.exponent - 5, mr), 78);
  EXPECT_EQ(Context(-15000, reciprocal.exponent - 5, mr), -127);
}

TEST(AttentionTest, ContextAtItsEnds) {
  // The largest accumulator, 127 * Z, at the smallest row and the largest k: shift 0.
  const RowReciprocal reciprocal = Reciprocal(127);
  ASSERT_EQ(reciprocal.exponent, 6);
  const int32_t mr = ContextRowMultiplier(reciprocal, 32767);
  EXPECT_EQ(Context(127 * 127, 0, mr), 127);
  EXPECT_EQ(Context(-127 * 127, 0, mr), -127);
  EXPECT_EQ(ContextRowMultiplier(reciprocal, 1), 1);  // 0.504 rounds to 1
}

TEST(AttentionTest, ContextEqualsGolden) {
  const auto golden = LoadGolden("arithmetic/pv_requant.json")["rows"];
  ASSERT_EQ(golden.size(), 40u);
  for (const auto& row : golden) {
    const RowReciprocal reciprocal = Reciprocal(row["sum"]);
    const int32_t mr = ContextRowMultiplier(reciprocal, row["cm"]);
    for (size_t i = 0; i < row["acc"].size(); ++i) {
      EXPECT_EQ(Context(row["acc"][i], reciprocal.exponent - row["k"].get<int>(), mr),
                row["y"][i].get<int>());
    }
  }
}

// One head's context for one query, straight from section 7.
std::vector<int> HeadContext(const nlohmann::json& golden, size_t query, size_t first,
                             size_t head_size) {
  const size_t tokens = golden["q"].size();
  std::vector<int16_t> t(tokens);
  for (size_t j = 0; j < tokens; ++j) {
    int32_t accumulator = 0;
    for (size_t c = first; c < first + head_size; ++c) {
      accumulator += golden["q"][query][c].get<int>() * golden["k"][j][c].get<int>();
    }
    t[j] = AttentionLogit(accumulator, golden["lg"]["s"], golden["lg"]["m"]);
  }
  std::vector<uint8_t> p(tokens);
  const RowReciprocal reciprocal = Reciprocal(SoftmaxRow(t, p));
  const int32_t mr = ContextRowMultiplier(reciprocal, golden["pv"]["cm"]);
  std::vector<int> context;
  for (size_t c = first; c < first + head_size; ++c) {
    int32_t accumulator = 0;
    for (size_t j = 0; j < tokens; ++j) accumulator += p[j] * golden["v"][j][c].get<int>();
    context.push_back(Context(accumulator, reciprocal.exponent - golden["pv"]["k"].get<int>(), mr));
  }
  return context;
}

TEST(AttentionTest, WholeAttentionEqualsGolden) {
  const auto golden = LoadGolden("arithmetic/attention.json");
  const size_t heads = golden["heads"];
  const size_t head_size = golden["q"][0].size() / heads;
  for (size_t query = 0; query < golden["q"].size(); ++query) {
    std::vector<int> context;
    for (size_t head = 0; head < heads; ++head) {
      const std::vector<int> part = HeadContext(golden, query, head * head_size, head_size);
      context.insert(context.end(), part.begin(), part.end());
    }
    EXPECT_EQ(context, golden["y"][query].get<std::vector<int>>()) << "query " << query;
  }
}

}  // namespace
}  // namespace sta::arithmetic
