// SPDX-License-Identifier: Apache-2.0
//
// NormalizeText: what BertNormalizer makes of a text, as a string.
//
//   NormalizeText(CharTable::For({.strip_accents = true, .lowercase = true}), "Été");   // "ete"
//
// Pure function; thread-safe.
#ifndef MODEL_STORE_TOKENIZER_NORMALIZED_TEXT_H_
#define MODEL_STORE_TOKENIZER_NORMALIZED_TEXT_H_

#include <string>
#include <string_view>

#include "model_store/tokenizer/char_table.h"

namespace sta {

// `text` is well-formed UTF-8; so is the result, of at most 5 times the length.
std::string NormalizeText(const CharTable& table, std::string_view text);

}  // namespace sta

#endif  // MODEL_STORE_TOKENIZER_NORMALIZED_TEXT_H_
