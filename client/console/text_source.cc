// SPDX-License-Identifier: Apache-2.0
#include "client/console/text_source.h"

#include <utility>

#include "strings/str_cat.h"

namespace sta::client {
namespace {

bool IsFull(const std::vector<std::string>& batch, int64_t bytes, const BatchLimits& limits) {
  return static_cast<int64_t>(batch.size()) >= limits.max_rows || bytes >= limits.max_bytes;
}

}  // namespace

ListTextSource::ListTextSource(std::vector<std::string> texts, BatchLimits limits)
    : texts_(std::move(texts)), limits_(limits) {}

absl::StatusOr<std::vector<std::string>> ListTextSource::NextBatch() {
  std::vector<std::string> batch;
  int64_t bytes = 0;
  while (next_ < texts_.size() && !IsFull(batch, bytes, limits_)) {
    bytes += static_cast<int64_t>(texts_[next_].size());
    batch.push_back(std::move(texts_[next_++]));
  }
  return batch;
}

LineTextSource::LineTextSource(std::istream& stream, BatchLimits limits)
    : stream_(stream), limits_(limits) {}

absl::StatusOr<std::vector<std::string>> LineTextSource::NextBatch() {
  // libstdc++'s file buffer throws where a read fails, a directory's for example.
  try {
    return ReadBatch();
  } catch (const std::ios_base::failure& failure) {
    return absl::DataLossError(StrCat("reading line ", line_number_, " failed: ", failure.what()));
  }
}

absl::StatusOr<std::vector<std::string>> LineTextSource::ReadBatch() {
  std::vector<std::string> batch;
  int64_t bytes = 0;
  while (!IsFull(batch, bytes, limits_)) {
    std::string line;
    const absl::StatusOr<bool> found = ReadLine(&line);
    if (!found.ok()) return found.status();
    if (!*found) break;
    bytes += static_cast<int64_t>(line.size());
    batch.push_back(std::move(line));
  }
  return batch;
}

// By character and not by std::getline, which would keep a line of any length.
absl::StatusOr<bool> LineTextSource::ReadLine(std::string* line) {
  std::streambuf* buffer = stream_.rdbuf();
  constexpr int kEnd = std::char_traits<char>::eof();
  ++line_number_;
  int next = buffer->sbumpc();
  if (next == kEnd) return false;
  for (; next != kEnd && next != '\n'; next = buffer->sbumpc()) {
    if (static_cast<int64_t>(line->size()) == limits_.max_line_bytes) {
      return absl::InvalidArgumentError(StrCat("line ", line_number_, " is over the limit of ",
                                               limits_.max_line_bytes, " bytes"));
    }
    line->push_back(static_cast<char>(next));
  }
  if (!line->empty() && line->back() == '\r') line->pop_back();
  return true;
}

}  // namespace sta::client
