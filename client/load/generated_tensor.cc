// SPDX-License-Identifier: Apache-2.0
#include "client/load/generated_tensor.h"

#include <bit>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "strings/str_cat.h"

namespace sta::client {
namespace {

constexpr int64_t kMaxElements = int64_t{1} << 24;

// Appends `value` as raw bytes.
template <typename T>
void AppendRaw(T value, std::string& raw) {
  raw.append(reinterpret_cast<const char*>(&value), sizeof(value));
}

void AppendNumber(DataType type, std::mt19937_64& engine, std::string& raw) {
  std::uniform_real_distribution<float> unit(0.0F, 1.0F);
  switch (type) {
    case DataType::kFp32:
      return AppendRaw(unit(engine), raw);
    case DataType::kFp64:
      return AppendRaw(static_cast<double>(unit(engine)), raw);
    case DataType::kBf16:  // the upper half of an FP32
      return AppendRaw(static_cast<uint16_t>(std::bit_cast<uint32_t>(unit(engine)) >> 16U), raw);
    case DataType::kFp16:  // sign and exponent of 0.5..1, a random mantissa
      return AppendRaw(static_cast<uint16_t>(0x3800U | (engine() & 0x3FFU)), raw);
    default: {
      const uint64_t value = engine() & (type == DataType::kBool ? 1U : 127U);
      // Little-endian: the first bytes hold what is below 128.
      raw.append(reinterpret_cast<const char*>(&value), static_cast<size_t>(ElementBytes(type)));
    }
  }
}

std::string RandomWord(std::mt19937_64& engine) {
  std::uniform_int_distribution<int> letter('a', 'z');
  std::string word(8, ' ');
  for (char& character : word) character = static_cast<char>(letter(engine));
  return word;
}

}  // namespace

absl::StatusOr<GeneratedTensor> GeneratedTensor::Parse(std::string_view text) {
  const std::vector<std::string> parts = absl::StrSplit(AbslView(text), ':');
  if (parts.size() != 3 || parts[0].empty()) {
    return absl::InvalidArgumentError(
        StrCat("tensor '", text, "' is not NAME:DATATYPE:SHAPE, for example INPUT0:FP32:1,64"));
  }
  const absl::StatusOr<DataType> datatype = ParseDataType(parts[1]);
  if (!datatype.ok()) return datatype.status();
  GeneratedTensor tensor;
  tensor.name_ = parts[0];
  tensor.datatype_ = *datatype;
  tensor.elements_ = 1;
  const std::vector<std::string> dims =
      parts[2].empty() ? std::vector<std::string>() : absl::StrSplit(parts[2], ',');
  for (const std::string& dim : dims) {
    int64_t size = 0;
    if (!absl::SimpleAtoi(dim, &size) || size < 1 || size > kMaxElements / tensor.elements_) {
      return absl::InvalidArgumentError(
          StrCat("tensor '", text,
                 "': its shape is not integers over zero separated by commas, of at most ",
                 kMaxElements, " elements"));
    }
    tensor.shape_.push_back(size);
    tensor.elements_ *= size;
  }
  return tensor;
}

Tensor GeneratedTensor::Draw(std::mt19937_64& engine) const {
  Tensor tensor;
  if (datatype_ == DataType::kBytes) {
    std::vector<std::string> words(static_cast<size_t>(elements_));
    for (std::string& word : words) word = RandomWord(engine);
    tensor = Tensor::OfStrings("", words);
  } else {
    for (int64_t i = 0; i < elements_; ++i) AppendNumber(datatype_, engine, tensor.data);
  }
  tensor.name = name_;
  tensor.datatype = datatype_;
  tensor.shape = shape_;
  return tensor;
}

}  // namespace sta::client
