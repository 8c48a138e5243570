// SPDX-License-Identifier: Apache-2.0
//
// WordPieceModel: splits one normalized word into the longest tokens from left to right.
//
//   WordPieceModel model(vocabulary, {.unknown_id = 100});
//   std::vector<int32_t> ids;
//   model.Split("runningly", &ids);   // running ##ly
//
// A word that cannot be covered to its end, or that is too long, becomes the unknown token.
// At most (bytes of the word) x (bytes of the longest token) steps, both bounded by
// max_word_characters. Immutable; thread-safe.
#ifndef MODEL_STORE_TOKENIZER_WORD_PIECE_MODEL_H_
#define MODEL_STORE_TOKENIZER_WORD_PIECE_MODEL_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "model_store/tokenizer/byte_trie.h"
#include "model_store/tokenizer/vocabulary.h"

namespace sta {

struct WordPieceOptions {
  int32_t unknown_id = 0;
  // Marks the tokens that continue a word.
  std::string continuing_prefix = "##";
  // Longer words are unknown. 1..kMaxWordCharacters.
  int max_word_characters = 100;
  // Tokens that no word is split into: they are matched in the text or not at all.
  absl::flat_hash_set<int32_t> excluded_ids;
};

class WordPieceModel {
 public:
  static constexpr int kMaxWordCharacters = 1000;

  WordPieceModel(const Vocabulary& vocabulary, const WordPieceOptions& options);

  // Appends the tokens of `word`, which is not empty and not longer than max_word_characters.
  void Split(std::string_view word, std::vector<int32_t>* ids) const;

  int32_t unknown_id() const { return unknown_id_; }
  int max_word_characters() const { return max_word_characters_; }

 private:
  int32_t unknown_id_;
  int max_word_characters_;
  ByteTrie initial_;
  ByteTrie continuing_;  // keys without the prefix
};

}  // namespace sta

#endif  // MODEL_STORE_TOKENIZER_WORD_PIECE_MODEL_H_
