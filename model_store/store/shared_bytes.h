// SPDX-License-Identifier: Apache-2.0
//
// SharedBytes: how many bytes files take when those with the same SHA-256 are one. Not thread-safe.
#ifndef MODEL_STORE_STORE_SHARED_BYTES_H_
#define MODEL_STORE_STORE_SHARED_BYTES_H_

#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "model_store/package/manifest.h"

namespace sta {

class SharedBytes {
 public:
  void AddOwn(int64_t size_bytes) { total_ += size_bytes; }
  void AddShared(const std::map<std::string, FileEntry>& files) {
    for (const auto& [name, file] : files) {
      if (known_.insert(file.sha256).second) total_ += file.size_bytes;
    }
  }

  int64_t total() const { return total_; }

 private:
  std::set<std::string> known_;
  int64_t total_ = 0;
};

}  // namespace sta

#endif  // MODEL_STORE_STORE_SHARED_BYTES_H_
