// SPDX-License-Identifier: Apache-2.0
//
// Reads vocab.txt, special_tokens_map.json and tokenizer_config.json.
//
//   auto spec = ReadVocabularyText(vocab_txt, tokenizer_config_json, special_tokens_map_json);
//   absl::Status applied = ApplyTokenizerConfig(tokenizer_config_json, &*spec);
//
// Pure functions; thread-safe; do not block. The files are untrusted; an empty string means that a
// file is absent.
#ifndef MODEL_STORE_TOKENIZER_VOCABULARY_FILES_H_
#define MODEL_STORE_TOKENIZER_VOCABULARY_FILES_H_

#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model_store/tokenizer/tokenizer_spec.h"

namespace sta {

// A tokenizer with the defaults of Hugging Face's BertTokenizerFast: one token a line, ids from 0,
// lower-casing. The names of the special tokens come from special_tokens_map.json, then from
// tokenizer_config.json, then [UNK], [SEP], [PAD], [CLS], [MASK]. INVALID_ARGUMENT: invalid UTF-8
// (the line is named), an unknown, CLS or SEP token that is not in the vocabulary, too many or too
// long lines, malformed JSON, or a tokenizer_class that is not BERT's.
absl::StatusOr<TokenizerSpec> ReadVocabularyText(std::string_view vocab_txt,
                                                 std::string_view tokenizer_config_json,
                                                 std::string_view special_tokens_map_json);

// Applies do_lower_case, strip_accents, tokenize_chinese_chars and model_max_length where
// tokenizer_config.json has them; Hugging Face lets them win over tokenizer.json too.
// INVALID_ARGUMENT: malformed JSON, a value of the wrong type, or truncation_side other than right.
absl::Status ApplyTokenizerConfig(std::string_view tokenizer_config_json, TokenizerSpec* spec);

}  // namespace sta

#endif  // MODEL_STORE_TOKENIZER_VOCABULARY_FILES_H_
