// SPDX-License-Identifier: Apache-2.0
//
// NpyWriter: writes a float32 matrix as a NumPy .npy file (format 1.0), row by row, without
// knowing the number of rows beforehand.
//
//   auto writer = NpyWriter::Create("vectors.npy");
//   (*writer)->Append(row);          // every row has the same length
//   (*writer)->Finish();             // only now does vectors.npy appear
//
// Writes to "<path>.partial" and renames at the end; without Finish nothing is left. Not
// thread-safe. Blocks on the file system.
#ifndef CLIENT_CONSOLE_NPY_WRITER_H_
#define CLIENT_CONSOLE_NPY_WRITER_H_

#include <cstdint>
#include <fstream>
#include <memory>
#include <span>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace sta::client {

class NpyWriter {
 public:
  // PERMISSION_DENIED where the file cannot be made.
  static absl::StatusOr<std::unique_ptr<NpyWriter>> Create(std::string path);
  ~NpyWriter();
  NpyWriter(const NpyWriter&) = delete;
  NpyWriter& operator=(const NpyWriter&) = delete;

  // INVALID_ARGUMENT for a row of another length than the first.
  absl::Status Append(std::span<const float> row);
  // Writes the final header and puts the file in its place. RESOURCE_EXHAUSTED where writing
  // failed (a full disk). Call it once.
  absl::Status Finish();

  int64_t rows() const { return rows_; }

 private:
  NpyWriter(std::string path, std::ofstream file);

  const std::string path_;
  std::ofstream file_;
  int64_t rows_ = 0;
  int64_t columns_ = 0;
  bool finished_ = false;
};

}  // namespace sta::client

#endif  // CLIENT_CONSOLE_NPY_WRITER_H_
