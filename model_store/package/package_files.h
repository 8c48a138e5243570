// SPDX-License-Identifier: Apache-2.0
//
// Names of the files that every package has, besides manifest.json (manifest.h).
#ifndef MODEL_STORE_PACKAGE_PACKAGE_FILES_H_
#define MODEL_STORE_PACKAGE_PACKAGE_FILES_H_

#include <array>
#include <span>
#include <string_view>

#include "model_store/package/manifest.h"

namespace sta {

inline constexpr std::string_view kConfigFile = "config.json";
inline constexpr std::string_view kEncoderFile = "encoder.safetensors";
inline constexpr std::string_view kEmbeddingsFile = "embeddings.safetensors";

// Those of a kind of package.
inline std::span<const std::string_view> RequiredFiles(PackageKind kind) {
  static constexpr std::array kAll = {kConfigFile, kEncoderFile, kEmbeddingsFile};
  return std::span(kAll).first(kind == PackageKind::kEncoder ? kAll.size() : 1);
}

}  // namespace sta

#endif  // MODEL_STORE_PACKAGE_PACKAGE_FILES_H_
