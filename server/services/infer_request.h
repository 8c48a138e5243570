// SPDX-License-Identifier: Apache-2.0
//
// InferRequest: one inference, decoded and checked, free of any wire format. Either `texts` (still
// to be tokenized) or `tokens`, never both and never empty: one entry a row.
#ifndef SERVER_SERVICES_INFER_REQUEST_H_
#define SERVER_SERVICES_INFER_REQUEST_H_

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "model_store/tokenizer/token_sequence.h"
#include "server/services/model_signature.h"

namespace sta {

// Views into the message that was decoded; not yet known to be UTF-8.
struct TextRow {
  std::string_view text;
  std::optional<std::string_view> pair;

  friend bool operator==(const TextRow&, const TextRow&) = default;
};

struct InferRequest {
  std::vector<TextRow> texts;
  std::vector<TokenSequence> tokens;  // ids and lengths fit the model
  std::vector<OutputKind> outputs;    // in the order of the reply; no two alike
};

}  // namespace sta

#endif  // SERVER_SERVICES_INFER_REQUEST_H_
