// SPDX-License-Identifier: Apache-2.0
#include "model_store/package/series_json.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "model_store/json/strict_json.h"
#include "model_store/package/manifest.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

constexpr size_t kMaxTextBytes = 128;
constexpr size_t kMaxMetrics = 16;
constexpr size_t kMaxMetricBytes = 64;
constexpr double kLargestScore = 100.0;

absl::Status WrongMember(std::string_view key, std::string_view expected) {
  return absl::InvalidArgumentError(StrCat("key '", key, "' must be ", expected));
}

bool IsControl(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

absl::Status CheckScore(std::string_view key, std::string_view name, const nlohmann::json& value) {
  if (!IsPackageFileName(name) || name.size() > kMaxMetricBytes) {
    return WrongMember(key, "scores by name: letters, digits, '.', '_' and '-', at most 64");
  }
  if (!value.is_number() || !(std::abs(value.get<double>()) <= kLargestScore)) {
    return absl::InvalidArgumentError(
        StrCat("key '", key, "': score '", name, "' must be a number in -100..100"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> ReadCandidateName(const nlohmann::json& object, std::string_view key) {
  absl::StatusOr<std::string> name = GetString(object, key);
  if (name.ok() && !IsPackageFileName(*name)) {
    return absl::InvalidArgumentError(
        StrCat("key '", key, "' is '", name->substr(0, kMaxTextBytes),
               "', which is no name: letters, digits, '.', '_' and '-', at most 128, and no dot "
               "in front"));
  }
  return name;
}

absl::StatusOr<std::string> ReadShortText(const nlohmann::json& object, std::string_view key) {
  absl::StatusOr<std::string> text = GetString(object, key);
  if (text.ok() &&
      (text->empty() || text->size() > kMaxTextBytes || std::ranges::any_of(*text, IsControl))) {
    return WrongMember(key, "a text of 1 to 128 bytes without control characters");
  }
  return text;
}

absl::StatusOr<Scores> ReadScores(const nlohmann::json& object, std::string_view key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_object() || found->empty() ||
      found->size() > kMaxMetrics) {
    return WrongMember(key, "an object of 1 to 16 scores");
  }
  Scores scores;
  for (const auto& [name, value] : found->items()) {
    if (absl::Status good = CheckScore(key, name, value); !good.ok()) return good;
    scores[name] = value.get<double>();
  }
  return scores;
}

absl::StatusOr<std::string> ReadMetric(const nlohmann::json& object, std::string_view key,
                                       const Scores& scores) {
  if (!object.contains(key)) return scores.begin()->first;
  absl::StatusOr<std::string> metric = GetString(object, key);
  if (metric.ok() && !scores.contains(*metric)) {
    return absl::InvalidArgumentError(StrCat("key '", key, "' is '", metric->substr(0, 64),
                                             "', which is none of the scores; one of them is '",
                                             scores.begin()->first, "'"));
  }
  return metric;
}

absl::StatusOr<SeriesEntry> ReadSeriesEntry(const nlohmann::json& object) {
  if (!object.is_object()) return absl::InvalidArgumentError("not an object");
  SeriesEntry entry;
  for (const auto& [key, out] : {std::pair{"name", &entry.series}, std::pair{"task", &entry.task},
                                 std::pair{"split", &entry.split}}) {
    absl::StatusOr<std::string> text = ReadShortText(object, key);
    if (!text.ok()) return text.status();
    *out = *std::move(text);
  }
  absl::StatusOr<std::string> candidate = ReadCandidateName(object, "candidate");
  if (!candidate.ok()) return candidate.status();
  entry.candidate = *std::move(candidate);
  const absl::StatusOr<int64_t> steps = GetInteger(object, "steps", 0, kMaxSteps);
  if (!steps.ok()) return steps.status();
  entry.steps = *steps;
  absl::StatusOr<Scores> scores = ReadScores(object, "scores");
  if (!scores.ok()) return scores.status();
  entry.scores = *std::move(scores);
  if (object.contains("dense_scores")) {
    absl::StatusOr<Scores> dense = ReadScores(object, "dense_scores");
    if (!dense.ok()) return dense.status();
    entry.dense_scores = *std::move(dense);
  }
  absl::StatusOr<std::string> metric = ReadMetric(object, "metric", entry.scores);
  if (!metric.ok()) return metric.status();
  entry.metric = *std::move(metric);
  return entry;
}

nlohmann::json SeriesEntryJson(const SeriesEntry& entry) {
  nlohmann::json json = {{"name", entry.series},  {"candidate", entry.candidate},
                         {"task", entry.task},    {"split", entry.split},
                         {"steps", entry.steps},  {"metric", entry.metric},
                         {"scores", entry.scores}};
  if (!entry.dense_scores.empty()) json["dense_scores"] = entry.dense_scores;
  return json;
}

}  // namespace sta
