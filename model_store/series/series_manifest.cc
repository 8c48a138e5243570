// SPDX-License-Identifier: Apache-2.0
#include "model_store/series/series_manifest.h"

#include <algorithm>
#include <fstream>

#include "absl/strings/ascii.h"
#include "model_store/series/series_format.h"
#include "strings/str_cat.h"

namespace sta {

SeriesEntry SeriesManifest::EntryOf(const SeriesCandidate& candidate) const {
  const bool comparable = dense.has_value() && dense->split == candidate.split;
  return {.series = name,
          .candidate = candidate.name,
          .task = task,
          .split = candidate.split,
          .steps = candidate.steps,
          .metric = metric,
          .scores = candidate.accuracy,
          .dense_scores = comparable ? dense->accuracy : Scores()};
}

const SeriesCandidate* SeriesManifest::Find(std::string_view candidate) const {
  const auto found = std::ranges::find(candidates, candidate, &SeriesCandidate::name);
  return found == candidates.end() ? nullptr : &*found;
}

std::filesystem::path SeriesDirectory(const std::filesystem::path& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) return path;
  return path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
}

absl::StatusOr<SeriesManifest> ReadSeriesManifest(const std::filesystem::path& path) {
  std::error_code error;
  const std::filesystem::path file =
      std::filesystem::is_directory(path, error) ? path / kSeriesFile : path;
  const bool is_file = std::filesystem::is_regular_file(file, error);
  std::ifstream stream;
  if (is_file) stream.open(file, std::ios::binary);
  if (!is_file || !stream) {
    return absl::NotFoundError(StrCat("there is no series: '", file.string(), "' cannot be read"));
  }
  // One byte over the limit is enough to be refused.
  std::string text(static_cast<size_t>(kMaxSeriesFileBytes) + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(stream.gcount()));
  return ParseSeriesManifest(text);
}

absl::Status WriteSeriesManifest(const SeriesManifest& series,
                                 const std::filesystem::path& directory) {
  const std::filesystem::path file = directory / kSeriesFile;
  std::filesystem::path staging = file;
  staging += ".staging";
  std::ofstream stream(staging, std::ios::binary | std::ios::trunc);
  stream << FormatSeriesManifest(series);
  stream.close();
  std::error_code error;
  if (stream) std::filesystem::rename(staging, file, error);
  if (!stream || error) {
    return absl::FailedPreconditionError(StrCat("cannot write '", file.string(), "'"));
  }
  return absl::OkStatus();
}

absl::Status SelectCandidates(const std::vector<std::string>& names, SeriesManifest& series) {
  for (const std::string& name : names) {
    if (series.Find(name) != nullptr) continue;
    std::string known;
    for (const SeriesCandidate& candidate : series.candidates) {
      StrAppend(&known, known.empty() ? "" : ", ", candidate.name);
    }
    return absl::NotFoundError(
        StrCat("series '", series.name, "' has no candidate '", name, "'; there are ", known));
  }
  if (names.empty()) return absl::OkStatus();
  std::erase_if(series.candidates, [&](const SeriesCandidate& candidate) {
    return std::ranges::find(names, candidate.name) == names.end();
  });
  return absl::OkStatus();
}

std::string AliasOf(std::string_view candidate) {
  const bool is_alias =
      !candidate.empty() && absl::ascii_isalpha(static_cast<unsigned char>(candidate.front()));
  return StrCat(is_alias ? "" : "p", candidate);
}

}  // namespace sta
