// SPDX-License-Identifier: Apache-2.0
//
// WordPieceTokenizer: text to token ids, equal token for token to Hugging Face's BERT tokenizers.
//
//   auto tokenizer = WordPieceTokenizer::FromFiles({.vocab_txt = ..., .tokenizer_config_json =
//   ...}); auto tokens = (*tokenizer)->Encode("hello world", std::nullopt, /*max_tokens=*/256);
//
// Equality is proven against the `tokenizers` library; tests/golden/tokenizer says how.
// Immutable after construction and thread-safe; Encode does not block and takes time linear in its
// texts.
#ifndef MODEL_STORE_TOKENIZER_WORDPIECE_TOKENIZER_H_
#define MODEL_STORE_TOKENIZER_WORDPIECE_TOKENIZER_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "model_store/tokenizer/added_tokens.h"
#include "model_store/tokenizer/char_table.h"
#include "model_store/tokenizer/token_sequence.h"
#include "model_store/tokenizer/tokenizer_spec.h"
#include "model_store/tokenizer/word_piece_model.h"

namespace sta {

// Contents of a model's tokenizer files; an empty string means the file is absent. tokenizer_json
// wins over vocab_txt where both are given, as in Hugging Face's fast tokenizers.
struct TokenizerFiles {
  std::string vocab_txt;
  std::string tokenizer_json;
  std::string tokenizer_config_json;
  std::string special_tokens_map_json;
};

class WordPieceTokenizer {
 public:
  // INVALID_ARGUMENT: no vocabulary, a missing special token, malformed JSON, or a tokenizer that
  // is not BERT's WordPiece (the message names what was found).
  static absl::StatusOr<std::unique_ptr<const WordPieceTokenizer>> FromFiles(
      const TokenizerFiles& files);

  // Tokenizes `text` (and `pair`) to [CLS] text [SEP] (pair [SEP]), cut to `max_tokens` in all
  // (longest first, as Hugging Face does; a single text is read only as far as needed).
  // INVALID_ARGUMENT: invalid UTF-8 anywhere in a text (the byte offset is named), or max_tokens
  // too small for the special tokens (2, or 3 for a pair).
  absl::StatusOr<TokenSequence> Encode(std::string_view text, std::optional<std::string_view> pair,
                                       int64_t max_tokens) const;

  // Number of ids; every id returned by Encode is below it.
  int64_t vocabulary_size() const { return vocabulary_.size(); }
  // The token's text, as in the vocabulary; empty for an id out of range.
  std::string_view TokenText(int32_t id) const { return vocabulary_.Text(id); }
  // The limit that tokenizer_config.json or else tokenizer.json's truncation names; nullopt if
  // none.
  std::optional<int64_t> model_max_tokens() const { return max_tokens_; }

 private:
  explicit WordPieceTokenizer(TokenizerSpec spec);

  Vocabulary vocabulary_;
  WordPieceModel model_;
  const CharTable& normalizing_;
  const CharTable& splitting_;  // classes only, for text that is already normalized
  AddedTokenMatcher raw_added_;
  AddedTokenMatcher normalized_added_;
  int32_t cls_id_;
  int32_t sep_id_;
  std::optional<int64_t> max_tokens_;
};

}  // namespace sta

#endif  // MODEL_STORE_TOKENIZER_WORDPIECE_TOKENIZER_H_
