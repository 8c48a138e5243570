// SPDX-License-Identifier: Apache-2.0
#include "bench/engine/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

namespace sta::bench {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

Report QuietReport() {
  return {.package = "store/minilm/1",
          .device = {.name = "emulator", .kind = "emulator", .detail = "avx2", .max_tokens = 1},
          .threads = 2,
          .measurements = {{.shape = "8x128",
                            .sequences = 8,
                            .tokens = 1024,
                            .microseconds = {1000, 2000, 4000}}},
          .beside_neighbor = {}};
}

Report BusyReport() {
  Report report = QuietReport();
  report.beside_neighbor = report.measurements;
  report.beside_neighbor[0].microseconds = {2000, 5000, 9000};
  return report;
}

TEST(ReportTest, PrintsTheTimesOfEachShape) {
  const std::string text = ReportText(QuietReport());
  EXPECT_THAT(text, HasSubstr("emulator: avx2\n"));
  EXPECT_THAT(text, ContainsRegex("\n8x128 +1,024 +3 +2.000 +1.000 +4.000 +512,000\n"));
  EXPECT_THAT(text, Not(HasSubstr("quiet")));
}

TEST(ReportTest, PrintsHowMuchLongerRunsTakeBesideANeighbor) {
  const std::string text = ReportText(BusyReport());
  EXPECT_THAT(text, HasSubstr("x quiet\n"));
  EXPECT_THAT(text, ContainsRegex("\n8x128 +1,024 +3 +2.000 "));
  EXPECT_THAT(text, ContainsRegex("\n8x128, busy neighbor +1,024 +3 +5.000 .* 2.50\n"));
}

TEST(ReportTest, GivesTheSameAsJson) {
  const auto quiet = nlohmann::json::parse(ReportJson(QuietReport()));
  EXPECT_EQ(quiet["threads"], 2);
  EXPECT_EQ(quiet["shapes"][0], nlohmann::json::parse(R"({
    "shape": "8x128", "sequences": 8, "tokens": 1024, "runs": 3, "median_us": 2000.0,
    "p10_us": 1000.0, "p90_us": 4000.0, "tokens_per_second": 512000.0})"));
  const auto busy = nlohmann::json::parse(ReportJson(BusyReport()));
  EXPECT_EQ(busy["shapes"][0]["median_us"], 2000.0);
  EXPECT_EQ(busy["shapes"][0]["busy_neighbor"]["median_us"], 5000.0);
  EXPECT_EQ(busy["shapes"][0]["busy_neighbor"]["over_quiet"], 2.5);
}

}  // namespace
}  // namespace sta::bench
