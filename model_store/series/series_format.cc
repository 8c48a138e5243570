// SPDX-License-Identifier: Apache-2.0
#include "model_store/series/series_format.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "model_store/convert/pattern_assignment.h"
#include "model_store/json/strict_json.h"
#include "model_store/package/manifest.h"
#include "model_store/package/series_json.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

constexpr double kMaxSeconds = 1e9;
constexpr int64_t kMaxPackageBytes = int64_t{1} << 42;

absl::Status Wrong(std::string_view where, const absl::Status& status) {
  return absl::InvalidArgumentError(StrCat(where, ": ", status.message()));
}

absl::StatusOr<double> ReadInRange(const nlohmann::json& json, std::string_view key, double lowest,
                                   double highest) {
  absl::StatusOr<double> value = GetNumber(json, key);
  if (value.ok() && (*value < lowest || *value > highest)) {
    return absl::InvalidArgumentError(
        StrCat("key '", key, "' is ", *value, ", which is not in ", lowest, "..", highest));
  }
  return value;
}

absl::StatusOr<std::string> ReadPatterns(const nlohmann::json& json) {
  absl::StatusOr<std::string> text = GetString(json, "patterns");
  if (!text.ok()) return text;
  const absl::StatusOr<PatternAssignment> rules = PatternAssignment::Parse(*text);
  if (!rules.ok()) return rules.status();
  if (rules->Keeps()) {
    return absl::InvalidArgumentError("key 'patterns' says 'keep', which is no pattern");
  }
  return text;
}

absl::StatusOr<SeriesPackage> ReadPackage(const nlohmann::json& json) {
  SeriesPackage package;
  absl::StatusOr<std::string> alias = ReadCandidateName(json, "alias");
  if (!alias.ok()) return alias.status();
  if (!absl::ascii_isalpha(static_cast<unsigned char>(alias->front()))) {
    return absl::InvalidArgumentError(
        StrCat("alias '", *alias, "' does not begin with a letter, as an alias does"));
  }
  package.alias = *std::move(alias);
  absl::StatusOr<std::string> digest = GetString(json, "digest");
  if (!digest.ok()) return digest.status();
  if (!IsSha256(*digest)) {
    return absl::InvalidArgumentError("key 'digest' must be 64 hexadecimal digits");
  }
  package.digest = *std::move(digest);
  const absl::StatusOr<int64_t> size = GetInteger(json, "size_bytes", 0, kMaxPackageBytes);
  if (!size.ok()) return size.status();
  package.size_bytes = *size;
  return package;
}

absl::Status ReadFigures(const nlohmann::json& json, SeriesCandidate& candidate) {
  const absl::StatusOr<double> density = ReadInRange(json, "density", 0, 1);
  if (!density.ok()) return density.status();
  if (*density == 0) return absl::InvalidArgumentError("key 'density' must be over 0");
  candidate.density = *density;
  const absl::StatusOr<int64_t> steps = GetInteger(json, "steps", 0, kMaxSteps);
  if (!steps.ok()) return steps.status();
  candidate.steps = *steps;
  const absl::StatusOr<double> seconds = ReadInRange(json, "seconds", 0, kMaxSeconds);
  if (!seconds.ok()) return seconds.status();
  candidate.seconds = *seconds;
  return absl::OkStatus();
}

absl::Status ReadMembers(const nlohmann::json& json, SeriesCandidate& candidate) {
  if (!json.is_object()) return absl::InvalidArgumentError("not an object");
  for (const auto& [key, read, out] :
       {std::tuple{"name", &ReadCandidateName, &candidate.name},
        std::tuple{"directory", &ReadCandidateName, &candidate.directory},
        std::tuple{"split", &ReadShortText, &candidate.split}}) {
    absl::StatusOr<std::string> text = read(json, key);
    if (!text.ok()) return text.status();
    *out = *std::move(text);
  }
  absl::StatusOr<std::string> patterns = ReadPatterns(json);
  if (!patterns.ok()) return patterns.status();
  candidate.patterns = *std::move(patterns);
  if (absl::Status read = ReadFigures(json, candidate); !read.ok()) return read;
  absl::StatusOr<Scores> accuracy = ReadScores(json, "accuracy");
  if (!accuracy.ok()) return accuracy.status();
  candidate.accuracy = *std::move(accuracy);
  if (!json.contains("package")) return absl::OkStatus();
  absl::StatusOr<SeriesPackage> package = ReadPackage(json["package"]);
  if (!package.ok()) return Wrong("package", package.status());
  candidate.package = *std::move(package);
  return absl::OkStatus();
}

absl::Status ReadCandidates(const nlohmann::json& json, std::vector<SeriesCandidate>& candidates) {
  const auto found = json.find("candidates");
  if (found == json.end() || !found->is_array() || found->empty() ||
      found->size() > kMaxCandidates) {
    return absl::InvalidArgumentError(
        StrCat("key 'candidates' must be a list of 1 to ", kMaxCandidates, " objects"));
  }
  for (const nlohmann::json& element : *found) {
    SeriesCandidate candidate;
    if (absl::Status read = ReadMembers(element, candidate); !read.ok()) {
      return Wrong(StrCat("candidate ", candidates.size(),
                          candidate.name.empty() ? "" : StrCat(" ('", candidate.name, "')")),
                   read);
    }
    candidates.push_back(std::move(candidate));
  }
  return absl::OkStatus();
}

