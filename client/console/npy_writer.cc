// SPDX-License-Identifier: Apache-2.0
#include "client/console/npy_writer.h"

#include <filesystem>
#include <system_error>
#include <utility>

#include "strings/str_cat.h"

namespace sta::client {
namespace {

// Room for any shape; the format wants the data at a multiple of 64.
constexpr size_t kHeaderBytes = 128;

std::string PartialPath(const std::string& path) { return path + ".partial"; }

std::string Header(int64_t rows, int64_t columns) {
  std::string header("\x93NUMPY\x01\x00", 8);
  constexpr uint16_t kDictionaryBytes = kHeaderBytes - 10;
  header += static_cast<char>(kDictionaryBytes & 0xFF);
  header += static_cast<char>(kDictionaryBytes >> 8);
  StrAppend(&header, "{'descr': '<f4', 'fortran_order': False, 'shape': (", rows, ", ", columns,
            "), }");
  header.resize(kHeaderBytes - 1, ' ');
  header += '\n';
  return header;
}

}  // namespace

absl::StatusOr<std::unique_ptr<NpyWriter>> NpyWriter::Create(std::string path) {
  std::ofstream file(PartialPath(path), std::ios::binary | std::ios::trunc);
  file << Header(0, 0);
  if (!file.flush()) {
    return absl::PermissionDeniedError(StrCat("cannot write ", PartialPath(path)));
  }
  return std::unique_ptr<NpyWriter>(new NpyWriter(std::move(path), std::move(file)));
}

NpyWriter::NpyWriter(std::string path, std::ofstream file)
    : path_(std::move(path)), file_(std::move(file)) {}

NpyWriter::~NpyWriter() {
  if (finished_) return;
  file_.close();
  std::error_code ignored;
  std::filesystem::remove(PartialPath(path_), ignored);
}

absl::Status NpyWriter::Append(std::span<const float> row) {
  const auto columns = static_cast<int64_t>(row.size());
  if (rows_ == 0) columns_ = columns;
  if (columns != columns_) {
    return absl::InvalidArgumentError(
        StrCat("row ", rows_, " has ", columns, " values, the rows before it ", columns_));
  }
  file_.write(reinterpret_cast<const char*>(row.data()),
              static_cast<std::streamsize>(row.size_bytes()));
  ++rows_;
  return absl::OkStatus();
}

absl::Status NpyWriter::Finish() {
  file_.seekp(0);
  file_ << Header(rows_, columns_);
  file_.close();
  if (!file_) return absl::ResourceExhaustedError(StrCat("cannot write all of ", path_));
  std::error_code error;
  std::filesystem::rename(PartialPath(path_), path_, error);
  if (error) {
    return absl::PermissionDeniedError(StrCat("cannot write ", path_, ": ", error.message()));
  }
  finished_ = true;
  return absl::OkStatus();
}

}  // namespace sta::client
