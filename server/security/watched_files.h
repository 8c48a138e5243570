// SPDX-License-Identifier: Apache-2.0
//
// WatchedFiles: small files that belong together, and whether they are other ones than before. By
// their bytes, not by their dates: a Kubernetes secret changes by a symbolic link.
//
//   WatchedFiles files({"tls.crt", "tls.key"});
//   if (auto texts = files.Poll()) Use(*texts);      // the first time always
//
// Thread-compatible. Poll reads the disk.
#ifndef SERVER_SECURITY_WATCHED_FILES_H_
#define SERVER_SECURITY_WATCHED_FILES_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace sta {

class WatchedFiles {
 public:
  using Texts = absl::StatusOr<std::vector<std::string>>;

  // An empty path stands for an empty text.
  explicit WatchedFiles(std::vector<std::string> paths) : paths_(std::move(paths)) {}

  // The texts, or why they cannot be read (NOT_FOUND; INVALID_ARGUMENT: over 1 MiB), where that is
  // otherwise than the last time.
  std::optional<Texts> Poll();

 private:
  Texts Read() const;

  const std::vector<std::string> paths_;
  std::optional<Texts> last_;
};

}  // namespace sta

#endif  // SERVER_SECURITY_WATCHED_FILES_H_
