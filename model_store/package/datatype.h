// SPDX-License-Identifier: Apache-2.0
//
// Datatype: the element types of the Open Inference Protocol. Plain values and pure functions.
#ifndef MODEL_STORE_PACKAGE_DATATYPE_H_
#define MODEL_STORE_PACKAGE_DATATYPE_H_

#include <cstdint>
#include <string_view>

#include "absl/status/statusor.h"

namespace sta {

enum class Datatype {
  kBool,
  kUint8,
  kUint16,
  kUint32,
  kUint64,
  kInt8,
  kInt16,
  kInt32,
  kInt64,
  kFp16,
  kBf16,
  kFp32,
  kFp64,
  kBytes,  // strings of any bytes, each of its own length
};

// "FP32", as requests spell it.
std::string_view DatatypeName(Datatype datatype);
// INVALID_ARGUMENT names those that there are.
absl::StatusOr<Datatype> ParseDatatype(std::string_view name);

// Of one element; 0 for kBytes.
int64_t ElementBytes(Datatype datatype);

}  // namespace sta

#endif  // MODEL_STORE_PACKAGE_DATATYPE_H_
