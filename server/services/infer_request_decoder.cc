// SPDX-License-Identifier: Apache-2.0
#include "server/services/infer_request_decoder.h"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/services/infer_parameters.h"
#include "server/services/input_tensors.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

using inference::ModelInferRequest;

constexpr std::array<std::string_view, 5> kInputNames = {kTextInput, kTextPairInput, kInputIdsInput,
                                                         kAttentionMaskInput, kTokenTypeIdsInput};

constexpr size_t kMaxShownBytes = 64;

absl::Status CheckCombination(const InputTensors& inputs) {
  const bool has_text = inputs.Has(kTextInput);
  const bool has_ids = inputs.Has(kInputIdsInput);
  if (has_text && has_ids) {
    return absl::InvalidArgumentError("both text and input_ids are given; allowed: one of the two");
  }
  if (!has_text && !has_ids) {
    return absl::InvalidArgumentError("neither text nor input_ids is given; one of them is needed");
  }
  for (std::string_view name : kInputNames) {
    const bool belongs_to_text = name == kTextInput || name == kTextPairInput;
    if (inputs.Has(name) && belongs_to_text != has_text) {
      return absl::InvalidArgumentError(StrCat("input '", name, "' does not go with '",
                                               has_text ? kTextInput : kInputIdsInput, "'"));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<TextRow>> DecodeTexts(const InputTensors& inputs, int64_t max_rows) {
  absl::StatusOr<std::vector<std::string_view>> texts = inputs.Bytes(kTextInput, max_rows);
  if (!texts.ok()) return texts.status();
  std::vector<TextRow> rows;
  rows.reserve(texts->size());
  for (std::string_view text : *texts) rows.push_back({text, std::nullopt});
  if (!inputs.Has(kTextPairInput)) return rows;

  absl::StatusOr<std::vector<std::string_view>> pairs = inputs.Bytes(kTextPairInput, max_rows);
  if (!pairs.ok()) return pairs.status();
  if (pairs->size() != rows.size()) {
    return absl::InvalidArgumentError(StrCat(kTextPairInput, ": ", pairs->size(), " rows, but ",
                                             kTextInput, " has ", rows.size()));
  }
  for (size_t i = 0; i < rows.size(); ++i) rows[i].pair = (*pairs)[i];
  return rows;
}

// A companion of input_ids, of the same shape; nullopt where it is not given.
absl::StatusOr<std::optional<IntegerMatrix>> DecodeCompanion(const InputTensors& inputs,
                                                             std::string_view name,
                                                             const IntegerMatrix& ids) {
  if (!inputs.Has(name)) return std::optional<IntegerMatrix>();
  absl::StatusOr<IntegerMatrix> matrix = inputs.Integers(name, std::numeric_limits<int64_t>::max());
  // More rows than input_ids is a difference of shapes, whatever the server's limit.
  if (!matrix.ok()) return matrix.status();
  if (matrix->rows() != ids.rows() || matrix->columns() != ids.columns()) {
    return absl::InvalidArgumentError(StrCat(name, ": shape [", matrix->rows(), ",",
                                             matrix->columns(), "], but ", kInputIdsInput, " has [",
                                             ids.rows(), ",", ids.columns(), "]"));
  }
  return std::optional<IntegerMatrix>(*matrix);
}

// Length of the row's run of ones; the rest must be zeros.
absl::StatusOr<int64_t> MaskedLength(const IntegerMatrix& mask, int64_t row) {
  int64_t length = 0;
  for (int64_t column = 0; column < mask.columns(); ++column) {
    const int64_t value = mask.At(row, column);
    if (value != 0 && value != 1) {
      return absl::InvalidArgumentError(StrCat(kAttentionMaskInput, "[", row, ",", column,
                                               "]: value ", value, "; allowed: 0, 1"));
    }
    if (value == 0) continue;
    if (length != column) {
      return absl::InvalidArgumentError(StrCat(kAttentionMaskInput, "[", row, ",", column,
                                               "]: a 1 after a 0; allowed: ones ",
                                               "for the tokens, then zeros for the padding"));
    }
    ++length;
  }
  if (length == 0) {
    return absl::InvalidArgumentError(
        StrCat(kAttentionMaskInput, "[", row, "]: all zeros; a row needs at least one token"));
  }
  return length;
}

absl::StatusOr<std::vector<int32_t>> DecodeIdRow(const IntegerMatrix& ids, int64_t row,
                                                 int64_t length, const ModelConfig& config) {
  if (length > config.max_sequence_tokens) {
    return absl::InvalidArgumentError(StrCat(kInputIdsInput, "[", row, "]: length ", length,
                                             " is over this model's ", config.max_sequence_tokens,
                                             " positions"));
  }
  std::vector<int32_t> values;
  values.reserve(static_cast<size_t>(length));
  for (int64_t column = 0; column < length; ++column) {
    const int64_t value = ids.At(row, column);
    if (value < 0 || value >= config.vocabulary_size) {
      return absl::InvalidArgumentError(StrCat(kInputIdsInput, "[", row, ",", column, "]: id ",
                                               value, " is outside the vocabulary; allowed: 0 to ",
                                               config.vocabulary_size - 1));
    }
    values.push_back(static_cast<int32_t>(value));
  }
  return values;
}

absl::StatusOr<std::vector<uint8_t>> DecodeTypeRow(const IntegerMatrix& types, int64_t row,
                                                   int64_t length, const ModelConfig& config) {
  // A model without token types takes the zeros that many clients send to any model.
  const int64_t largest = std::max<int64_t>(config.token_type_count, 1) - 1;
  std::vector<uint8_t> values;
  values.reserve(static_cast<size_t>(length));
  for (int64_t column = 0; column < length; ++column) {
    const int64_t value = types.At(row, column);
    if (value < 0 || value > largest) {
      return absl::InvalidArgumentError(StrCat(kTokenTypeIdsInput, "[", row, ",", column,
                                               "]: type ", value, "; this model allows: 0 to ",
                                               largest));
    }
    values.push_back(static_cast<uint8_t>(value));
  }
  return values;
}

absl::StatusOr<std::vector<TokenSequence>> DecodeTokens(const InputTensors& inputs,
                                                        const ModelConfig& config,
                                                        int64_t max_rows) {
  absl::StatusOr<IntegerMatrix> ids = inputs.Integers(kInputIdsInput, max_rows);
  if (!ids.ok()) return ids.status();
  auto mask = DecodeCompanion(inputs, kAttentionMaskInput, *ids);
  if (!mask.ok()) return mask.status();
  auto types = DecodeCompanion(inputs, kTokenTypeIdsInput, *ids);
  if (!types.ok()) return types.status();

  std::vector<TokenSequence> sequences(static_cast<size_t>(ids->rows()));
  for (int64_t row = 0; row < ids->rows(); ++row) {
    TokenSequence& sequence = sequences[static_cast<size_t>(row)];
    absl::StatusOr<int64_t> length = ids->columns();
    if (mask->has_value()) length = MaskedLength(**mask, row);
    if (!length.ok()) return length.status();
    absl::StatusOr<std::vector<int32_t>> row_ids = DecodeIdRow(*ids, row, *length, config);
    if (!row_ids.ok()) return row_ids.status();
    sequence.ids = *std::move(row_ids);
    if (!types->has_value()) continue;
    absl::StatusOr<std::vector<uint8_t>> row_types = DecodeTypeRow(**types, row, *length, config);
    if (!row_types.ok()) return row_types.status();
    sequence.types = *std::move(row_types);
  }
  return sequences;
}

bool IsPerLabel(OutputKind kind) {
  return kind == OutputKind::kLogits || kind == OutputKind::kProbabilities;
}

// `sta_datatype` of an output, or of the request for all of them; FP32 where it is not there.
absl::StatusOr<FloatType> DecodeFloatType(const ParameterMap& parameters) {
  const auto found = parameters.find("sta_datatype");
  if (found == parameters.end()) return FloatType::kFp32;
  // Empty where it is no string.
  const std::string& name = found->second.string_param();
  if (name == "FP32") return FloatType::kFp32;
  if (name == "FP16") return FloatType::kFp16;
  if (name == "BF16") return FloatType::kBf16;
  return absl::InvalidArgumentError(StrCat("parameter 'sta_datatype': '",
                                           name.substr(0, kMaxShownBytes),
                                           "'; allowed: the strings FP32, FP16, BF16"));
}

absl::StatusOr<OutputForm> DecodeForm(OutputKind kind, const ParameterMap& parameters,
                                      FloatType float_type) {
  const absl::StatusOr<int64_t> class_count = IntegerParameter(parameters, "classification", 0);
  if (!class_count.ok()) return class_count.status();
  if (*class_count > 0 && !IsPerLabel(kind)) {
    return absl::InvalidArgumentError(
        "parameter 'classification' goes with logits and probabilities only");
  }
  if (parameters.contains("sta_datatype")) {
    if (kind == OutputKind::kLabel || *class_count > 0) {
      return absl::InvalidArgumentError(
          "parameter 'sta_datatype' goes with numbers, and this output is BYTES");
    }
    const absl::StatusOr<FloatType> own = DecodeFloatType(parameters);
    if (!own.ok()) return own.status();
    float_type = *own;
  }
  return OutputForm{.class_count = *class_count, .float_type = float_type};
}

absl::StatusOr<OutputKind> DecodeKind(const std::string& name, Task task) {
  const std::optional<OutputKind> kind = FindOutput(task, name);
  if (kind.has_value()) return *kind;
  std::string names;
  for (OutputKind offered : OfferedOutputs(task)) {
    StrAppend(&names, names.empty() ? "" : ", ", OutputName(offered));
  }
  return absl::InvalidArgumentError(
      StrCat("unknown output '", name.substr(0, kMaxShownBytes), "'; this model gives: ", names));
}

// Sets `outputs` and `forms`.
absl::Status DecodeOutputs(const ModelInferRequest& message, Task task, InferRequest& request) {
  const absl::StatusOr<FloatType> float_type = DecodeFloatType(message.parameters());
  if (!float_type.ok()) return float_type.status();
  if (message.outputs().empty()) {
    request.outputs = DefaultOutputs(task);
    request.forms.assign(request.outputs.size(), {.float_type = *float_type});
    return absl::OkStatus();
  }
  for (const auto& wanted : message.outputs()) {
    const absl::StatusOr<OutputKind> kind = DecodeKind(wanted.name(), task);
    if (!kind.ok()) return kind.status();
    if (std::ranges::find(request.outputs, *kind) != request.outputs.end()) {
      return absl::InvalidArgumentError(StrCat("output '", wanted.name(), "' is requested twice"));
    }
    const absl::StatusOr<OutputForm> form = DecodeForm(*kind, wanted.parameters(), *float_type);
    if (!form.ok()) {
      return absl::InvalidArgumentError(
          StrCat("output '", wanted.name(), "': ", form.status().message()));
    }
    request.outputs.push_back(*kind);
    request.forms.push_back(*form);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<InferRequest> DecodeInferRequest(const ModelInferRequest& message,
                                                const ModelConfig& config,
                                                const DecodeLimits& limits) {
  absl::StatusOr<InputTensors> inputs = InputTensors::Parse(message, kInputNames);
  if (!inputs.ok()) return inputs.status();
  if (absl::Status status = CheckCombination(*inputs); !status.ok()) return status;
  InferRequest request;
  if (absl::Status status = DecodeOutputs(message, config.task, request); !status.ok()) {
    return status;
  }
  if (inputs->Has(kTextInput)) {
    absl::StatusOr<std::vector<TextRow>> texts = DecodeTexts(*inputs, limits.max_rows);
    if (!texts.ok()) return texts.status();
    request.texts = *std::move(texts);
  } else {
    absl::StatusOr<std::vector<TokenSequence>> tokens =
        DecodeTokens(*inputs, config, limits.max_rows);
    if (!tokens.ok()) return tokens.status();
    request.tokens = *std::move(tokens);
  }
  return request;
}

}  // namespace sta
