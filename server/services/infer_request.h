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
#include "server/services/float_type.h"
#include "server/services/model_signature.h"

namespace sta {

// Views into the message that was decoded; not yet known to be UTF-8.
struct TextRow {
  std::string_view text;
  std::optional<std::string_view> pair;

  friend bool operator==(const TextRow&, const TextRow&) = default;
};

// How an output is sent, where it is not as it is.
struct OutputForm {
  // Over 0: as BYTES "value:index:label", of the best so many labels, the best first.
  int64_t class_count = 0;
  FloatType float_type = FloatType::kFp32;

  friend bool operator==(const OutputForm&, const OutputForm&) = default;
};

struct InferRequest {
  std::vector<TextRow> texts;
  std::vector<TokenSequence> tokens;  // ids and lengths fit the model
  std::vector<OutputKind> outputs;    // in the order of the reply; no two alike
  std::vector<OutputForm> forms;      // of each of them
};

}  // namespace sta

#endif  // SERVER_SERVICES_INFER_REQUEST_H_
