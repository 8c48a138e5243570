// SPDX-License-Identifier: Apache-2.0
#include "model_store/package/datatype.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>

#include "strings/str_cat.h"

namespace sta {
namespace {

struct DatatypeEntry {
  Datatype datatype;
  std::string_view name;
  int64_t element_bytes;
};

// In the order of the enumeration.
constexpr std::array<DatatypeEntry, 14> kDatatypes = {{{Datatype::kBool, "BOOL", 1},
                                                       {Datatype::kUint8, "UINT8", 1},
                                                       {Datatype::kUint16, "UINT16", 2},
                                                       {Datatype::kUint32, "UINT32", 4},
                                                       {Datatype::kUint64, "UINT64", 8},
                                                       {Datatype::kInt8, "INT8", 1},
                                                       {Datatype::kInt16, "INT16", 2},
                                                       {Datatype::kInt32, "INT32", 4},
                                                       {Datatype::kInt64, "INT64", 8},
                                                       {Datatype::kFp16, "FP16", 2},
                                                       {Datatype::kBf16, "BF16", 2},
                                                       {Datatype::kFp32, "FP32", 4},
                                                       {Datatype::kFp64, "FP64", 8},
                                                       {Datatype::kBytes, "BYTES", 0}}};

const DatatypeEntry& EntryOf(Datatype datatype) {
  return kDatatypes[static_cast<size_t>(datatype)];
}

}  // namespace

std::string_view DatatypeName(Datatype datatype) { return EntryOf(datatype).name; }

absl::StatusOr<Datatype> ParseDatatype(std::string_view name) {
  const auto found = std::ranges::find(kDatatypes, name, &DatatypeEntry::name);
  if (found != kDatatypes.end()) return found->datatype;
  std::string message = StrCat("datatype '", name.substr(0, 64), "' is not known; allowed are");
  for (const DatatypeEntry& entry : kDatatypes) StrAppend(&message, " ", entry.name);
  return absl::InvalidArgumentError(message);
}

int64_t ElementBytes(Datatype datatype) { return EntryOf(datatype).element_bytes; }

}  // namespace sta
