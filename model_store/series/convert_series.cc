// SPDX-License-Identifier: Apache-2.0
#include "model_store/series/convert_series.h"

#include <memory>
#include <optional>
#include <utility>

#include "model_store/package/package.h"
#include "model_store/series/series_packages.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

absl::Status OfCandidate(const SeriesCandidate& candidate, const absl::Status& status) {
  return absl::Status(status.code(),
                      StrCat("candidate '", candidate.name, "': ", status.message()));
}

// Whether a file of the model was written after the package.
bool IsNewer(const std::filesystem::path& model, const std::filesystem::path& package) {
  std::error_code error;
  const auto made = std::filesystem::last_write_time(package / kManifestFile, error);
  for (const auto& file : std::filesystem::directory_iterator(model, error)) {
    std::error_code of_file;
    const auto written = file.last_write_time(of_file);
    if (!of_file && written > made) return true;
  }
  return false;
}

// Why the package in `path` is not what would be made of the candidate now; empty: it is.
std::string Difference(const SeriesManifest& series, const SeriesCandidate& candidate,
                       const Package& package, const ConvertOptions& options) {
  const Provenance& provenance = package.manifest().provenance;
  if (provenance.series != series.EntryOf(candidate)) return "it is of another series or training";
  const absl::Status patterns = CheckPatterns(candidate, package.manifest());
  if (!patterns.ok()) return std::string(patterns.message());
  const std::string text = StrCat(" of ", options.calibration_text.filename().string());
  if (!provenance.calibration.ends_with(text)) {
    return StrCat("it was calibrated on ", provenance.calibration);
  }
  if (options.task.has_value() && package.config().task != *options.task) {
    return StrCat("its task is ", TaskName(package.config().task));
  }
  return IsNewer(options.model_directory, options.output_directory) ? "the model is newer" : "";
}

// The manifest of the package that an earlier call has made; nothing where there is none.
absl::StatusOr<std::optional<Manifest>> FindMade(const SeriesManifest& series,
                                                 const SeriesCandidate& candidate,
                                                 const ConvertOptions& options) {
  std::error_code error;
  if (!std::filesystem::exists(options.output_directory, error)) return std::nullopt;
  const absl::StatusOr<std::shared_ptr<const Package>> package =
      Package::Open(options.output_directory, PackageCheck::kHashes);
  const std::string difference = package.ok() ? Difference(series, candidate, **package, options)
                                              : std::string(package.status().message());
  if (difference.empty()) return (*package)->manifest();
  return absl::AlreadyExistsError(StrCat("'", options.output_directory.string(),
                                         "' is there and something else (", difference,
                                         "): remove it, or choose another output"));
}

absl::StatusOr<SeriesPackage> DescribePackage(const SeriesCandidate& candidate,
                                              const std::filesystem::path& package,
                                              const Manifest& manifest) {
  const absl::StatusOr<std::string> digest = PackageDigest(package);
  if (!digest.ok()) return digest.status();
  return SeriesPackage{
      .alias = AliasOf(candidate.name), .digest = *digest, .size_bytes = manifest.TotalBytes()};
}

ConvertOptions OptionsOf(const ConvertSeriesOptions& options, const SeriesManifest& series,
                         const SeriesCandidate& candidate) {
  ConvertOptions each = options.each;
  each.model_directory = SeriesDirectory(options.series) / candidate.directory;
  each.output_directory = options.output_directory / candidate.name;
  each.patterns = candidate.patterns;
  each.zeros_must_fit = true;
  each.series = series.EntryOf(candidate);
  each.source = series.source;
  return each;
}

// Before the first minute of work: what is there, and whether every model is.
absl::Status CheckPlaces(const ConvertSeriesOptions& options, const SeriesManifest& series) {
  for (const SeriesCandidate& candidate : series.candidates) {
    const ConvertOptions each = OptionsOf(options, series, candidate);
    std::error_code error;
    if (!std::filesystem::is_regular_file(each.model_directory / "config.json", error)) {
      return OfCandidate(candidate, absl::NotFoundError(StrCat(
                                        "there is no model in '", each.model_directory.string(),
                                        "': its config.json cannot be read")));
    }
    const auto made = FindMade(series, candidate, each);
    if (!made.ok()) return OfCandidate(candidate, made.status());
  }
  return absl::OkStatus();
}

absl::StatusOr<SeriesManifest> ReadTrained(const ConvertSeriesOptions& options) {
  absl::StatusOr<SeriesManifest> series = ReadSeriesManifest(options.series);
  if (!series.ok()) return series;
  if (absl::Status selected = SelectCandidates(options.only, *series); !selected.ok()) {
    return selected;
  }
  if (series->candidates.front().package.has_value()) {
    return absl::FailedPreconditionError(
        StrCat("series '", series->name, "' is of packages already"));
  }
  if (absl::Status places = CheckPlaces(options, *series); !places.ok()) return places;
  return series;
}

}  // namespace

absl::StatusOr<ConvertedSeries> ConvertSeries(const ConvertSeriesOptions& options,
                                              const SeriesProgressSink& progress) {
  const absl::StatusOr<SeriesManifest> trained = ReadTrained(options);
  if (!trained.ok()) return trained.status();
  ConvertedSeries converted = {.series = *trained, .manifests = {}, .had_been = {}};
  for (SeriesCandidate& candidate : converted.series.candidates) {
    const ConvertOptions each = OptionsOf(options, *trained, candidate);
    absl::StatusOr<std::optional<Manifest>> made = FindMade(*trained, candidate, each);
    if (!made.ok()) return OfCandidate(candidate, made.status());
    if (made->has_value()) {
      converted.had_been.push_back(candidate.name);
    } else {
      absl::StatusOr<ConvertReport> report =
          ConvertModel(each, [&](std::string_view phase, int64_t done, int64_t total) {
            if (progress) progress(candidate, phase, done, total);
          });
      if (!report.ok()) return OfCandidate(candidate, report.status());
      *made = std::move(report->manifest);
    }
    absl::StatusOr<SeriesPackage> package =
        DescribePackage(candidate, each.output_directory, **made);
    if (!package.ok()) return OfCandidate(candidate, package.status());
    candidate.directory = candidate.name;
    candidate.package = *std::move(package);
    converted.manifests.push_back(**std::move(made));
  }
  const absl::Status written = WriteSeriesManifest(converted.series, options.output_directory);
  if (!written.ok()) return written;
  return converted;
}

}  // namespace sta
