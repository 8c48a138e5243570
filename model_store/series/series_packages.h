// SPDX-License-Identifier: Apache-2.0
//
// The packages of a series against its series.json. File I/O: every byte of the packages is read.
#ifndef MODEL_STORE_SERIES_SERIES_PACKAGES_H_
#define MODEL_STORE_SERIES_SERIES_PACKAGES_H_

#include <filesystem>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model_store/package/manifest.h"
#include "model_store/series/series_manifest.h"

namespace sta {

// SHA-256 of a package's manifest.json, by which a store knows the package.
absl::StatusOr<std::string> PackageDigest(const std::filesystem::path& package);

// Whether the matrices of a package have the patterns that the series promises. INVALID_ARGUMENT
// names one that has not.
absl::Status CheckPatterns(const SeriesCandidate& candidate, const Manifest& manifest);

// Checks that every candidate is a whole and undamaged package beside series.json, the very one
// that it lists, with the patterns and the scores that it says. `before_each`, which may be null,
// is given the number of each, from 0, before it is looked at. FAILED_PRECONDITION: the candidates
// are no packages, or one is another than listed; else as Package::Open and CheckPatterns. The
// candidate is named.
absl::Status CheckSeriesPackages(const SeriesManifest& series,
                                 const std::filesystem::path& directory,
                                 const std::function<void(size_t number)>& before_each);

}  // namespace sta

#endif  // MODEL_STORE_SERIES_SERIES_PACKAGES_H_
