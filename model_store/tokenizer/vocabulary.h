// SPDX-License-Identifier: Apache-2.0
//
// Vocabulary: a two-way table between tokens and ids, as read from untrusted files.
//
//   Vocabulary vocabulary;
//   absl::Status added = vocabulary.Add("hello", 7592);
//   vocabulary.Find("hello");   // 7592
//   vocabulary.Text(7592);      // "hello"
//
// Ids may have holes. Thread-compatible: constant once it is filled.
#ifndef MODEL_STORE_TOKENIZER_VOCABULARY_H_
#define MODEL_STORE_TOKENIZER_VOCABULARY_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"

namespace sta {

class Vocabulary {
 public:
  // More than any WordPiece vocabulary in use (LaBSE has 501,153 tokens in 5.2 MB).
  static constexpr int64_t kMaxId = (int64_t{1} << 22) - 1;
  static constexpr int64_t kMaxTextBytes = int64_t{16} << 20;

  // INVALID_ARGUMENT: `id` outside 0..kMaxId or already given to another text, `text` already
  // present with another id, or all texts together over kMaxTextBytes.
  absl::Status Add(std::string_view text, int64_t id);

  // Adds the next line of a vocab.txt: its id is size(). A text that is already present moves to
  // the new id, as in Hugging Face's loader (the old id keeps its text). INVALID_ARGUMENT: too many
  // or too long lines.
  absl::Status AddLine(std::string_view text);

  std::optional<int32_t> Find(std::string_view text) const;
  // The text of `id`; empty for a hole and outside 0..size() - 1.
  std::string_view Text(int64_t id) const;
  // The largest id plus one.
  int64_t size() const { return size_; }
  // Distinct tokens.
  const absl::flat_hash_map<std::string, int32_t>& ids() const { return ids_; }

 private:
  absl::Status CheckNew(std::string_view text, int64_t id);
  void Insert(std::string_view text, int64_t id);

  absl::flat_hash_map<std::string, int32_t> ids_;
  absl::flat_hash_map<int64_t, std::string> texts_;  // a map, so that an id costs no memory
  int64_t size_ = 0;
  int64_t text_bytes_ = 0;
};

}  // namespace sta

#endif  // MODEL_STORE_TOKENIZER_VOCABULARY_H_
