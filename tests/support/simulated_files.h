// SPDX-License-Identifier: Apache-2.0
//
// The open files of SimulatedFileSystem. Private to simulated_file_system.cc.
#ifndef TESTS_SUPPORT_SIMULATED_FILES_H_
#define TESTS_SUPPORT_SIMULATED_FILES_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model_store/store/file_system.h"
#include "tests/support/simulated_disk.h"
#include "tests/support/simulated_file_system.h"

namespace sta {

class SimulatedReadableFile final : public ReadableFile {
 public:
  SimulatedReadableFile(SimulatedFileSystem& files, FileSystem::Path path,
                        SimulatedDisk::Node node);

  absl::StatusOr<size_t> ReadAt(int64_t offset, std::span<std::byte> bytes) const override;
  int64_t size_bytes() const override { return size_bytes_; }

 private:
  SimulatedFileSystem& files_;
  const FileSystem::Path path_;
  const SimulatedDisk::Node node_;
  const int64_t size_bytes_;
};

class SimulatedWritableFile final : public WritableFile {
 public:
  SimulatedWritableFile(SimulatedFileSystem& files, FileSystem::Path path,
                        SimulatedDisk::Node node);

  absl::Status Append(std::span<const std::byte> bytes) override;
  absl::Status Sync() override;
  absl::Status Truncate(int64_t size_bytes) override;
  absl::Status MakeReadOnly() override;
  absl::Status Close() override;
  int64_t size_bytes() const override;

 private:
  SimulatedFileSystem& files_;
  const FileSystem::Path path_;
  const SimulatedDisk::Node node_;
};

class SimulatedFileLock final : public FileLock {
 public:
  SimulatedFileLock(SimulatedFileSystem& files, SimulatedDisk::Node node)
      : files_(files), node_(std::move(node)) {}
  ~SimulatedFileLock() override;

 private:
  SimulatedFileSystem& files_;
  const SimulatedDisk::Node node_;
};

}  // namespace sta

#endif  // TESTS_SUPPORT_SIMULATED_FILES_H_
