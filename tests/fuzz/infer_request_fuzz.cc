// SPDX-License-Identifier: Apache-2.0
//
// Feeds the infer-request decoder with bytes as they come from the network: the first byte chooses
// the model's task, or a diagnostic model's tensors, the rest is a serialized
// inference.ModelInferRequest. What the decoder accepts must keep what InferRequest promises.
// Seeds: tests/fuzz/corpus/infer_request_fuzz.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "server/services/diagnostic_request.h"
#include "server/services/infer_request_decoder.h"

namespace sta {
namespace {

constexpr int64_t kMaxRows = 64;

ModelConfig FuzzConfig(uint8_t choice) {
  ModelConfig config;
  config.task = static_cast<Task>(choice % 3);
  config.hidden_size = 8;
  config.vocabulary_size = 100;
  config.token_type_count = (choice & 0x80) != 0 ? 0 : 2;
  config.max_sequence_tokens = 16;
  config.labels = {"no", "yes"};
  return config;
}

DiagnosticConfig FuzzDiagnostic(uint8_t choice) {
  const auto datatype = static_cast<Datatype>(choice % 14);
  const std::vector<int64_t> dims = {-1, 2};
  DiagnosticConfig config = {.max_batch_size = (choice & 0x10) != 0 ? 4 : 0,
                             .inputs = {{"a", datatype, dims}, {"b", datatype, dims}},
                             .outputs = {{"c", datatype, dims}, {"d", datatype, dims}}};
  const bool can_add =
      datatype != Datatype::kBool && datatype != Datatype::kFp16 && datatype != Datatype::kBf16;
  if ((choice & 0x20) != 0 && can_add) config.operation = DiagnosticOperation::kAddSub;
  return config;
}

void Require(bool condition) {
  if (!condition) std::abort();
}

void CheckPromises(const InferRequest& request, const ModelConfig& config) {
  Require(request.texts.empty() != request.tokens.empty());
  Require(request.texts.size() + request.tokens.size() <= kMaxRows);
  Require(!request.outputs.empty());
  Require(request.forms.size() == request.outputs.size());
  for (const OutputForm& form : request.forms) Require(form.class_count >= 0);
  for (const TokenSequence& sequence : request.tokens) {
    Require(!sequence.ids.empty());
    Require(static_cast<int64_t>(sequence.ids.size()) <= config.max_sequence_tokens);
    Require(sequence.types.empty() || sequence.types.size() == sequence.ids.size());
    for (int32_t id : sequence.ids) Require(id >= 0 && id < config.vocabulary_size);
    for (uint8_t type : sequence.types) Require(type <= 1);
  }
  size_t text_bytes = 0;
  for (const TextRow& row : request.texts) {
    for (char c : row.text) text_bytes += static_cast<unsigned char>(c);  // reads every byte
  }
  // Keeps the loop above from being dropped.
  Require(text_bytes != SIZE_MAX);
}

void CheckPromises(const DiagnosticRequest& request, const DiagnosticConfig& config) {
  Require(request.inputs.size() == 2 && request.shapes.size() == 2 && !request.outputs.empty());
  const int64_t bytes = ElementBytes(config.inputs.front().datatype);
  for (size_t i = 0; i < 2; ++i) {
    int64_t elements = 1;
    for (const int64_t size : request.shapes[i]) elements *= size;
    Require(bytes == 0 || static_cast<int64_t>(request.inputs[i].size()) == elements * bytes);
    Require(request.shapes[i].back() == 2);
  }
  for (const size_t output : request.outputs) Require(output < 2);
}

}  // namespace
}  // namespace sta

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  inference::ModelInferRequest message;
  if (!message.ParseFromArray(data + 1, static_cast<int>(size - 1))) return 0;
  if ((data[0] & 0x40) != 0) {
    const sta::DiagnosticConfig config = sta::FuzzDiagnostic(data[0]);
    const auto request = sta::DecodeDiagnosticRequest(message, config);
    if (request.ok()) sta::CheckPromises(*request, config);
    return 0;
  }
  const sta::ModelConfig config = sta::FuzzConfig(data[0]);
  const auto request = sta::DecodeInferRequest(message, config, {.max_rows = sta::kMaxRows});
  if (request.ok()) sta::CheckPromises(*request, config);
  return 0;
}
