// SPDX-License-Identifier: Apache-2.0
//
// Reads tokenizer.json, the file of Hugging Face's `tokenizers` library.
//
//   auto spec = ReadTokenizerJson(contents);
//
// Pure function; thread-safe; does not block. The file is untrusted.
#ifndef MODEL_STORE_TOKENIZER_TOKENIZER_JSON_H_
#define MODEL_STORE_TOKENIZER_TOKENIZER_JSON_H_

#include <string_view>

#include "absl/status/statusor.h"
#include "model_store/tokenizer/tokenizer_spec.h"

namespace sta {

// INVALID_ARGUMENT: not strict JSON; not a WordPiece model with BertNormalizer, BertPreTokenizer
// and a BERT post-processor (the message names what was found); a vocabulary that contradicts
// itself or lacks the unknown, CLS or SEP token; or a value out of range. Padding, the decoder and
// the truncation strategy are not read.
absl::StatusOr<TokenizerSpec> ReadTokenizerJson(std::string_view contents);

}  // namespace sta

#endif  // MODEL_STORE_TOKENIZER_TOKENIZER_JSON_H_
