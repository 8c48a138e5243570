// SPDX-License-Identifier: Apache-2.0
#include "model_store/package/manifest.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "model_store/json/strict_json.h"
#include "model_store/package/series_json.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

constexpr int64_t kMaxFileBytes = int64_t{1} << 42;
constexpr int64_t kMaxSide = 65536;
constexpr int kArithmeticVersionKnown = 1;
constexpr std::string_view kEncoderKind = "encoder";
constexpr std::string_view kDiagnosticKind = "diagnostic";

// Errors of the JSON helpers, as damage of a file.
absl::Status Damage(std::string_view where, const absl::Status& status) {
  return absl::DataLossError(StrCat("manifest.json: ", where, status.message()));
}
absl::Status Damage(std::string_view what) {
  return absl::DataLossError(StrCat("manifest.json: ", what));
}

absl::StatusOr<int> ReadVersion(const nlohmann::json& json, std::string_view key, int known) {
  const absl::StatusOr<int64_t> version = GetInteger(json, key, 1, 1'000'000);
  if (!version.ok()) return Damage("", version.status());
  if (*version != known) {
    return absl::FailedPreconditionError(
        StrCat("manifest.json: ", key, " is ", *version, ", this build knows ", known, " only"));
  }
  return known;
}

// An encoder where it is not said.
absl::StatusOr<PackageKind> ReadKind(const nlohmann::json& json) {
  if (!json.contains("kind")) return PackageKind::kEncoder;
  const absl::StatusOr<std::string> kind = GetString(json, "kind");
  if (!kind.ok()) return Damage("", kind.status());
  if (*kind == kEncoderKind) return PackageKind::kEncoder;
  if (*kind == kDiagnosticKind) return PackageKind::kDiagnostic;
  return absl::FailedPreconditionError(StrCat("manifest.json: kind is '", kind->substr(0, 64),
                                              "', this build knows ", kEncoderKind, " and ",
                                              kDiagnosticKind, " only"));
}

absl::StatusOr<std::map<std::string, FileEntry>> ReadFiles(const nlohmann::json& json) {
  std::map<std::string, FileEntry> files;
  const auto found = json.find("files");
  if (found == json.end() || !found->is_object()) return Damage("key 'files' must be an object");
  for (const auto& [name, value] : found->items()) {
    if (!IsPackageFileName(name)) {
      return Damage(StrCat("file name '", name.substr(0, 64), "' is not allowed"));
    }
    const absl::StatusOr<int64_t> size = GetInteger(value, "size_bytes", 0, kMaxFileBytes);
    if (!size.ok()) return Damage(StrCat("file '", name, "': "), size.status());
    absl::StatusOr<std::string> sha256 = GetString(value, "sha256");
    if (!sha256.ok()) return Damage(StrCat("file '", name, "': "), sha256.status());
    if (!IsSha256(*sha256)) return Damage(StrCat("file '", name, "': sha256 is malformed"));
    files[name] = {.size_bytes = *size, .sha256 = *std::move(sha256)};
  }
  return files;
}

absl::StatusOr<MatrixEntry> ReadMatrix(const nlohmann::json& json) {
  MatrixEntry entry;
  absl::StatusOr<std::string> name = GetString(json, "name");
  if (!name.ok()) return name.status();
  entry.name = *std::move(name);
  const absl::StatusOr<std::string> pattern_text = GetString(json, "pattern");
  if (!pattern_text.ok()) return pattern_text.status();
  const absl::StatusOr<Pattern> pattern = Pattern::Parse(*pattern_text);
  if (!pattern.ok()) return pattern.status();
  entry.pattern = *pattern;
  const absl::StatusOr<bool> compressed = GetBool(json, "values_compressed");
  if (!compressed.ok()) return compressed.status();
  entry.values_compressed = *compressed;
  for (const auto& [key, lowest, highest, out] :
       {std::tuple{"rows", int64_t{1}, kMaxSide, &entry.rows},
        std::tuple{"columns", int64_t{1}, kMaxSide, &entry.columns},
        std::tuple{"value_bytes", int64_t{0}, kMaxFileBytes, &entry.value_bytes},
        std::tuple{"position_bytes", int64_t{0}, kMaxFileBytes, &entry.position_bytes}}) {
    const absl::StatusOr<int64_t> value = GetInteger(json, key, lowest, highest);
    if (!value.ok()) return value.status();
    *out = *value;
  }
  return entry;
}

absl::StatusOr<std::vector<MatrixEntry>> ReadMatrices(const nlohmann::json& json) {
  std::vector<MatrixEntry> matrices;
  const auto found = json.find("matrices");
  if (found == json.end() || !found->is_array()) return Damage("key 'matrices' must be a list");
  for (const nlohmann::json& element : *found) {
    absl::StatusOr<MatrixEntry> entry = ReadMatrix(element);
    if (!entry.ok()) return Damage(StrCat("matrix ", matrices.size(), ": "), entry.status());
    matrices.push_back(*std::move(entry));
  }
  return matrices;
}

