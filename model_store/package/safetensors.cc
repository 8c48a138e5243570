// SPDX-License-Identifier: Apache-2.0
#include "model_store/package/safetensors.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <optional>
#include <utility>

#include "absl/strings/str_join.h"
#include "model_store/json/strict_json.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

static_assert(std::endian::native == std::endian::little, "tensors are little-endian");

constexpr int64_t kLengthBytes = 8;
constexpr int64_t kMaxHeaderBytes = int64_t{100} << 20;  // the format's own limit
constexpr int64_t kAlignment = 8;                        // of the first tensor
constexpr std::string_view kMetadataKey = "__metadata__";

struct TypeInfo {
  TensorType type;
  std::string_view name;
  int64_t size_bytes;
};

// In the order of TensorType.
constexpr std::array<TypeInfo, 13> kTypes = {{{TensorType::kBool, "BOOL", 1},
                                              {TensorType::kU8, "U8", 1},
                                              {TensorType::kI8, "I8", 1},
                                              {TensorType::kU16, "U16", 2},
                                              {TensorType::kI16, "I16", 2},
                                              {TensorType::kF16, "F16", 2},
                                              {TensorType::kBF16, "BF16", 2},
                                              {TensorType::kU32, "U32", 4},
                                              {TensorType::kI32, "I32", 4},
                                              {TensorType::kF32, "F32", 4},
                                              {TensorType::kU64, "U64", 8},
                                              {TensorType::kI64, "I64", 8},
                                              {TensorType::kF64, "F64", 8}}};

const TypeInfo& Info(TensorType type) { return kTypes[static_cast<size_t>(type)]; }

std::optional<TensorType> ParseType(std::string_view name) {
  const auto found = std::ranges::find(kTypes, name, &TypeInfo::name);
  if (found == kTypes.end()) return std::nullopt;
  return found->type;
}

// Bytes of a tensor; nothing where the product overflows.
std::optional<int64_t> TensorBytes(TensorType type, std::span<const int64_t> shape) {
  int64_t bytes = Info(type).size_bytes;
  for (const int64_t size : shape) {
    if (size < 0 || __builtin_mul_overflow(bytes, size, &bytes)) return std::nullopt;
  }
  return bytes;
}

// A tensor's entry in the header, not yet tied to the data.
struct HeaderEntry {
  std::string name;
  TensorType type = TensorType::kU8;
  std::vector<int64_t> shape;
  int64_t begin = 0;
  int64_t end = 0;
};

absl::Status TensorError(std::string_view name, std::string_view what) {
  return absl::DataLossError(StrCat("tensor '", name.substr(0, 128), "': ", what));
}

absl::StatusOr<std::vector<int64_t>> ReadIntegers(const nlohmann::json& object,
                                                  std::string_view key, size_t max_count) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_array() || found->size() > max_count) {
    return absl::DataLossError(StrCat("key '", key, "' must be a list of at most ", max_count));
  }
  std::vector<int64_t> integers;
  for (const nlohmann::json& element : *found) {
    if (!element.is_number_unsigned() || element.get<uint64_t>() > uint64_t{INT64_MAX}) {
      return absl::DataLossError(StrCat("key '", key, "' holds more than non-negative integers"));
    }
    integers.push_back(element.get<int64_t>());
  }
  return integers;
}