// What each candidate has to have for itself.
absl::Status CheckDistinct(const std::vector<SeriesCandidate>& candidates) {
  std::set<std::string> seen;
  const auto add = [&](std::string_view kind, const std::string& text) {
    if (seen.insert(StrCat(kind, " ", text)).second) return absl::OkStatus();
    return absl::InvalidArgumentError(StrCat("two candidates have the ", kind, " '", text, "'"));
  };
  for (const SeriesCandidate& candidate : candidates) {
    absl::Status distinct = add("name", candidate.name);
    distinct.Update(add("directory", candidate.directory));
    if (candidate.package.has_value()) {
      distinct.Update(add("alias", candidate.package->alias));
      distinct.Update(add("digest", candidate.package->digest));
    }
    if (!distinct.ok()) return distinct;
  }
  return absl::OkStatus();
}

absl::Status CheckAlike(const SeriesManifest& series) {
  const SeriesCandidate& first = series.candidates.front();
  for (const SeriesCandidate& candidate : series.candidates) {
    if (!candidate.accuracy.contains(series.metric)) {
      return absl::InvalidArgumentError(
          StrCat("candidate '", candidate.name, "' has no score '", series.metric, "'"));
    }
    if (candidate.package.has_value() != first.package.has_value()) {
      return absl::InvalidArgumentError(StrCat("of the candidates '", first.name, "' and '",
                                               candidate.name, "' only one is a package"));
    }
  }
  return absl::OkStatus();
}

// As the manifest says; else of the dense candidate.
absl::StatusOr<std::optional<DenseScores>> ReadDense(
    const nlohmann::json& json, const std::vector<SeriesCandidate>& candidates) {
  if (json.contains("dense")) {
    absl::StatusOr<std::string> split = ReadShortText(json["dense"], "split");
    if (!split.ok()) return Wrong("dense", split.status());
    absl::StatusOr<Scores> accuracy = ReadScores(json["dense"], "accuracy");
    if (!accuracy.ok()) return Wrong("dense", accuracy.status());
    return DenseScores{*std::move(split), *std::move(accuracy)};
  }
  const auto dense = std::ranges::find(candidates, "dense", &SeriesCandidate::patterns);
  if (dense == candidates.end()) return std::nullopt;
  return DenseScores{dense->split, dense->accuracy};
}

absl::Status ReadVersion(const nlohmann::json& json) {
  const absl::StatusOr<int64_t> version = GetInteger(json, "format_version", 1, 1'000'000);
  if (!version.ok()) return version.status();
  if (*version == kSeriesFormatVersion) return absl::OkStatus();
  return absl::FailedPreconditionError(
      StrCat("format_version is ", *version, ", this build knows ", kSeriesFormatVersion, " only"));
}

absl::StatusOr<SeriesManifest> ReadSeries(const nlohmann::json& json) {
  if (!json.is_object()) return absl::InvalidArgumentError("not a JSON object");
  if (absl::Status version = ReadVersion(json); !version.ok()) return version;
  SeriesManifest series;
  for (const auto& [key, out] :
       {std::pair{"name", &series.name}, {"task", &series.task}, {"source", &series.source}}) {
    absl::StatusOr<std::string> text = ReadShortText(json, key);
    if (!text.ok()) return text.status();
    *out = *std::move(text);
  }
  absl::Status status = ReadCandidates(json, series.candidates);
  if (!status.ok()) return status;
  absl::StatusOr<std::string> metric =
      ReadMetric(json, "metric", series.candidates.front().accuracy);
  if (!metric.ok()) return metric.status();
  series.metric = *std::move(metric);
  status.Update(CheckDistinct(series.candidates));
  status.Update(CheckAlike(series));
  if (!status.ok()) return status;
  absl::StatusOr<std::optional<DenseScores>> dense = ReadDense(json, series.candidates);
  if (!dense.ok()) return dense.status();
  series.dense = *std::move(dense);
  return series;
}

nlohmann::ordered_json CandidateJson(const SeriesCandidate& candidate) {
  nlohmann::ordered_json json = {
      {"name", candidate.name},         {"directory", candidate.directory},
      {"patterns", candidate.patterns}, {"density", candidate.density},
      {"steps", candidate.steps},       {"seconds", candidate.seconds},
      {"split", candidate.split},       {"accuracy", candidate.accuracy}};
  if (candidate.package.has_value()) {
    json["package"] = {{"alias", candidate.package->alias},
                       {"digest", candidate.package->digest},
                       {"size_bytes", candidate.package->size_bytes}};
  }
  return json;
}

}  // namespace

absl::StatusOr<SeriesManifest> ParseSeriesManifest(std::string_view json) {
  const absl::StatusOr<nlohmann::json> document =
      ParseStrictJson(json, {.max_bytes = kMaxSeriesFileBytes, .max_depth = 8});
  absl::StatusOr<SeriesManifest> series =
      document.ok() ? ReadSeries(*document) : absl::StatusOr<SeriesManifest>(document.status());
  if (series.ok()) return series;
  return absl::Status(series.status().code(), StrCat(kSeriesFile, ": ", series.status().message()));
}

std::string FormatSeriesManifest(const SeriesManifest& series) {
  nlohmann::ordered_json candidates = nlohmann::ordered_json::array();
  for (const SeriesCandidate& candidate : series.candidates) {
    candidates.push_back(CandidateJson(candidate));
  }
  nlohmann::ordered_json json = {{"format_version", kSeriesFormatVersion},
                                 {"name", series.name},
                                 {"task", series.task},
                                 {"source", series.source},
                                 {"metric", series.metric}};
  if (series.dense.has_value()) {
    json["dense"] = {{"split", series.dense->split}, {"accuracy", series.dense->accuracy}};
  }
  json["candidates"] = std::move(candidates);
  // What was parsed is UTF-8; of anything else a question mark is better than an exception.
  return json.dump(1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace sta
