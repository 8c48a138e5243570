// SPDX-License-Identifier: Apache-2.0
//
// SeriesManifest: series.json: the candidates of one model that differ in their patterns, with
// their scores. `sta_prune` writes one beside the Hugging Face directories that it trains, and
// `stactl convert --series` one beside the packages that it makes of them (docs/pruning.md).
//
//   auto series = ReadSeriesManifest("sst2/series.json");
//   for (const SeriesCandidate& candidate : series->candidates) ... candidate.patterns ...
//
// What is read may be anybody's: everything is checked. Plain values; reading and writing do file
// I/O.
#ifndef MODEL_STORE_SERIES_SERIES_MANIFEST_H_
#define MODEL_STORE_SERIES_SERIES_MANIFEST_H_

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model_store/package/series_entry.h"

namespace sta {

inline constexpr std::string_view kSeriesFile = "series.json";

// Of a candidate that is a package.
struct SeriesPackage {
  std::string alias;       // of the version that it becomes in a store
  std::string digest;      // SHA-256 of its manifest.json, lower-case hex
  int64_t size_bytes = 0;  // all files but the manifest

  friend bool operator==(const SeriesPackage&, const SeriesPackage&) = default;
};

struct SeriesCandidate {
  std::string name;       // "2-8", in every series only once
  std::string directory;  // beside series.json: a name, not a path
  std::string patterns;   // rules of pattern_assignment.h, without "keep"
  double density = 1.0;   // kept share of the weights, over 0 to 1
  int64_t steps = 0;      // of training
  double seconds = 0;
  std::string split;  // what the scores are of
  Scores accuracy;    // has the series' metric
  std::optional<SeriesPackage> package = {};

  friend bool operator==(const SeriesCandidate&, const SeriesCandidate&) = default;
};

// Scores of the dense model on a split.
struct DenseScores {
  std::string split;
  Scores accuracy;

  friend bool operator==(const DenseScores&, const DenseScores&) = default;
};

struct SeriesManifest {
  std::string name;
  std::string task;
  std::string source;  // the dense model
  std::string metric;  // the score that counts most
  std::optional<DenseScores> dense;
  std::vector<SeriesCandidate> candidates;  // at least one; all of them packages, or none

  // What the candidate's package says of it.
  SeriesEntry EntryOf(const SeriesCandidate& candidate) const;
  // Null where there is none of that name.
  const SeriesCandidate* Find(std::string_view candidate) const;

  friend bool operator==(const SeriesManifest&, const SeriesManifest&) = default;
};

// `path`: series.json, or the directory that it lies in. NOT_FOUND: it cannot be
// read; else as ParseSeriesManifest.
absl::StatusOr<SeriesManifest> ReadSeriesManifest(const std::filesystem::path& path);
// The directory of series.json for a `path` as above.
std::filesystem::path SeriesDirectory(const std::filesystem::path& path);
// Replaces `directory`/series.json as a whole.
absl::Status WriteSeriesManifest(const SeriesManifest& series,
                                 const std::filesystem::path& directory);

// Keeps the candidates of these names, in the order of the series; all where there are no names.
// NOT_FOUND names the one that is not there, and those that are.
absl::Status SelectCandidates(const std::vector<std::string>& names, SeriesManifest& series);

// "dense" for "dense", "p2-8" for "2-8": an alias begins with a letter.
std::string AliasOf(std::string_view candidate);

}  // namespace sta

#endif  // MODEL_STORE_SERIES_SERIES_MANIFEST_H_