absl::StatusOr<HeaderEntry> ReadEntry(const std::string& name, const nlohmann::json& json,
                                      int64_t data_bytes) {
  if (!json.is_object()) return TensorError(name, "its header is not an object");
  const absl::StatusOr<std::string> type_name = GetString(json, "dtype");
  if (!type_name.ok()) return TensorError(name, StdView(type_name.status().message()));
  const std::optional<TensorType> type = ParseType(*type_name);
  if (!type.has_value()) {
    return TensorError(name, StrCat("dtype '", type_name->substr(0, 32), "' is not known"));
  }
  absl::StatusOr<std::vector<int64_t>> shape = ReadIntegers(json, "shape", 8);
  if (!shape.ok()) return TensorError(name, StdView(shape.status().message()));
  const absl::StatusOr<std::vector<int64_t>> offsets = ReadIntegers(json, "data_offsets", 2);
  if (!offsets.ok()) return TensorError(name, StdView(offsets.status().message()));
  if (offsets->size() != 2 || (*offsets)[0] > (*offsets)[1] || (*offsets)[1] > data_bytes) {
    return TensorError(name, StrCat("data_offsets [", absl::StrJoin(*offsets, ","),
                                    "] are outside the file's ", data_bytes, " bytes of data"));
  }
  const std::optional<int64_t> expected = TensorBytes(*type, *shape);
  const int64_t actual = (*offsets)[1] - (*offsets)[0];
  if (expected != actual) {
    return TensorError(name, StrCat("shape [", absl::StrJoin(*shape, ","), "] of ", *type_name,
                                    " does not fit its ", actual, " bytes"));
  }
  return HeaderEntry{.name = name,
                     .type = *type,
                     .shape = *std::move(shape),
                     .begin = (*offsets)[0],
                     .end = (*offsets)[1]};
}

