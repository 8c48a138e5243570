// SPDX-License-Identifier: Apache-2.0
#include "tests/support/fake_package.h"

#include <span>

#include "checksum/crc32c.h"
#include "model_store/package/manifest.h"
#include "model_store/package/sha256.h"

namespace sta {

FakePackage::FakePackage(std::string_view encoder)
    : files{{"config.json", "{}"},
            {"embeddings.safetensors", "the embeddings"},
            {"encoder.safetensors", "encoder " + std::string(encoder)}} {}

std::string FakePackage::Manifest() const {
  struct Manifest manifest;
  for (const auto& [name, bytes] : files) {
    manifest.files[name] = {.size_bytes = std::ssize(bytes), .sha256 = Sha256Hex(bytes)};
  }
  return FormatManifest(manifest).value();
}

int64_t FakePackage::FileBytes() const {
  int64_t total = 0;
  for (const auto& [name, bytes] : files) total += std::ssize(bytes);
  return total;
}

ChunkView MakeChunk(std::string_view file, int64_t offset, std::string_view data) {
  return {.file = file,
          .offset = offset,
          .data = std::as_bytes(std::span(data)),
          .crc32c = Crc32c(data)};
}

absl::StatusOr<UploadStatus> SendFakePackage(VersionStore& store, const UploadStatus& upload,
                                             const FakePackage& package, int64_t chunk_bytes) {
  UploadStatus status = upload;
  for (const UploadFileStatus& file : upload.files) {
    const std::string& bytes = package.files.at(file.name);
    for (int64_t offset = file.received_bytes; offset < std::ssize(bytes); offset += chunk_bytes) {
      absl::StatusOr<UploadStatus> appended = store.AppendToUpload(
          upload.id, MakeChunk(file.name, offset,
                               std::string_view(bytes).substr(static_cast<size_t>(offset),
                                                              static_cast<size_t>(chunk_bytes))));
      if (!appended.ok()) return appended;
      status = *appended;
    }
  }
  return status;
}

absl::StatusOr<VersionInfo> UploadFakePackage(VersionStore& store, const FakeUpload& upload,
                                              const FakePackage& package) {
  const absl::StatusOr<StartedUpload> started = store.StartUpload({.name = upload.name,
                                                                   .version = upload.version,
                                                                   .manifest = package.Manifest(),
                                                                   .key = upload.key});
  if (!started.ok()) return started.status();
  if (started->existing.has_value()) return *started->existing;
  const absl::StatusOr<UploadStatus> sent = SendFakePackage(store, *started->upload, package);
  if (!sent.ok()) return sent.status();
  return store.FinishUpload(started->upload->id);
}

}  // namespace sta
