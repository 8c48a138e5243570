// SPDX-License-Identifier: Apache-2.0
#include "client/wire.h"

#include <limits>
#include <type_traits>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/strip.h"
#include "strings/str_cat.h"

namespace sta::client {
namespace {

using OutputTensor = inference::ModelInferResponse::InferOutputTensor;

inference::InferParameter ToProto(const Parameter& parameter) {
  inference::InferParameter proto;
  if (const auto* truth = std::get_if<bool>(&parameter)) proto.set_bool_param(*truth);
  if (const auto* integer = std::get_if<int64_t>(&parameter)) proto.set_int64_param(*integer);
  if (const auto* number = std::get_if<double>(&parameter)) proto.set_double_param(*number);
  if (const auto* text = std::get_if<std::string>(&parameter)) proto.set_string_param(*text);
  return proto;
}

// Narrows each value to T; false where one does not fit.
template <typename T, typename Repeated>
bool AppendValues(const Repeated& values, std::string* raw) {
  raw->reserve(static_cast<size_t>(values.size()) * sizeof(T));
  for (const auto value : values) {
    if constexpr (std::is_integral_v<T> && !std::is_same_v<decltype(value), const bool>) {
      if (value < std::numeric_limits<T>::min() || value > std::numeric_limits<T>::max()) {
        return false;
      }
    }
    const T narrow = static_cast<T>(value);
    raw->append(reinterpret_cast<const char*>(&narrow), sizeof(narrow));
  }
  return true;
}

// The raw form of typed contents. Validate() finds a wrong number of elements afterwards.
bool RawFromContents(const inference::InferTensorContents& contents, Tensor* tensor) {
  std::string* raw = &tensor->data;
  switch (tensor->datatype) {
    case DataType::kBool:
      return AppendValues<uint8_t>(contents.bool_contents(), raw);
    case DataType::kInt8:
      return AppendValues<int8_t>(contents.int_contents(), raw);
    case DataType::kInt16:
      return AppendValues<int16_t>(contents.int_contents(), raw);
    case DataType::kInt32:
      return AppendValues<int32_t>(contents.int_contents(), raw);
    case DataType::kInt64:
      return AppendValues<int64_t>(contents.int64_contents(), raw);
    case DataType::kUint8:
      return AppendValues<uint8_t>(contents.uint_contents(), raw);
    case DataType::kUint16:
      return AppendValues<uint16_t>(contents.uint_contents(), raw);
    case DataType::kUint32:
      return AppendValues<uint32_t>(contents.uint_contents(), raw);
    case DataType::kUint64:
      return AppendValues<uint64_t>(contents.uint64_contents(), raw);
    case DataType::kFp32:
      return AppendValues<float>(contents.fp32_contents(), raw);
    case DataType::kFp64:
      return AppendValues<double>(contents.fp64_contents(), raw);
    case DataType::kBytes: {
      const std::vector<std::string> values(contents.bytes_contents().begin(),
                                            contents.bytes_contents().end());
      *raw = Tensor::OfStrings("", values).data;
      return true;
    }
    case DataType::kFp16:
    case DataType::kBf16:
      return false;  // the protocol has them in the raw form only
  }
  return false;
}

absl::Status BrokenAnswer(const std::string& what) {
  return absl::InternalError("the server's answer is malformed: " + what);
}

absl::StatusOr<Tensor> FromProto(const OutputTensor& proto, const std::string* raw) {
  Tensor tensor;
  tensor.name = proto.name();
  tensor.shape.assign(proto.shape().begin(), proto.shape().end());
  const absl::StatusOr<DataType> type = ParseDataType(proto.datatype());
  if (!type.ok()) return BrokenAnswer(std::string(type.status().message()));
  tensor.datatype = *type;
  if (raw != nullptr) {
    tensor.data = *raw;
  } else if (!RawFromContents(proto.contents(), &tensor)) {
    return BrokenAnswer(
        StrCat("output '", tensor.name, "' has contents that do not fit ", proto.datatype()));
  }
  if (const absl::Status status = tensor.Validate(); !status.ok()) {
    return BrokenAnswer(std::string(status.message()));
  }
  return tensor;
}

// The output of that name, of shape [count] or, with `columns`, of shape [count, any].
absl::StatusOr<const Tensor*> FindOutput(const InferResult& result, std::string_view name,
                                         size_t count, size_t rank) {
  const Tensor* tensor = result.Find(name);
  if (tensor == nullptr) {
    return BrokenAnswer(StrCat("it has no output '", name, "'"));
  }
  if (tensor->shape.size() != rank || tensor->shape[0] != static_cast<int64_t>(count)) {
    return BrokenAnswer(
        StrCat("output '", name, "' does not have ", count, " rows and rank ", rank));
  }
  return tensor;
}

}  // namespace

absl::Status StatusFromGrpc(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
}

absl::StatusOr<inference::ModelInferRequest> ToProto(const InferRequest& request) {
  inference::ModelInferRequest proto;
  proto.set_model_name(request.model);
  proto.set_model_version(request.version);
  proto.set_id(request.id);
  for (const auto& [name, parameter] : request.parameters) {
    (*proto.mutable_parameters())[name] = ToProto(parameter);
  }
  for (const Tensor& tensor : request.inputs) {
    if (absl::Status status = tensor.Validate(); !status.ok()) return status;
    auto* input = proto.add_inputs();
    input->set_name(tensor.name);
    input->set_datatype(std::string(DataTypeName(tensor.datatype)));
    input->mutable_shape()->Add(tensor.shape.begin(), tensor.shape.end());
    proto.add_raw_input_contents(tensor.data);
  }
  for (const std::string& name : request.outputs) proto.add_outputs()->set_name(name);
  return proto;
}

absl::StatusOr<InferResult> FromProto(const inference::ModelInferResponse& response) {
  InferResult result{response.model_name(), response.model_version(), response.id(), {}};
  const int raw_count = response.raw_output_contents_size();
  if (raw_count != 0 && raw_count != response.outputs_size()) {
    return BrokenAnswer(
        StrCat(response.outputs_size(), " outputs, but ", raw_count, " raw contents"));
  }
  for (int i = 0; i < response.outputs_size(); ++i) {
    const std::string* raw = raw_count == 0 ? nullptr : &response.raw_output_contents(i);
    absl::StatusOr<Tensor> tensor = FromProto(response.outputs(i), raw);
    if (!tensor.ok()) return tensor.status();
    result.outputs.push_back(*std::move(tensor));
  }
  return result;
}

absl::Time FromProto(const google::protobuf::Timestamp& time) {
  return absl::FromUnixSeconds(time.seconds()) + absl::Nanoseconds(time.nanos());
}

absl::StatusOr<int64_t> VersionNumber(const std::string& version) {
  if (version.empty() || !absl::ascii_isdigit(static_cast<unsigned char>(version.front()))) {
    return 0;
  }
  int64_t number = 0;
  if (absl::SimpleAtoi(version, &number) && number > 0) return number;
  return absl::InvalidArgumentError(
      StrCat("version '", version, "' is neither a number over zero nor an alias"));
}

ModelVersion FromProto(const v1::ModelVersion& version) {
  ModelVersion result;
  result.name = version.name();
  result.version = version.version();
  result.state =
      std::string(absl::StripPrefix(v1::ModelState_Name(version.state()), "MODEL_STATE_"));
  result.reason = version.reason();
  result.task = version.task();
  result.patterns = {version.patterns().begin(), version.patterns().end()};
  result.size_bytes = version.size_bytes();
  result.max_sequence_tokens = version.max_sequence_tokens();
  result.hidden_size = version.hidden_size();
  result.arithmetic_version = version.arithmetic_version();
  result.aliases = {version.aliases().begin(), version.aliases().end()};
  result.is_default = version.is_default();
  result.since = FromProto(version.since());
  result.created = FromProto(version.created());
  result.digest = version.digest();
  result.memory_bytes = version.memory_bytes();
  return result;
}

SeriesPlace FromProto(const v1::SeriesEntry& entry) {
  return {.series = entry.series(),
          .candidate = entry.candidate(),
          .task = entry.task(),
          .split = entry.split(),
          .steps = entry.steps(),
          .metric = entry.metric(),
          .scores = {entry.scores().begin(), entry.scores().end()},
          .dense_scores = {entry.dense_scores().begin(), entry.dense_scores().end()}};
}

ModelDetails FromProto(const v1::GetModelResponse& response) {
  ModelDetails details;
  details.model = FromProto(response.model());
  for (const v1::Matrix& matrix : response.matrices()) {
    details.matrices.push_back({matrix.name(), matrix.rows(), matrix.columns(), matrix.pattern(),
                                matrix.value_bytes(), matrix.position_bytes()});
  }
  details.provenance = {response.provenance().begin(), response.provenance().end()};
  details.accuracy = {response.accuracy().begin(), response.accuracy().end()};
  if (response.has_series()) details.series = FromProto(response.series());
  return details;
}

ModelInfo FromProto(const inference::ModelMetadataResponse& response) {
  const auto tensors = [](const auto& protos) {
    std::vector<TensorInfo> infos;
    for (const auto& proto : protos) {
      infos.push_back(
          {proto.name(), proto.datatype(), {proto.shape().begin(), proto.shape().end()}});
    }
    return infos;
  };
  ModelInfo info;
  info.name = response.name();
  info.versions = {response.versions().begin(), response.versions().end()};
  info.platform = response.platform();
  info.inputs = tensors(response.inputs());
  info.outputs = tensors(response.outputs());
  info.properties = {response.properties().begin(), response.properties().end()};
  return info;
}

InferRequest EmbedRequest(const std::string& model, const std::string& version,
                          const std::vector<std::string>& texts) {
  return {.model = model,
          .version = version,
          .inputs = {Tensor::OfStrings("text", texts)},
          .outputs = {"sentence_embedding"}};
}

absl::StatusOr<Embeddings> ReadEmbeddings(const InferResult& result, size_t count) {
  const absl::StatusOr<const Tensor*> tensor = FindOutput(result, "sentence_embedding", count, 2);
  if (!tensor.ok()) return tensor.status();
  absl::StatusOr<std::vector<float>> values = (*tensor)->Values<float>();
  if (!values.ok()) return BrokenAnswer(std::string(values.status().message()));
  return Embeddings{(*tensor)->shape[0], (*tensor)->shape[1], *std::move(values)};
}

InferRequest ClassifyRequest(const std::string& model, const std::string& version,
                             const std::vector<std::string>& texts) {
  return {.model = model,
          .version = version,
          .inputs = {Tensor::OfStrings("text", texts)},
          .outputs = {"probabilities", "label"}};
}

absl::StatusOr<std::vector<Classification>> ReadClassifications(const InferResult& result,
                                                                size_t count) {
  const absl::StatusOr<const Tensor*> table = FindOutput(result, "probabilities", count, 2);
  if (!table.ok()) return table.status();
  const absl::StatusOr<const Tensor*> label = FindOutput(result, "label", count, 1);
  if (!label.ok()) return label.status();
  const absl::StatusOr<std::vector<float>> probabilities = (*table)->Values<float>();
  if (!probabilities.ok()) return BrokenAnswer(std::string(probabilities.status().message()));
  const absl::StatusOr<std::vector<std::string>> labels = (*label)->Strings();
  if (!labels.ok()) return BrokenAnswer(std::string(labels.status().message()));

  const int64_t width = (*table)->shape[1];
  std::vector<Classification> classifications(count);
  for (size_t row = 0; row < count; ++row) {
    const auto begin = probabilities->begin() + static_cast<int64_t>(row) * width;
    classifications[row] = {(*labels)[row], std::vector<float>(begin, begin + width)};
  }
  return classifications;
}

}  // namespace sta::client
