// SPDX-License-Identifier: Apache-2.0
//
// FakePackage: a package to a store that does not look into its files: a valid manifest and a few
// bytes. AcceptPackage is the checker that goes with it.
//
//   const FakePackage package("a");                     // other text, other encoder
//   STA_ASSERT_OK_AND_ASSIGN(VersionInfo version, UploadFakePackage(store, {"m"}, package));
#ifndef TESTS_SUPPORT_FAKE_PACKAGE_H_
#define TESTS_SUPPORT_FAKE_PACKAGE_H_

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model_store/store/version_store.h"

namespace sta {

struct FakePackage {
  explicit FakePackage(std::string_view encoder = "");

  std::string Manifest() const;
  int64_t FileBytes() const;

  std::map<std::string, std::string> files;  // bytes by name, manifest.json apart
};

inline absl::Status AcceptPackage(const std::filesystem::path& /*directory*/) {
  return absl::OkStatus();
}

// A chunk with its CRC32C; a view of `data`.
ChunkView MakeChunk(std::string_view file, int64_t offset, std::string_view data);

// Sends what the store does not have, in chunks, and does not finish.
absl::StatusOr<UploadStatus> SendFakePackage(VersionStore& store, const UploadStatus& upload,
                                             const FakePackage& package, int64_t chunk_bytes = 7);

struct FakeUpload {
  std::string name;
  int64_t version = 0;
  std::string key = "";
};
// From the start to the end; the existing version where there is one.
absl::StatusOr<VersionInfo> UploadFakePackage(VersionStore& store, const FakeUpload& upload,
                                              const FakePackage& package);

}  // namespace sta

#endif  // TESTS_SUPPORT_FAKE_PACKAGE_H_
