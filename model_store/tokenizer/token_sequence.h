// SPDX-License-Identifier: Apache-2.0
//
// TokenSequence: one input of an encoder as token ids, special tokens included, without padding.
#ifndef MODEL_STORE_TOKENIZER_TOKEN_SEQUENCE_H_
#define MODEL_STORE_TOKENIZER_TOKEN_SEQUENCE_H_

#include <cstdint>
#include <vector>

namespace sta {

struct TokenSequence {
  std::vector<int32_t> ids;
  // 0 or 1 a token (the second text of a pair is 1). Empty means all zero.
  std::vector<uint8_t> types;

  friend bool operator==(const TokenSequence&, const TokenSequence&) = default;
};

}  // namespace sta

#endif  // MODEL_STORE_TOKENIZER_TOKEN_SEQUENCE_H_
