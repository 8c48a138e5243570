// SPDX-License-Identifier: Apache-2.0
//
// A series' entries and scores as JSON. What is read may be anybody's: sizes and ranges are
// checked, and texts hold no control characters. Pure functions.
#ifndef MODEL_STORE_PACKAGE_SERIES_JSON_H_
#define MODEL_STORE_PACKAGE_SERIES_JSON_H_

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "model_store/package/series_entry.h"

namespace sta {

inline constexpr int64_t kMaxSteps = 1'000'000'000'000;

// Members of an object; INVALID_ARGUMENT says which key is wrong and what is allowed.
// A candidate's name: one that a file may have (IsPackageFileName).
absl::StatusOr<std::string> ReadCandidateName(const nlohmann::json& object, std::string_view key);
// 1 to 128 bytes without control characters.
absl::StatusOr<std::string> ReadShortText(const nlohmann::json& object, std::string_view key);
// 1 to 16 scores whose names are letters, digits, '.', '_' and '-', at most 64.
absl::StatusOr<Scores> ReadScores(const nlohmann::json& object, std::string_view key);
// The member `key`, one of `scores`; where there is none, the first of them.
absl::StatusOr<std::string> ReadMetric(const nlohmann::json& object, std::string_view key,
                                       const Scores& scores);

absl::StatusOr<SeriesEntry> ReadSeriesEntry(const nlohmann::json& object);
nlohmann::json SeriesEntryJson(const SeriesEntry& entry);

}  // namespace sta

#endif  // MODEL_STORE_PACKAGE_SERIES_JSON_H_
