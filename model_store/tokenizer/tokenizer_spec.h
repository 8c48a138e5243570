// SPDX-License-Identifier: Apache-2.0
//
// TokenizerSpec: everything that a model's tokenizer files say about a BERT tokenizer, checked.
// Readers: tokenizer_json.h (tokenizer.json), vocabulary_files.h (vocab.txt and what goes with it).
#ifndef MODEL_STORE_TOKENIZER_TOKENIZER_SPEC_H_
#define MODEL_STORE_TOKENIZER_TOKENIZER_SPEC_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model_store/tokenizer/added_tokens.h"
#include "model_store/tokenizer/char_table.h"
#include "model_store/tokenizer/vocabulary.h"
#include "model_store/tokenizer/word_piece_model.h"

namespace sta {

struct TokenizerSpec {
  Vocabulary vocabulary;  // added tokens included
  WordPieceOptions word_piece;
  NormalizerOptions normalizer;
  // In the order in which equal contents are preferred.
  std::vector<AddedToken> added_tokens;
  int32_t cls_id = 0;
  int32_t sep_id = 0;
  // The length that the files name; nullopt if none.
  std::optional<int64_t> max_tokens;
};

}  // namespace sta

#endif  // MODEL_STORE_TOKENIZER_TOKENIZER_SPEC_H_
