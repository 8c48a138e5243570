// SPDX-License-Identifier: Apache-2.0
//
// Sum and difference of two tensors: what the diagnostic operation add_sub computes. Internal to
// model_store/model.
#ifndef MODEL_STORE_MODEL_ADD_SUB_H_
#define MODEL_STORE_MODEL_ADD_SUB_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "model_store/package/datatype.h"

namespace sta {

// Sets `raw` to a + b, or a - b, element by element. Both hold equally many whole elements of
// `datatype`, little-endian; BYTES elements, with their length in front, are decimal int64.
// Integers wrap around. INVALID_ARGUMENT names the element that is no integer. `datatype` is one
// that CheckDiagnosticConfig allows.
absl::Status AddOrSubtract(Datatype datatype, bool subtract, std::string_view a, std::string_view b,
                           std::string& raw);

}  // namespace sta

#endif  // MODEL_STORE_MODEL_ADD_SUB_H_
