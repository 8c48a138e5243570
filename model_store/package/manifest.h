// SPDX-License-Identifier: Apache-2.0
//
// Manifest: manifest.json of a package: what is in it, how big, which hash, how it was made.
// Plain values and pure functions.
#ifndef MODEL_STORE_PACKAGE_MANIFEST_H_
#define MODEL_STORE_PACKAGE_MANIFEST_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "model_store/codec/pattern.h"
#include "model_store/package/series_entry.h"

namespace sta {

inline constexpr int kPackageFormatVersion = 1;

enum class PackageKind {
  kEncoder,
  kDiagnostic,  // no weights: diagnostic_config.h
};

struct FileEntry {
  int64_t size_bytes = 0;
  std::string sha256;  // lower-case hex
};

// One packed matrix; its tensors carry the same name (docs/package-format.md).
struct MatrixEntry {
  std::string name;  // "encoder.layer.0.attention.self.query.weight"
  int64_t rows = 0;
  int64_t columns = 0;
  Pattern pattern;
  int64_t value_bytes = 0;     // at rest
  int64_t position_bytes = 0;  // at rest
  bool values_compressed = false;
};

// How the package came to be: shown by `stactl inspect`; nothing is computed from it.
struct Provenance {
  std::string source;                      // name or path of the source model
  std::string tool;                        // "stactl 0.1.0"
  std::string calibration;                 // what text, how many sentences
  std::string created;                     // RFC 3339
  std::map<std::string, double> accuracy;  // optional card, e.g. mean_cosine_to_float
  std::optional<SeriesEntry> series;       // of a candidate of a series
};

struct Manifest {
  int format_version = kPackageFormatVersion;
  PackageKind kind = PackageKind::kEncoder;
  std::map<std::string, FileEntry> files;
  // Of an encoder.
  int arithmetic_version = 1;
  std::vector<MatrixEntry> matrices;
  double output_step = 1.0;
  Provenance provenance;

  // Sum over `files`.
  int64_t TotalBytes() const;
};

// DATA_LOSS for anything malformed, FAILED_PRECONDITION for an unknown version.
absl::StatusOr<Manifest> ParseManifest(std::string_view json);
// INVALID_ARGUMENT where provenance is not valid UTF-8.
absl::StatusOr<std::string> FormatManifest(const Manifest& manifest);

inline constexpr std::string_view kManifestFile = "manifest.json";

// Whether a package may hold a file of this name: letters, digits, '.', '_' and '-', at most 128,
// not beginning with a dot, not the manifest itself.
bool IsPackageFileName(std::string_view name);

// 64 hexadecimal digits in lower case.
bool IsSha256(std::string_view text);

}  // namespace sta

#endif  // MODEL_STORE_PACKAGE_MANIFEST_H_
