// SPDX-License-Identifier: Apache-2.0
#include "server/security/watched_files.h"

#include <fstream>
#include <utility>

#include "strings/str_cat.h"

namespace sta {
namespace {

constexpr size_t kMostBytes = size_t{1} << 20;

absl::StatusOr<std::string> ReadSmallFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(kMostBytes + 1, '\0');
  if (!file || (file.read(text.data(), static_cast<std::streamsize>(text.size())), file.bad())) {
    return absl::NotFoundError(StrCat("cannot read the file '", path, "'"));
  }
  text.resize(static_cast<size_t>(file.gcount()));
  if (text.size() > kMostBytes) {
    return absl::InvalidArgumentError(StrCat("'", path, "' is over ", kMostBytes, " bytes"));
  }
  return text;
}

}  // namespace

WatchedFiles::Texts WatchedFiles::Read() const {
  std::vector<std::string> texts;
  texts.reserve(paths_.size());
  for (const std::string& path : paths_) {
    absl::StatusOr<std::string> text = path.empty() ? std::string() : ReadSmallFile(path);
    if (!text.ok()) return text.status();
    texts.push_back(*std::move(text));
  }
  return texts;
}

std::optional<WatchedFiles::Texts> WatchedFiles::Poll() {
  Texts texts = Read();
  const bool is_same =
      last_.has_value() && last_->status() == texts.status() && (!texts.ok() || **last_ == *texts);
  if (is_same) return std::nullopt;
  last_ = texts;
  return texts;
}

}  // namespace sta
