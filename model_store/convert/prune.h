// SPDX-License-Identifier: Apache-2.0
//
// N:M pruning of float matrices along the input dimension. Pure functions; thread-safe.
#ifndef MODEL_STORE_CONVERT_PRUNE_H_
#define MODEL_STORE_CONVERT_PRUNE_H_

#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "model_store/codec/pattern.h"
#include "model_store/convert/float_encoder.h"
#include "model_store/convert/pattern_assignment.h"

namespace sta {

// Zeroes all but the n largest magnitudes of every group of m columns; of equals the lower column
// stays.
void PruneByMagnitude(Pattern pattern, Matrix& weight);

// The sparsest pattern that the zeros of `weight` fit: smallest n / m, of equals the smaller m.
// Dense where no sparse pattern fits.
Pattern FindPattern(const Matrix& weight);

// Whether `weight` has at most n weights that are not zero in every group of m columns.
bool FitsPattern(Pattern pattern, const Matrix& weight);

// Checks that an assignment takes no weight away, "keep" apart. INVALID_ARGUMENT names a matrix
// with more weights than its pattern has places.
absl::Status CheckZeros(const PatternAssignment& assignment, FloatEncoder& encoder);

// Applies an assignment to all matrices of an encoder and returns each one's pattern by name.
// INVALID_ARGUMENT: as CheckAgainst, or a matrix of "keep" that fits no sparse pattern.
absl::StatusOr<std::map<std::string, Pattern>> PruneEncoder(const PatternAssignment& assignment,
                                                            FloatEncoder& encoder);

}  // namespace sta

#endif  // MODEL_STORE_CONVERT_PRUNE_H_