// The format wants the data covered without holes or overlaps.
absl::Status CheckCoverage(std::vector<HeaderEntry>& entries, int64_t data_bytes) {
  std::ranges::sort(entries, {}, [](const HeaderEntry& e) { return std::pair(e.begin, e.end); });
  int64_t expected = 0;
  for (const HeaderEntry& entry : entries) {
    if (entry.begin != expected) {
      return TensorError(entry.name, StrCat("its data begins at ", entry.begin, ", expected is ",
                                            expected, ": tensors overlap or leave a hole"));
    }
    expected = entry.end;
  }
  if (expected != data_bytes) {
    return absl::DataLossError(
        StrCat("tensors end at byte ", expected, " of ", data_bytes, " bytes of data"));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::map<std::string, std::string>> ReadMetadata(const nlohmann::json& json) {
  std::map<std::string, std::string> metadata;
  if (!json.is_object()) return absl::DataLossError("__metadata__ is not an object");
  for (const auto& [key, value] : json.items()) {
    if (!value.is_string()) return absl::DataLossError("__metadata__ holds more than strings");
    metadata[key] = value.get<std::string>();
  }
  return metadata;
}

}  // namespace

int64_t TensorTypeSize(TensorType type) { return Info(type).size_bytes; }
std::string_view TensorTypeName(TensorType type) { return Info(type).name; }

absl::StatusOr<std::unique_ptr<const SafetensorsFile>> SafetensorsFile::Open(
    const std::filesystem::path& path) {
  absl::StatusOr<std::unique_ptr<const MappedFile>> mapping = MappedFile::Open(path);
  if (!mapping.ok()) return mapping.status();
  return Open(*std::move(mapping));
}

absl::StatusOr<std::unique_ptr<const SafetensorsFile>> SafetensorsFile::Open(
    std::unique_ptr<const MappedFile> mapping) {
  absl::StatusOr<std::unique_ptr<SafetensorsFile>> parsed = ParseBytes(mapping->bytes());
  if (absl::Status intact = mapping->CheckIntact(); !intact.ok()) return intact;
  if (!parsed.ok()) {
    return absl::Status(parsed.status().code(), AbslView(StrCat("file '", mapping->name(),
                                                                "': ", parsed.status().message())));
  }
  (*parsed)->mapping_ = std::move(mapping);
  return *std::move(parsed);
}

absl::StatusOr<std::unique_ptr<const SafetensorsFile>> SafetensorsFile::Parse(
    std::span<const std::byte> bytes) {
  return ParseBytes(bytes);
}

absl::StatusOr<std::unique_ptr<SafetensorsFile>> SafetensorsFile::ParseBytes(
    std::span<const std::byte> bytes) {
  const int64_t file_bytes = std::ssize(bytes);
  if (file_bytes < kLengthBytes) {
    return absl::DataLossError(StrCat("safetensors of ", file_bytes, " bytes has no header"));
  }
  uint64_t header_bytes = 0;
  std::memcpy(&header_bytes, bytes.data(), sizeof(header_bytes));
  if (header_bytes > static_cast<uint64_t>(std::min(kMaxHeaderBytes, file_bytes - kLengthBytes))) {
    return absl::DataLossError(StrCat("safetensors header of ", header_bytes,
                                      " bytes is longer than the file or than 100 MiB"));
  }
  const std::string_view header(reinterpret_cast<const char*>(bytes.data()) + kLengthBytes,
                                header_bytes);
  const absl::StatusOr<nlohmann::json> json =
      ParseStrictJson(header, {.max_bytes = kMaxHeaderBytes, .max_depth = 4});
  if (!json.ok()) {
    return absl::DataLossError(StrCat("safetensors header: ", json.status().message()));
  }
  if (!json->is_object()) return absl::DataLossError("safetensors header is not an object");

  const std::span<const std::byte> data = bytes.subspan(kLengthBytes + header_bytes);
  auto file = std::unique_ptr<SafetensorsFile>(new SafetensorsFile());
  std::vector<HeaderEntry> entries;
  for (const auto& [name, value] : json->items()) {
    if (name == kMetadataKey) {
      absl::StatusOr<std::map<std::string, std::string>> metadata = ReadMetadata(value);
      if (!metadata.ok()) return metadata.status();
      file->metadata_ = *std::move(metadata);
      continue;
    }
    absl::StatusOr<HeaderEntry> entry = ReadEntry(name, value, std::ssize(data));
    if (!entry.ok()) return entry.status();
    entries.push_back(*std::move(entry));
  }
  if (absl::Status covered = CheckCoverage(entries, std::ssize(data)); !covered.ok()) {
    return covered;
  }
  for (HeaderEntry& entry : entries) {
    const auto size = static_cast<size_t>(entry.end - entry.begin);
    file->tensors_[entry.name] = {.type = entry.type,
                                  .shape = std::move(entry.shape),
                                  .data = data.subspan(static_cast<size_t>(entry.begin), size)};
  }
  return file;
}

absl::StatusOr<TensorView> SafetensorsFile::Find(std::string_view name) const {
  const auto found = tensors_.find(name);
  if (found == tensors_.end()) {
    return absl::NotFoundError(StrCat("tensor '", name, "' is missing"));
  }
  return found->second;
}

void SafetensorsWriter::Add(std::string name, TensorType type, std::vector<int64_t> shape,
                            std::span<const std::byte> data) {
  if (TensorBytes(type, shape) != std::ssize(data) || name == kMetadataKey) {
    error_ = StrCat("tensor '", name, "': shape [", absl::StrJoin(shape, ","), "] does not fit ",
                    data.size(), " bytes");
  }
  Entry entry = {.type = type,
                 .shape = std::move(shape),
                 .data = std::string(reinterpret_cast<const char*>(data.data()), data.size())};
  const auto [place, is_new] = entries_.emplace(std::move(name), std::move(entry));
  if (!is_new) error_ = StrCat("tensor '", place->first, "' was added twice");
}

absl::StatusOr<std::string> SafetensorsWriter::Finish() const {
  if (!error_.empty()) return absl::InvalidArgumentError(error_);
  std::vector<const std::pair<const std::string, Entry>*> order;
  for (const auto& entry : entries_) order.push_back(&entry);
  std::ranges::stable_sort(order, std::ranges::greater{},
                           [](const auto* e) { return TensorTypeSize(e->second.type); });

  nlohmann::json header = nlohmann::json::object();
  int64_t offset = 0;
  for (const auto* entry : order) {
    const int64_t end = offset + std::ssize(entry->second.data);
    header[entry->first] = {{"dtype", TensorTypeName(entry->second.type)},
                            {"shape", entry->second.shape},
                            {"data_offsets", {offset, end}}};
    offset = end;
  }
  std::string text;
  try {
    text = header.dump();
  } catch (const nlohmann::json::exception&) {  // a name that is not UTF-8
    return absl::InvalidArgumentError("a tensor's name is not valid UTF-8");
  }
  while ((kLengthBytes + std::ssize(text)) % kAlignment != 0) text.push_back(' ');

  const uint64_t length = text.size();
  std::string content(reinterpret_cast<const char*>(&length), sizeof(length));
  content.reserve(content.size() + text.size() + static_cast<size_t>(offset));
  content += text;
  for (const auto* entry : order) content += entry->second.data;
  return content;
}

}  // namespace sta
