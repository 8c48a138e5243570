// SPDX-License-Identifier: Apache-2.0
#include "client/commands/package_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace sta::client {
namespace {

using testing::HasSubstr;

PackageReport SmallReport() {
  PackageReport report;
  report.matrices = {{"a.query", "2:8", 16, 64, 256, 80}, {"a.key", "dense", 16, 64, 1024, 0}};
  report.package_bytes = 5000;
  report.provenance = {{"source", "tiny"}, {"tool", ""}};
  report.accuracy = {{"mean_cosine_to_float", 0.99712}};
  return report;
}

TEST(PackageReportTest, PrintsAMatrixALineAndTotals) {
  EXPECT_EQ(PackageReportText(SmallReport()),
            "tensor   pattern  fp32 bytes  packed  values  positions  bound   ratio\n"
            "-------  -------  ----------  ------  ------  ---------  -----  ------\n"
            "a.query  2:8           4,096     336     256         80     77  12.19x\n"
            "a.key    dense         4,096   1,024   1,024          0      0   4.00x\n"
            "-------  -------  ----------  ------  ------  ---------  -----  ------\n"
            "total                  8,192   1,360   1,280         80     77   6.02x\n"
            "\n"
            "package: 5,000 bytes, embeddings, tables and tokenizer included\n"
            "mean_cosine_to_float: 0.99712\n"
            "source: tiny\n");
}

TEST(PackageReportTest, SaysTheSameInJson) {
  const OrderedJson json = PackageReportJson(SmallReport());
  EXPECT_EQ(json["matrices"][0]["packed_bytes"], 336);
  EXPECT_EQ(json["total"]["dense_bytes"], 8192);
  EXPECT_EQ(json["package_bytes"], 5000);
  EXPECT_EQ(json["accuracy"]["mean_cosine_to_float"], 0.99712);
}

TEST(PackageReportTest, KnowsTheBoundOfPartialGroupsToo) {
  // 28 choices of 2 in 8; the tail of 3 keeps 2: 3 choices.
  const MatrixReport matrix{"m", "2:8", 4, 11, 0, 0};
  EXPECT_NEAR(PositionBoundBytes(matrix), 4 * (std::log2(28) + std::log2(3)) / 8, 1e-9);
  EXPECT_EQ(PositionBoundBytes({"m", "dense", 4, 11, 0, 0}), 0);
  EXPECT_EQ(PositionBoundBytes({"m", "9:8", 4, 11, 0, 0}), 0);
  EXPECT_EQ(PositionBoundBytes({"m", "2:x", 4, 11, 0, 0}), 0);
}

TEST(PackageReportTest, KnowsTheDensityOfPartialGroupsToo) {
  PackageReport report;
  EXPECT_EQ(DensityOf(report), 1);
  report.matrices = {{"m", "2:8", 4, 11, 0, 0}};  // 2 of 8, and 2 of the tail of 3
  EXPECT_DOUBLE_EQ(DensityOf(report), 4.0 / 11);
  report.matrices.push_back({"m", "dense", 4, 11, 0, 0});
  EXPECT_DOUBLE_EQ(DensityOf(report), 15.0 / 22);
  report.matrices.push_back({"m", "2:x", 4, 11, 0, 0});
  EXPECT_EQ(DensityOf(report), 1);
}

TEST(PackageReportTest, TellsThePlaceInASeries) {
  PackageReport report = SmallReport();
  report.series = {.series = "toy",
                   .candidate = "2-8",
                   .task = "sst2",
                   .split = "dev",
                   .steps = 1440,
                   .metric = "f1",
                   .scores = {{"accuracy", 90.5}, {"f1", 89}},
                   .dense_scores = {{"f1", 91}}};
  EXPECT_THAT(PackageReportText(report), HasSubstr("mean_cosine_to_float: 0.99712\n"
                                                   "series: toy, candidate 2-8, 1,440 training "
                                                   "steps\n"
                                                   "accuracy (sst2, dev): 90.50\n"
                                                   "f1 (sst2, dev): 89.00, of the dense model "
                                                   "91.00\n"
                                                   "source: tiny\n"));
  EXPECT_EQ(PackageReportJson(report)["series"]["scores"]["f1"], 89);
}

TEST(PackageReportTest, ClampsAbsurdFigures) {
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
  PackageReport report;
  report.matrices = {{"m", "2:8", kMost, kMost, kMost, kMost}, {"m", "2:8", kMost, 2, 1, 1}};
  EXPECT_THAT(PackageReportText(report), HasSubstr("9,223,372,036,854,775,807"));
}

}  // namespace
}  // namespace sta::client