absl::Status ReadEncoderKeys(const nlohmann::json& json, Manifest& manifest) {
  const absl::StatusOr<int> version =
      ReadVersion(json, "arithmetic_version", kArithmeticVersionKnown);
  if (!version.ok()) return version.status();
  manifest.arithmetic_version = *version;
  absl::StatusOr<std::vector<MatrixEntry>> matrices = ReadMatrices(json);
  if (!matrices.ok()) return matrices.status();
  manifest.matrices = *std::move(matrices);
  const absl::StatusOr<double> output_step = GetNumber(json, "output_step");
  if (!output_step.ok()) return Damage("", output_step.status());
  if (!(*output_step > 0.0)) return Damage("key 'output_step' must be positive");
  manifest.output_step = *output_step;
  return absl::OkStatus();
}

// Provenance is shown to people only, so what is missing or odd is left empty.
Provenance ReadProvenance(const nlohmann::json& json) {
  Provenance provenance;
  const auto found = json.find("provenance");
  if (found == json.end() || !found->is_object()) return provenance;
  provenance.source = GetString(*found, "source").value_or("");
  provenance.tool = GetString(*found, "tool").value_or("");
  provenance.calibration = GetString(*found, "calibration").value_or("");
  provenance.created = GetString(*found, "created").value_or("");
  if (found->contains("series")) {
    absl::StatusOr<SeriesEntry> series = ReadSeriesEntry((*found)["series"]);
    if (series.ok()) provenance.series = *std::move(series);
  }
  const auto accuracy = found->find("accuracy");
  if (accuracy == found->end() || !accuracy->is_object()) return provenance;
  for (const auto& [name, value] : accuracy->items()) {
    if (value.is_number()) provenance.accuracy[name] = value.get<double>();
  }
  return provenance;
}

nlohmann::json ProvenanceJson(const Provenance& provenance) {
  nlohmann::json json = {{"source", provenance.source},
                         {"tool", provenance.tool},
                         {"calibration", provenance.calibration},
                         {"created", provenance.created},
                         {"accuracy", provenance.accuracy}};
  if (provenance.series.has_value()) json["series"] = SeriesEntryJson(*provenance.series);
  return json;
}

nlohmann::json MatricesJson(const std::vector<MatrixEntry>& matrices) {
  nlohmann::json list = nlohmann::json::array();
  for (const MatrixEntry& matrix : matrices) {
    list.push_back({{"name", matrix.name},
                    {"rows", matrix.rows},
                    {"columns", matrix.columns},
                    {"pattern", matrix.pattern.ToString()},
                    {"value_bytes", matrix.value_bytes},
                    {"position_bytes", matrix.position_bytes},
                    {"values_compressed", matrix.values_compressed}});
  }
  return list;
}

}  // namespace

int64_t Manifest::TotalBytes() const {
  int64_t total = 0;
  for (const auto& [name, file] : files) total += file.size_bytes;
  return total;
}

bool IsPackageFileName(std::string_view name) {
  constexpr std::string_view kAllowed =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
  return !name.empty() && name.size() <= 128 && name.front() != '.' && name != kManifestFile &&
         name.find_first_not_of(kAllowed) == std::string_view::npos;
}

bool IsSha256(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

absl::StatusOr<Manifest> ParseManifest(std::string_view json) {
  const absl::StatusOr<nlohmann::json> document = ParseStrictJson(json);
  if (!document.ok()) return Damage("", document.status());
  if (!document->is_object()) return Damage("not a JSON object");
  Manifest manifest;
  const absl::StatusOr<int> version =
      ReadVersion(*document, "format_version", kPackageFormatVersion);
  if (!version.ok()) return version.status();
  const absl::StatusOr<PackageKind> kind = ReadKind(*document);
  if (!kind.ok()) return kind.status();
  manifest.kind = *kind;
  if (*kind == PackageKind::kEncoder) {
    if (absl::Status read = ReadEncoderKeys(*document, manifest); !read.ok()) return read;
  }
  absl::StatusOr<std::map<std::string, FileEntry>> files = ReadFiles(*document);
  if (!files.ok()) return files.status();
  manifest.files = *std::move(files);
  manifest.provenance = ReadProvenance(*document);
  return manifest;
}

absl::StatusOr<std::string> FormatManifest(const Manifest& manifest) {
  nlohmann::json files = nlohmann::json::object();
  for (const auto& [name, file] : manifest.files) {
    files[name] = {{"size_bytes", file.size_bytes}, {"sha256", file.sha256}};
  }
  nlohmann::json document = {{"format_version", manifest.format_version},
                             {"files", files},
                             {"provenance", ProvenanceJson(manifest.provenance)}};
  if (manifest.kind == PackageKind::kDiagnostic) {
    document["kind"] = kDiagnosticKind;
  } else {
    document["arithmetic_version"] = manifest.arithmetic_version;
    document["matrices"] = MatricesJson(manifest.matrices);
    document["output_step"] = manifest.output_step;
  }
  try {
    return document.dump(1) + "\n";
  } catch (const nlohmann::json::exception&) {
    return absl::InvalidArgumentError("provenance holds text that is not valid UTF-8");
  }
}

}  // namespace sta
