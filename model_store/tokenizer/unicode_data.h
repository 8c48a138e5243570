// SPDX-License-Identifier: Apache-2.0
//
// Properties of code points as Hugging Face's `tokenizers` library sees them.
//
// The library mixes Unicode versions, and so must we to be equal to it (found by asking it about
// every code point; tests/golden/tokenizer repeats the comparison):
//   general categories     Unicode 8.0; newer characters count as unassigned
//   decomposition, classes Unicode 9.0; newer characters have neither
//   lower case             Unicode 17.0
//   white space            the White_Space property, unchanged since 6.3
// ICU gives the data, a character's age tells what an older version did not know yet, and the few
// characters that later changed category or came after ICU 72 are listed in unicode_data.cc.
//
// Pure functions, slow by the standards of a tokenizer: CharTable turns them into tables.
#ifndef MODEL_STORE_TOKENIZER_UNICODE_DATA_H_
#define MODEL_STORE_TOKENIZER_UNICODE_DATA_H_

#include <cstdint>
#include <string>

namespace sta {

// White_Space. Tab, line feed and carriage return are white space although they are controls.
bool IsUnicodeWhitespace(char32_t c);
// What BertNormalizer's clean_text deletes: NUL, U+FFFD, controls, format and private characters.
// Unassigned characters stay.
bool IsDeletedByCleaning(char32_t c);
// The blocks of CJK ideographs that BERT sets apart as words of one character.
bool IsBertIdeograph(char32_t c);
// Every ASCII symbol and the general categories P*.
bool IsBertPunctuation(char32_t c);
// General category Mn: what accent stripping deletes after decomposition.
bool IsNonspacingMark(char32_t c);
// Canonical_Combining_Class, 0 for starters.
uint8_t CombiningClass(char32_t c);
// Full canonical decomposition (NFD of the one character); `c` itself where it has none.
std::u32string CanonicalDecomposition(char32_t c);
// Full lower case without context, one or two characters: a final sigma is not special.
std::u32string FullLowercase(char32_t c);
// A word character of Unicode regular expressions (\w), which bounds single-word added tokens.
bool IsWordCharacter(char32_t c);

}  // namespace sta

#endif  // MODEL_STORE_TOKENIZER_UNICODE_DATA_H_
