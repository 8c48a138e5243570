// SPDX-License-Identifier: Apache-2.0
#include "model_store/store/hash_file.h"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "strings/str_cat.h"

namespace sta {

absl::StatusOr<RunningSha256> HashFile(FileSystem& files, const FileSystem::Path& path,
                                       int64_t size_bytes) {
  constexpr int64_t kBlockBytes = int64_t{1} << 20;
  const absl::StatusOr<std::unique_ptr<ReadableFile>> file = files.OpenToRead(path);
  if (!file.ok()) return file.status();
  RunningSha256 hash;
  std::vector<std::byte> block(static_cast<size_t>(std::min(size_bytes, kBlockBytes)));
  for (int64_t offset = 0; offset < size_bytes;) {
    const int64_t wanted = std::min(size_bytes - offset, kBlockBytes);
    const std::span<std::byte> bytes = std::span(block).first(static_cast<size_t>(wanted));
    const absl::StatusOr<size_t> count = (*file)->ReadAt(offset, bytes);
    if (!count.ok()) return count.status();
    if (*count < bytes.size()) {
      return absl::DataLossError(StrCat("file '", path.filename().string(), "' ends at ",
                                        offset + static_cast<int64_t>(*count), " of ", size_bytes,
                                        " bytes"));
    }
    hash.Update(bytes);
    offset += wanted;
  }
  return hash;
}

}  // namespace sta
