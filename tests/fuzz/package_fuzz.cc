// SPDX-License-Identifier: Apache-2.0
//
// Feeds the parts of a package reader with arbitrary bytes: the first byte chooses the part, the
// rest is its input. What a part accepts must keep its promises.
// Seeds: tests/fuzz/corpus/package_fuzz.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>
#include <string_view>

#include "model_store/codec/matrix_codec.h"
#include "model_store/package/diagnostic_config.h"
#include "model_store/package/manifest.h"
#include "model_store/package/model_config.h"

namespace sta {
namespace {

void Require(bool condition) {
  if (!condition) std::abort();
}

void FuzzManifest(std::string_view text) {
  const absl::StatusOr<Manifest> manifest = ParseManifest(text);
  if (!manifest.ok()) return;
  Require(manifest->output_step > 0.0);
  for (const auto& [name, file] : manifest->files) {
    Require(IsPackageFileName(name) && file.size_bytes >= 0);
  }
  // What was read can be written and read again.
  const absl::StatusOr<std::string> written = FormatManifest(*manifest);
  Require(written.ok() && ParseManifest(*written).ok());
}

void FuzzConfig(std::string_view text) {
  const absl::StatusOr<ModelConfig> config = ParseModelConfig(text);
  if (!config.ok()) return;
  const absl::StatusOr<std::string> written = FormatModelConfig(*config, "{}");
  Require(written.ok());
  const absl::StatusOr<ModelConfig> again = ParseModelConfig(*written);
  Require(again.ok() && *again == *config);
}

void FuzzDiagnosticConfig(std::string_view text) {
  const absl::StatusOr<DiagnosticConfig> config = ParseDiagnosticConfig(text);
  if (!config.ok()) return;
  Require(CheckDiagnosticConfig(*config).ok());
  const absl::StatusOr<DiagnosticConfig> again =
      ParseDiagnosticConfig(FormatDiagnosticConfig(*config));
  Require(again.ok() && *again == *config);
}

// rows, columns (16 bits each), n, m, compressed, size of the positions (16 bits), positions,
// values.
void FuzzMatrix(std::span<const uint8_t> data) {
  constexpr size_t kHeader = 9;
  if (data.size() < kHeader) return;
  const auto number = [&](size_t at) { return data[at] | data[at + 1] << 8; };
  const Pattern pattern = {data[4], data[5]};
  const auto position_bytes = static_cast<size_t>(number(7));
  if (data.size() < kHeader + position_bytes) return;
  const absl::StatusOr<NmMatrix> matrix =
      DecodeMatrix(number(0), number(2), pattern,
                   {.values_compressed = data[6] % 2 == 1,
                    .values = data.subspan(kHeader + position_bytes),
                    .positions = data.subspan(kHeader, position_bytes)});
  if (matrix.ok()) Require(matrix->Validate().ok());
}

}  // namespace
}  // namespace sta

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 4) {
    case 0:
      sta::FuzzManifest(text);
      break;
    case 1:
      sta::FuzzConfig(text);
      break;
    case 2:
      sta::FuzzMatrix(std::span(data + 1, size - 1));
      break;
    default:
      sta::FuzzDiagnosticConfig(text);
  }
  return 0;
}
