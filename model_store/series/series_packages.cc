// SPDX-License-Identifier: Apache-2.0
#include "model_store/series/series_packages.h"

#include <memory>
#include <vector>

#include "model_store/convert/pattern_assignment.h"
#include "model_store/package/mapped_file.h"
#include "model_store/package/package.h"
#include "model_store/package/sha256.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

absl::Status CheckPackage(const SeriesManifest& series, const SeriesCandidate& candidate,
                          const std::filesystem::path& path) {
  const absl::StatusOr<std::shared_ptr<const Package>> package =
      Package::Open(path, PackageCheck::kHashes);
  if (!package.ok()) return package.status();
  const absl::StatusOr<std::string> digest = PackageDigest(path);
  if (!digest.ok()) return digest.status();
  if (*digest != candidate.package->digest) {
    return absl::FailedPreconditionError(
        StrCat("the package in '", path.string(), "' is another than ", kSeriesFile,
               " lists (its manifest's SHA-256 is ", *digest, "); convert the series again"));
  }
  const Manifest& manifest = (*package)->manifest();
  if (manifest.TotalBytes() != candidate.package->size_bytes) {
    return absl::FailedPreconditionError(StrCat("the package has ", manifest.TotalBytes(),
                                                " bytes, ", kSeriesFile, " says ",
                                                candidate.package->size_bytes));
  }
  if (manifest.provenance.series != series.EntryOf(candidate)) {
    return absl::FailedPreconditionError(
        StrCat("the package names another series, candidate or scores than ", kSeriesFile,
               "; convert the series again"));
  }
  return CheckPatterns(candidate, manifest);
}

}  // namespace

absl::StatusOr<std::string> PackageDigest(const std::filesystem::path& package) {
  const absl::StatusOr<std::unique_ptr<const MappedFile>> file =
      MappedFile::Open(package / kManifestFile);
  if (!file.ok()) return file.status();
  return Sha256Hex((*file)->bytes());
}

absl::Status CheckPatterns(const SeriesCandidate& candidate, const Manifest& manifest) {
  const absl::StatusOr<PatternAssignment> rules = PatternAssignment::Parse(candidate.patterns);
  if (!rules.ok()) return rules.status();
  std::vector<std::string> names;
  for (const MatrixEntry& matrix : manifest.matrices) names.push_back(matrix.name);
  if (absl::Status fits = rules->CheckAgainst(names); !fits.ok()) return fits;
  for (const MatrixEntry& matrix : manifest.matrices) {
    const PatternChoice promised = rules->For(matrix.name);
    if (promised == matrix.pattern) continue;
    return absl::InvalidArgumentError(StrCat("matrix '", matrix.name, "' has the pattern ",
                                             matrix.pattern.ToString(), ", ", kSeriesFile, " says ",
                                             candidate.patterns));
  }
  return absl::OkStatus();
}

absl::Status CheckSeriesPackages(const SeriesManifest& series,
                                 const std::filesystem::path& directory,
                                 const std::function<void(size_t number)>& before_each) {
  for (size_t number = 0; number < series.candidates.size(); ++number) {
    const SeriesCandidate& candidate = series.candidates[number];
    if (before_each) before_each(number);
    if (!candidate.package.has_value()) {
      return absl::FailedPreconditionError(
          StrCat("the candidates of series '", series.name,
                 "' are no packages yet: make them with stactl convert --series"));
    }
    const absl::Status good = CheckPackage(series, candidate, directory / candidate.directory);
    if (!good.ok()) {
      return absl::Status(good.code(),
                          StrCat("candidate '", candidate.name, "': ", good.message()));
    }
  }
  return absl::OkStatus();
}

}  // namespace sta
