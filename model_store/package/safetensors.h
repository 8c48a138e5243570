// SPDX-License-Identifier: Apache-2.0
//
// The safetensors format: an 8-byte little-endian header length, a JSON header, the tensors' bytes.
// Reader and writer; the converter reads Hugging Face's weights with it, packages are made of it.
//
//   auto file = SafetensorsFile::Open("model.safetensors");
//   auto weight = (*file)->Find("encoder.layer.0.output.dense.weight");   // a view
//
//   SafetensorsWriter writer;
//   writer.Add("bias", TensorType::kI32, {384}, bytes);
//   std::string content = writer.Finish();
//
// A file is untrusted: everything is checked when it is opened (header size, JSON depth, duplicate
// names, shapes whose product overflows, offsets outside the file, overlaps and holes). Views point
// into the mapping and live as long as the file object. Immutable and thread-safe.
#ifndef MODEL_STORE_PACKAGE_SAFETENSORS_H_
#define MODEL_STORE_PACKAGE_SAFETENSORS_H_

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "model_store/package/mapped_file.h"

namespace sta {

enum class TensorType {
  kBool,
  kU8,
  kI8,
  kU16,
  kI16,
  kF16,
  kBF16,
  kU32,
  kI32,
  kF32,
  kU64,
  kI64,
  kF64
};

// Bytes of one element.
int64_t TensorTypeSize(TensorType type);
// As the format spells it: "F32", "BF16", ...
std::string_view TensorTypeName(TensorType type);

struct TensorView {
  TensorType type = TensorType::kU8;
  std::vector<int64_t> shape;
  std::span<const std::byte> data;  // row-major, little-endian; size fits type and shape

  // Product of the shape; 1 for a scalar.
  int64_t element_count() const { return std::ssize(data) / TensorTypeSize(type); }
};

class SafetensorsFile {
 public:
  // Statuses of MappedFile::Open; DATA_LOSS where the content breaks the format.
  static absl::StatusOr<std::unique_ptr<const SafetensorsFile>> Open(
      const std::filesystem::path& path);
  // The same of a file that is open already.
  static absl::StatusOr<std::unique_ptr<const SafetensorsFile>> Open(
      std::unique_ptr<const MappedFile> mapping);
  // The same over bytes that the caller keeps alive.
  static absl::StatusOr<std::unique_ptr<const SafetensorsFile>> Parse(
      std::span<const std::byte> bytes);

  // NOT_FOUND names the tensor.
  absl::StatusOr<TensorView> Find(std::string_view name) const;
  bool Contains(std::string_view name) const { return tensors_.contains(name); }
  const std::map<std::string, TensorView, std::less<>>& tensors() const { return tensors_; }
  // The header's __metadata__.
  const std::map<std::string, std::string>& metadata() const { return metadata_; }

  // MappedFile's: to be asked after a tensor's bytes were read. Parsed bytes are always intact.
  absl::Status CheckIntact() const {
    return mapping_ != nullptr ? mapping_->CheckIntact() : absl::OkStatus();
  }
  bool damaged() const { return mapping_ != nullptr && mapping_->damaged(); }

 private:
  SafetensorsFile() = default;
  static absl::StatusOr<std::unique_ptr<SafetensorsFile>> ParseBytes(
      std::span<const std::byte> bytes);

  std::unique_ptr<const MappedFile> mapping_;  // null for Parse
  std::map<std::string, TensorView, std::less<>> tensors_;
  std::map<std::string, std::string> metadata_;
};

// Collects tensors and lays them out by falling element size, then by name: the format allows no
// padding between tensors, and in this order each one is aligned to its elements. The same tensors
// always give the same bytes.
class SafetensorsWriter {
 public:
  // Copies `data`. The name must be new and the size must fit: a mismatch is a bug of the caller
  // and reported by Finish.
  void Add(std::string name, TensorType type, std::vector<int64_t> shape,
           std::span<const std::byte> data);

  // The whole file. INVALID_ARGUMENT where Add was given a duplicate or a wrong size.
  absl::StatusOr<std::string> Finish() const;

 private:
  struct Entry {
    TensorType type;
    std::vector<int64_t> shape;
    std::string data;
  };
  std::map<std::string, Entry> entries_;
  std::string error_;
};

}  // namespace sta

#endif  // MODEL_STORE_PACKAGE_SAFETENSORS_H_
