// SPDX-License-Identifier: Apache-2.0
//
// TextSource: the texts that a command works on, from its arguments or line by line from a stream,
// in batches of bounded rows and bytes, so that a file of any size passes through little memory.
//
//   LineTextSource source(std::cin, {.max_rows = 32});
//   while (true) {
//     absl::StatusOr<std::vector<std::string>> batch = source.NextBatch();
//     if (!batch.ok()) return batch.status();
//     if (batch->empty()) break;   // the end
//     ...
//   }
//
// Order is kept. A line's end is "\n" or "\r\n"; an empty line is an empty text, so that results
// line up with lines. Not thread-safe; reading blocks.
#ifndef CLIENT_CONSOLE_TEXT_SOURCE_H_
#define CLIENT_CONSOLE_TEXT_SOURCE_H_

#include <cstdint>
#include <istream>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace sta::client {

struct BatchLimits {
  int64_t max_rows = 32;             // texts in a batch, >= 1
  int64_t max_bytes = 1 << 20;       // of text in a batch; one text alone may be larger
  int64_t max_line_bytes = 8 << 20;  // of one text
};

class TextSource {
 public:
  virtual ~TextSource() = default;
  // Up to max_rows texts; empty at the end. INVALID_ARGUMENT names a line that is too long;
  // DATA_LOSS where reading failed.
  virtual absl::StatusOr<std::vector<std::string>> NextBatch() = 0;
};

class ListTextSource : public TextSource {
 public:
  ListTextSource(std::vector<std::string> texts, BatchLimits limits);
  absl::StatusOr<std::vector<std::string>> NextBatch() override;

 private:
  std::vector<std::string> texts_;
  const BatchLimits limits_;
  size_t next_ = 0;
};

class LineTextSource : public TextSource {
 public:
  // `stream` must outlive this.
  LineTextSource(std::istream& stream, BatchLimits limits);
  absl::StatusOr<std::vector<std::string>> NextBatch() override;

 private:
  absl::StatusOr<std::vector<std::string>> ReadBatch();
  // False at the end of the stream.
  absl::StatusOr<bool> ReadLine(std::string* line);

  std::istream& stream_;
  const BatchLimits limits_;
  int64_t line_number_ = 0;
};

}  // namespace sta::client

#endif  // CLIENT_CONSOLE_TEXT_SOURCE_H_
