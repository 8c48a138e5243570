// SPDX-License-Identifier: Apache-2.0
//
// The forms in which embed shows its vectors. Each takes them row by row, in order.
// Not thread-safe.
#ifndef CLIENT_COMMANDS_EMBED_OUTPUT_H_
#define CLIENT_COMMANDS_EMBED_OUTPUT_H_

#include <memory>
#include <ostream>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace sta::client {

class EmbedOutput {
 public:
  virtual ~EmbedOutput() = default;
  virtual absl::Status Add(std::string_view text, std::span<const float> vector) = 0;
  // Once, after the last row.
  virtual absl::Status Finish() = 0;
};

// One line a text: the text, the size of its vector and the first values.
std::unique_ptr<EmbedOutput> MakeTextEmbedOutput(std::ostream& out);
// One JSON object a line: {"text": ..., "embedding": [...]}.
std::unique_ptr<EmbedOutput> MakeJsonEmbedOutput(std::ostream& out);
// A .npy file; a line on `out` at the end says what was written.
absl::StatusOr<std::unique_ptr<EmbedOutput>> MakeNpyEmbedOutput(const std::string& path,
                                                                std::ostream& out);
// The cosine of each text with each, as a table, or as JSON {"texts", "similarity"}. Keeps all
// vectors; RESOURCE_EXHAUSTED over kMaxSimilarityTexts.
inline constexpr int kMaxSimilarityTexts = 1000;
std::unique_ptr<EmbedOutput> MakeSimilarityOutput(bool json, std::ostream& out);

}  // namespace sta::client

#endif  // CLIENT_COMMANDS_EMBED_OUTPUT_H_
