// SPDX-License-Identifier: Apache-2.0
//
// The tensors of a package by name: how EncoderParameters, embedding tables and heads lie in
// encoder.safetensors and embeddings.safetensors (docs/package-format.md). Internal to this folder.
#ifndef MODEL_STORE_PACKAGE_ENCODER_TENSORS_H_
#define MODEL_STORE_PACKAGE_ENCODER_TENSORS_H_

#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model_store/package/encoder_parameters.h"
#include "model_store/package/manifest.h"
#include "model_store/package/model_config.h"
#include "model_store/package/package.h"
#include "model_store/package/safetensors.h"

namespace sta {

// Adds the encoder's tensors and appends an entry a matrix to `matrices`. INVALID_ARGUMENT where a
// vector's length does not fit the sizes.
absl::Status WriteEncoderTensors(const EncoderParameters& encoder, SafetensorsWriter& writer,
                                 std::vector<MatrixEntry>& matrices);

// DATA_LOSS names the tensor that is missing or does not fit the config or the manifest.
absl::StatusOr<EncoderParameters> ReadEncoderTensors(const SafetensorsFile& file,
                                                     const ModelConfig& config,
                                                     const Manifest& manifest);

absl::Status WriteEmbeddingTensors(const EmbeddingTables& tables, SafetensorsWriter& writer);
// The views point into `file`.
absl::StatusOr<EmbeddingTables> ReadEmbeddingTensors(const SafetensorsFile& file,
                                                     const ModelConfig& config);

void WriteHeadTensors(const HeadParameters& head, const ModelConfig& config,
                      SafetensorsWriter& writer);
// Empty vectors where the file has no head; every weight that is there is finite.
absl::StatusOr<HeadParameters> ReadHeadTensors(const SafetensorsFile& file,
                                               const ModelConfig& config);

}  // namespace sta

#endif  // MODEL_STORE_PACKAGE_ENCODER_TENSORS_H_
