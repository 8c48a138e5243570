// SPDX-License-Identifier: Apache-2.0
#include "server/services/typed_elements.h"

#include <bit>
#include <cstring>
#include <limits>
#include <string_view>

#include "server/services/tensor_checks.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

using InputTensor = inference::ModelInferRequest::InferInputTensor;

static_assert(std::endian::native == std::endian::little);

// The protocol carries the small integers in fields of 32 bits.
template <typename T, typename Wide>
absl::StatusOr<std::string> ElementsOf(const InputTensor& input, std::string_view field,
                                       const google::protobuf::RepeatedField<Wide>& values,
                                       int64_t count) {
  absl::Status counted = CheckTypedCount(input, values.size(), field, count);
  if (!counted.ok()) return counted;
  std::string raw(static_cast<size_t>(values.size()) * sizeof(T), '\0');
  if constexpr (sizeof(T) == sizeof(Wide)) {
    if (!raw.empty()) std::memcpy(raw.data(), values.data(), raw.size());
  } else {
    for (int i = 0; i < values.size(); ++i) {
      const T narrow = static_cast<T>(values.Get(i));
      if (static_cast<Wide>(narrow) != values.Get(i)) {
        return absl::InvalidArgumentError(
            StrCat(input.name(), ": contents.", field, "[", i, "] is ", values.Get(i), "; ",
                   input.datatype(), " allows: ", int64_t{std::numeric_limits<T>::min()}, " to ",
                   int64_t{std::numeric_limits<T>::max()}));
      }
      std::memcpy(raw.data() + static_cast<size_t>(i) * sizeof(T), &narrow, sizeof(T));
    }
  }
  return raw;
}

absl::StatusOr<std::string> BytesOf(const InputTensor& input, int64_t count) {
  const auto& values = input.contents().bytes_contents();
  absl::Status counted = CheckTypedCount(input, values.size(), "bytes_contents", count);
  if (!counted.ok()) return counted;
  std::string raw;
  for (const std::string& value : values) {
    const auto length = static_cast<uint32_t>(value.size());  // of a message, below 2^31
    raw.append(reinterpret_cast<const char*>(&length), sizeof length);
    raw.append(value);
  }
  return raw;
}

}  // namespace

absl::StatusOr<std::string> RawOfTyped(const InputTensor& input, Datatype datatype, int64_t count) {
  const inference::InferTensorContents& contents = input.contents();
  const auto ints = [&]<typename T>(T /*of*/) {
    return ElementsOf<T>(input, "int_contents", contents.int_contents(), count);
  };
  const auto uints = [&]<typename T>(T /*of*/) {
    return ElementsOf<T>(input, "uint_contents", contents.uint_contents(), count);
  };
  switch (datatype) {
    case Datatype::kBool:
      return ElementsOf<bool>(input, "bool_contents", contents.bool_contents(), count);
    case Datatype::kInt8:
      return ints(int8_t{});
    case Datatype::kInt16:
      return ints(int16_t{});
    case Datatype::kInt32:
      return ints(int32_t{});
    case Datatype::kInt64:
      return ElementsOf<int64_t>(input, "int64_contents", contents.int64_contents(), count);
    case Datatype::kUint8:
      return uints(uint8_t{});
    case Datatype::kUint16:
      return uints(uint16_t{});
    case Datatype::kUint32:
      return uints(uint32_t{});
    case Datatype::kUint64:
      return ElementsOf<uint64_t>(input, "uint64_contents", contents.uint64_contents(), count);
    case Datatype::kFp32:
      return ElementsOf<float>(input, "fp32_contents", contents.fp32_contents(), count);
    case Datatype::kFp64:
      return ElementsOf<double>(input, "fp64_contents", contents.fp64_contents(), count);
    case Datatype::kBytes:
      return BytesOf(input, count);
    case Datatype::kFp16:
    case Datatype::kBf16:
      break;
  }
  return absl::InvalidArgumentError(StrCat(input.name(), ": ", DatatypeName(datatype),
                                           " has no typed contents; send raw_input_contents"));
}

}  // namespace sta
