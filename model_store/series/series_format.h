// SPDX-License-Identifier: Apache-2.0
//
// The text of series.json. Pure functions; thread-safe.
#ifndef MODEL_STORE_SERIES_SERIES_FORMAT_H_
#define MODEL_STORE_SERIES_SERIES_FORMAT_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "model_store/series/series_manifest.h"

namespace sta {

inline constexpr int kSeriesFormatVersion = 1;
inline constexpr int64_t kMaxSeriesFileBytes = 1 << 20;
inline constexpr size_t kMaxCandidates = 64;

// INVALID_ARGUMENT says which key of which candidate is wrong and what is allowed;
// FAILED_PRECONDITION: a version that this build does not know.
absl::StatusOr<SeriesManifest> ParseSeriesManifest(std::string_view json);
std::string FormatSeriesManifest(const SeriesManifest& series);

}  // namespace sta

#endif  // MODEL_STORE_SERIES_SERIES_FORMAT_H_
