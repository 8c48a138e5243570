// SPDX-License-Identifier: Apache-2.0
//
// ConvertSeries: the Hugging Face directories of a trained series to packages, and a series.json of
// them.
//
//   ConvertSeriesOptions options = {.series = "sst2", .output_directory = "packages",
//                                   .each = {.calibration_text = "sentences.txt"}};
//   absl::StatusOr<ConvertedSeries> converted = ConvertSeries(options, {});
//
// Blocks for as long as it takes (seconds to minutes a candidate). What is interrupted goes on when
// it is called again: packages that are whole are kept, and series.json is written last.
#ifndef MODEL_STORE_SERIES_CONVERT_SERIES_H_
#define MODEL_STORE_SERIES_CONVERT_SERIES_H_

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "model_store/convert/convert_model.h"
#include "model_store/series/series_manifest.h"

namespace sta {

struct ConvertSeriesOptions {
  std::filesystem::path series;  // series.json, or its directory
  std::filesystem::path output_directory;
  std::vector<std::string> only;  // names of candidates; empty: all
  // For every candidate; directories, patterns and what the package says of itself are filled in.
  ConvertOptions each;
};

struct ConvertedSeries {
  SeriesManifest series;              // of the packages, as written
  std::vector<Manifest> manifests;    // of each candidate's package
  std::vector<std::string> had_been;  // candidates whose packages were there already
};

// `done` of `total` steps of `phase` are over for a candidate. May be null.
using SeriesProgressSink = std::function<void(const SeriesCandidate& candidate,
                                              std::string_view phase, int64_t done, int64_t total)>;

// Each package has the patterns that the series says, whose zeros must be there: nothing is pruned.
// As ReadSeriesManifest, SelectCandidates and ConvertModel, the candidate named;
// FAILED_PRECONDITION: these are packages already; ALREADY_EXISTS: the output has another package
// or series, which has to be removed first.
absl::StatusOr<ConvertedSeries> ConvertSeries(const ConvertSeriesOptions& options,
                                              const SeriesProgressSink& progress);

}  // namespace sta

#endif  // MODEL_STORE_SERIES_CONVERT_SERIES_H_
