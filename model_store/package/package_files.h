// SPDX-License-Identifier: Apache-2.0
//
// Names of the files that every package has, besides manifest.json (manifest.h).
#ifndef MODEL_STORE_PACKAGE_PACKAGE_FILES_H_
#define MODEL_STORE_PACKAGE_PACKAGE_FILES_H_

#include <string_view>

namespace sta {

inline constexpr std::string_view kConfigFile = "config.json";
inline constexpr std::string_view kEncoderFile = "encoder.safetensors";
inline constexpr std::string_view kEmbeddingsFile = "embeddings.safetensors";

}  // namespace sta

#endif  // MODEL_STORE_PACKAGE_PACKAGE_FILES_H_
