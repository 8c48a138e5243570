// SPDX-License-Identifier: Apache-2.0
//
// How close a package is to a floating-point model: both compute sentence vectors of the same
// tokens. Blocks; thread-safe.
#ifndef MODEL_STORE_CONVERT_ACCURACY_H_
#define MODEL_STORE_CONVERT_ACCURACY_H_

#include <functional>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "model_store/convert/float_encoder.h"
#include "model_store/model/loaded_model.h"

namespace sta {

// Sentence vectors of the float model, [sequences]; a few threads at once.
std::vector<Vector> FloatVectors(const FloatEncoder& encoder,
                                 std::span<const TokenSequence> sequences, int threads);

// The same from the integers of a package, on the CPU emulator.
absl::StatusOr<std::vector<Vector>> PackageVectors(const LoadedModel& model,
                                                   std::span<const TokenSequence> sequences);

// Mean cosine of pairs; zero vectors count as 0.
double MeanCosine(std::span<const Vector> a, std::span<const Vector> b);

}  // namespace sta

#endif  // MODEL_STORE_CONVERT_ACCURACY_H_
