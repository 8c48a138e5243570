// SPDX-License-Identifier: Apache-2.0
//
// Reads the weights of a Hugging Face directory (model.safetensors, whole or sharded) into a
// FloatEncoder. Tensor names of BERT, RoBERTa and DistilBERT are known, with and without their
// prefix. File I/O; thread-safe.
#ifndef MODEL_STORE_CONVERT_CHECKPOINT_H_
#define MODEL_STORE_CONVERT_CHECKPOINT_H_

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "model_store/convert/float_encoder.h"
#include "model_store/convert/hugging_face_config.h"
#include "model_store/package/safetensors.h"

namespace sta {

// The safetensors files of a directory as one map of tensors.
class Checkpoint {
 public:
  // NOT_FOUND: no weights in safetensors form; DATA_LOSS: a damaged file or shard index.
  static absl::StatusOr<Checkpoint> Open(const std::filesystem::path& directory);

  bool Contains(std::string_view name) const { return tensors_.contains(name); }
  // The tensor as floats; its shape must be `shape`. INVALID_ARGUMENT names it where it is missing,
  // has another shape or type, or is not finite; DATA_LOSS where a file changed since Open.
  absl::StatusOr<std::vector<float>> Read(std::string_view name,
                                          const std::vector<int64_t>& shape) const;

 private:
  std::vector<std::unique_ptr<const SafetensorsFile>> files_;
  std::map<std::string, TensorView, std::less<>> tensors_;
};

// INVALID_ARGUMENT names the first tensor that is missing or does not fit the config.
absl::StatusOr<FloatEncoder> ReadFloatEncoder(const Checkpoint& checkpoint,
                                              const HuggingFaceConfig& config);

}  // namespace sta

#endif  // MODEL_STORE_CONVERT_CHECKPOINT_H_
