// SPDX-License-Identifier: Apache-2.0
//
// TextEncoder: one text to its token ids, without the special tokens around it.
//
//   TextEncoder encoder({.model = model, .normalizing = ..., ...});
//   encoder.Encode(text, /*keep_tokens=*/510, /*count_all=*/false);
//   encoder.ids();           // the first 510 tokens at most
//
// Added tokens are found first, in the raw text; what lies between is normalized, searched for
// normalized added tokens if there are any, and split into words, and the words into tokens.
// One encoder a text; borrows what it is given; not thread-safe.
#ifndef MODEL_STORE_TOKENIZER_TEXT_ENCODER_H_
#define MODEL_STORE_TOKENIZER_TEXT_ENCODER_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model_store/tokenizer/added_tokens.h"
#include "model_store/tokenizer/char_table.h"
#include "model_store/tokenizer/text_normalizer.h"
#include "model_store/tokenizer/word_piece_model.h"

namespace sta {

// Sink that gathers characters into words and splits each into tokens.
class WordSink {
 public:
  explicit WordSink(const WordPieceModel& model);

  void OnLetter(std::string_view character) {
    if (characters_ < model_.max_word_characters()) word_.append(character);
    ++characters_;
  }
  void OnSpace(std::string_view /*character*/) { EndWord(); }
  void OnPunctuation(std::string_view character) {
    EndWord();
    OnLetter(character);
    EndWord();
  }
  void OnIdeograph(std::string_view character) { OnPunctuation(character); }

  void EndWord() {
    if (characters_ > 0) SplitWord();
  }

  std::vector<int32_t>& ids() { return ids_; }

 private:
  void SplitWord();

  const WordPieceModel& model_;
  std::string word_;  // its first max_word_characters
  int64_t characters_ = 0;
  std::vector<int32_t> ids_;
};

class TextEncoder {
 public:
  struct Parts {
    const WordPieceModel& model;
    const CharTable& normalizing;
    const CharTable& splitting;
    const AddedTokenMatcher& raw_added;
    const AddedTokenMatcher& normalized_added;
  };

  explicit TextEncoder(const Parts& parts);

  // `text` is well-formed UTF-8. Keeps the first `keep_tokens` ids; goes on behind them only to
  // count, if `count_all`.
  void Encode(std::string_view text, size_t keep_tokens, bool count_all);

  std::vector<int32_t>& ids() { return words_.ids(); }
  // Tokens of the whole text; only if it was read to its end.
  size_t total_tokens() { return dropped_ + words_.ids().size(); }

 private:
  void FeedRaw(std::string_view piece);
  void EndPiece();
  void EncodeNormalized(std::string_view text);

  const Parts parts_;
  WordSink words_;
  TextNormalizer<WordSink> raw_normalizer_;
  TextNormalizer<WordSink> splitter_;
  std::string piece_;  // normalized text, gathered only for normalized added tokens
  size_t dropped_ = 0;
};

}  // namespace sta

#endif  // MODEL_STORE_TOKENIZER_TEXT_ENCODER_H_
