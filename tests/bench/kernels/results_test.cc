// SPDX-License-Identifier: Apache-2.0
#include "bench/kernels/results.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace sta::bench {
namespace {

using testing::Optional;
using testing::SizeIs;

Entry Product(const std::string& set, Pattern pattern, int threads) {
  return {.set = set, .work = "linear/384x384", .pattern = pattern, .threads = threads};
}

// 64 products a vector and two operations each: a dense ceiling of 128 GOP/s a thread, and 256 at
// 2:8, where gathering runs at half that rate.
std::vector<Peaks> PeaksOf(const std::vector<int>& threads) {
  std::vector<Peaks> peaks;
  for (const int count : threads) {
    peaks.push_back({.instruction_set = "wide",
                     .threads = count,
                     .product = 1.0 * count,
                     .pair = 0.5 * count,
                     .products_a_vector = 64});
  }
  return peaks;
}

TEST(EntryTest, NamesTheThreadsOfProducts) {
  const Entry product = Product("wide", {2, 8}, 2);
  EXPECT_EQ(product.Name(), "wide/linear/384x384/2:8/threads:2");
  EXPECT_EQ(product.NameWith("onednn", Pattern::Dense()), "onednn/linear/384x384/dense/threads:2");
  const Entry norm = {.set = "wide", .work = "layer_norm/768", .pattern = std::nullopt};
  EXPECT_EQ(norm.Name(), "wide/layer_norm/768");
}

TEST(ResultsTest, ComparesWithTheCeilingOfAsManyThreads) {
  const std::vector<Entry> entries = {Product("wide", {2, 8}, 1), Product("wide", {2, 8}, 2)};
  const auto results =
      ResultsOf(entries, {{entries[0].Name(), 128.0}, {entries[1].Name(), 128.0}}, PeaksOf({1, 2}));
  ASSERT_THAT(results, SizeIs(2));
  EXPECT_THAT(results[0].of_ceiling, Optional(0.5));
  EXPECT_THAT(results[1].of_ceiling, Optional(0.25));
  EXPECT_EQ(ResultsOf(entries, {{entries[1].Name(), 1.0}}, PeaksOf({1}))[0].of_ceiling,
            std::nullopt);
}

TEST(ResultsTest, ComparesWithPeersOfTheSameWorkAndThreads) {
  const std::vector<Entry> entries = {
      Product("wide", Pattern::Dense(), 1),    Product("wide", {2, 8}, 1),
      Product("generic", Pattern::Dense(), 1), Product("generic", {2, 8}, 1),
      Product(kOneDnn, Pattern::Dense(), 1),   Product("wide", Pattern::Dense(), 2)};
  std::map<std::string, double> rates;
  const std::vector<double> values = {60.0, 120.0, 6.0, 10.0, 40.0, 100.0};
  for (size_t i = 0; i < entries.size(); ++i) rates[entries[i].Name()] = values[i];

  const std::vector<Result> results = ResultsOf(entries, rates, {});
  ASSERT_THAT(results, SizeIs(6));
  EXPECT_EQ(results[0].over_dense, std::nullopt);  // it is that one itself
  EXPECT_THAT(results[0].over_generic, Optional(10.0));
  EXPECT_THAT(results[0].over_onednn, Optional(1.5));
  EXPECT_THAT(results[1].over_dense, Optional(2.0));
  EXPECT_THAT(results[1].over_generic, Optional(12.0));
  EXPECT_EQ(results[1].over_onednn, std::nullopt);  // it multiplies dense matrices only
  EXPECT_EQ(results[4].unit, "GOP/s");
  EXPECT_EQ(results[4].over_generic, std::nullopt);
  EXPECT_EQ(results[5].over_generic, std::nullopt);  // not measured on two threads
  EXPECT_EQ(results[5].over_onednn, std::nullopt);
}

TEST(ResultsTest, TakesRowsWhereThereIsNoPatternAndLeavesOutWhatDidNotRun) {
  const std::vector<Entry> entries = {
      Product("wide", {2, 8}, 1),
      {.set = "wide", .work = "layer_norm/768", .pattern = std::nullopt}};
  const std::vector<Result> results = ResultsOf(entries, {{entries[1].Name(), 1e8}}, {});
  ASSERT_THAT(results, SizeIs(1));
  EXPECT_EQ(results[0].name, "wide/layer_norm/768");
  EXPECT_EQ(results[0].unit, "ns/row");
  EXPECT_EQ(results[0].value, 10.0);
}

}  // namespace
}  // namespace sta::bench
