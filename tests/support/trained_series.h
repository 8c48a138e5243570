// SPDX-License-Identifier: Apache-2.0
//
// A series as sta_prune leaves it, of tiny random classifiers: the directories dense, 4-8 and
// 2-8-mixed, whose zeros fit, and series.json.
//
//   ASSERT_THAT(WriteTrainedSeries(root / "toy"), IsOk());
//   nlohmann::json json = TrainedSeriesJson();     // change what the test is about
//   WriteSeriesJson(json, root / "toy");
//
// Deterministic.
#ifndef TESTS_SUPPORT_TRAINED_SERIES_H_
#define TESTS_SUPPORT_TRAINED_SERIES_H_

#include <filesystem>
#include <nlohmann/json.hpp>

#include "absl/status/status.h"

namespace sta {

nlohmann::json TrainedSeriesJson();
void WriteSeriesJson(const nlohmann::json& json, const std::filesystem::path& directory);
// Makes `directory`, which must not exist.
absl::Status WriteTrainedSeries(const std::filesystem::path& directory);

}  // namespace sta

#endif  // TESTS_SUPPORT_TRAINED_SERIES_H_
