// SPDX-License-Identifier: Apache-2.0
#include "server/http/embeddings.h"

#include <cstring>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/escaping.h"
#include "model_store/json/strict_json.h"
#include "server/http/http_error.h"
#include "server/http/infer_response_json.h"
#include "server/services/model_signature.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

using nlohmann::json;

// What the server takes as a message bounds it further.
constexpr JsonLimits kEmbeddingsJsonLimits = {.max_bytes = int64_t{1} << 30, .max_depth = 32};

absl::Status WrongInput(std::string_view where) {
  return absl::InvalidArgumentError(
      StrCat(where,
             ": is no text; allowed: a string, or an array of strings. Tokens are not taken: "
             "they are made by this model's own tokenizer"));
}

absl::Status ReadTexts(const json& object, std::vector<std::string>& texts) {
  const auto input = object.find("input");
  if (input == object.end()) return absl::InvalidArgumentError("input: is missing");
  if (input->is_string()) {
    texts.push_back(input->get<std::string>());
    return absl::OkStatus();
  }
  if (!input->is_array()) return WrongInput("input");
  if (input->empty()) return absl::InvalidArgumentError("input: is empty; allowed: 1 text or more");
  texts.reserve(input->size());
  for (const json& text : *input) {
    if (!text.is_string()) return WrongInput(StrCat("input[", texts.size(), "]"));
    texts.push_back(text.get<std::string>());
  }
  return absl::OkStatus();
}

absl::Status ReadModel(const json& object, EmbeddingsRequest& request) {
  const auto model = object.find("model");
  if (model == object.end() || !model->is_string()) {
    return absl::InvalidArgumentError("model: is missing, or no string; /v1/models lists them");
  }
  request.model = model->get<std::string>();
  const size_t colon = request.model.find(':');
  request.name = request.model.substr(0, colon);
  if (colon != std::string::npos) request.version = request.model.substr(colon + 1);
  return absl::OkStatus();
}

absl::Status ReadForm(const json& object, EmbeddingsRequest& request) {
  const auto format = object.find("encoding_format");
  if (format != object.end() && !format->is_null()) {
    request.is_base64 = *format == "base64";
    if (!request.is_base64 && *format != "float") {
      return absl::InvalidArgumentError("encoding_format: allowed: \"float\", \"base64\"");
    }
  }
  const auto dimensions = object.find("dimensions");
  if (dimensions == object.end() || dimensions->is_null()) return absl::OkStatus();
  if (!dimensions->is_number_integer()) {
    return absl::InvalidArgumentError("dimensions: is no whole number");
  }
  request.dimensions = dimensions->get<int64_t>();
  return absl::OkStatus();
}

void AppendEmbedding(std::string_view raw, bool is_base64, std::string& out) {
  if (is_base64) {
    StrAppend(&out, "\"", absl::Base64Escape(AbslView(raw)), "\"");
    return;
  }
  out += '[';
  for (size_t i = 0; i < raw.size(); i += sizeof(float)) {
    float value = 0;
    std::memcpy(&value, raw.data() + i, sizeof value);
    if (i > 0) out += ',';
    AppendNumber(value, out);
  }
  out += ']';
}

}  // namespace

absl::StatusOr<EmbeddingsRequest> DecodeEmbeddings(std::string_view body) {
  const absl::StatusOr<json> object = ParseStrictJson(body, kEmbeddingsJsonLimits);
  if (!object.ok()) return object.status();
  if (!object->is_object()) {
    return absl::InvalidArgumentError("the request is no JSON object");
  }
  EmbeddingsRequest request;
  absl::Status status = ReadModel(*object, request);
  if (status.ok()) status = ReadForm(*object, request);
  if (status.ok()) status = ReadTexts(*object, request.texts);
  if (!status.ok()) return status;
  return request;
}

inference::ModelInferRequest EmbeddingsMessage(EmbeddingsRequest& request) {
  inference::ModelInferRequest message;
  message.set_model_name(request.name);
  message.set_model_version(request.version);
  auto& input = *message.add_inputs();
  input.set_name(std::string(kTextInput));
  input.set_datatype("BYTES");
  input.add_shape(std::ssize(request.texts));
  for (std::string& text : request.texts) {
    *input.mutable_contents()->add_bytes_contents() = std::move(text);
  }
  request.texts.clear();
  message.add_outputs()->set_name(std::string(OutputName(OutputKind::kSentenceEmbedding)));
  return message;
}

absl::StatusOr<std::string> EncodeEmbeddings(const EmbeddingsRequest& request,
                                             const inference::ModelInferResponse& response,
                                             int64_t tokens) {
  if (response.outputs(0).datatype() != "FP32" || response.outputs(0).shape_size() != 2) {
    return absl::InvalidArgumentError(
        StrCat("model: '", request.model, "' has no sentence embeddings"));
  }
  const std::string_view raw = response.raw_output_contents(0);
  const int64_t rows = response.outputs(0).shape(0);
  const size_t row_bytes = raw.size() / static_cast<size_t>(rows);
  std::string out = "{\"object\":\"list\",\"data\":[";
  for (int64_t row = 0; row < rows; ++row) {
    StrAppend(&out, row > 0 ? "," : "", "{\"object\":\"embedding\",\"index\":", row,
              ",\"embedding\":");
    AppendEmbedding(raw.substr(static_cast<size_t>(row) * row_bytes, row_bytes), request.is_base64,
                    out);
    out += '}';
  }
  StrAppend(&out, "],\"model\":", JsonString(request.model),
            ",\"usage\":{\"prompt_tokens\":", tokens, ",\"total_tokens\":", tokens, "}}");
  return out;
}

}  // namespace sta
