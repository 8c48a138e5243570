// SPDX-License-Identifier: Apache-2.0
#include "tests/support/fake_inference_server.h"

#include <cstring>
#include <deque>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "inference/open_inference_grpc.grpc.pb.h"
#include "sta/v1/model_store.grpc.pb.h"

namespace sta {
namespace {

using inference::ModelInferRequest;
using inference::ModelInferResponse;

void AppendFloat(float value, std::string* raw) {
  raw->append(reinterpret_cast<const char*>(&value), sizeof(value));
}

void AppendBytes(const std::string& value, std::string* raw) {
  const auto length = static_cast<uint32_t>(value.size());
  raw->append(reinterpret_cast<const char*>(&length), sizeof(length));
  raw->append(value);
}

void AddOutput(const std::string& name, const std::string& datatype,
               const std::vector<int64_t>& shape, std::string raw, ModelInferResponse* response) {
  auto* output = response->add_outputs();
  output->set_name(name);
  output->set_datatype(datatype);
  output->mutable_shape()->Add(shape.begin(), shape.end());
  response->add_raw_output_contents(std::move(raw));
}

void Embed(const std::vector<std::string>& texts, ModelInferResponse* response) {
  std::string raw;
  for (const std::string& text : texts) {
    AppendFloat(static_cast<float>(text.size()), &raw);
    AppendFloat(text.empty() ? 0 : static_cast<float>(static_cast<unsigned char>(text[0])), &raw);
    AppendFloat(1, &raw);
  }
  const auto rows = static_cast<int64_t>(texts.size());
  AddOutput("sentence_embedding", "FP32", {rows, 3}, std::move(raw), response);
}

void Classify(const std::vector<std::string>& texts, ModelInferResponse* response) {
  std::string probabilities;
  std::string labels;
  for (const std::string& text : texts) {
    const bool is_long = text.size() > 4;
    AppendFloat(is_long ? 0.25F : 0.75F, &probabilities);
    AppendFloat(is_long ? 0.75F : 0.25F, &probabilities);
    AppendBytes(is_long ? "long" : "short", &labels);
  }
  const auto rows = static_cast<int64_t>(texts.size());
  AddOutput("probabilities", "FP32", {rows, 2}, std::move(probabilities), response);
  AddOutput("label", "BYTES", {rows}, std::move(labels), response);
}

std::vector<v1::GetModelResponse> DefaultModels() {
  v1::GetModelResponse embedder;
  v1::ModelVersion* version = embedder.mutable_model();
  version->set_name("embedder");
  version->set_version(1);
  version->set_state(v1::MODEL_STATE_READY);
  version->set_task("sentence_embedding");
  (*version->mutable_patterns())["2:8"] = 1;
  version->set_size_bytes(12345);
  version->set_max_sequence_tokens(512);
  version->set_hidden_size(3);
  version->set_arithmetic_version(1);
  v1::Matrix* matrix = embedder.add_matrices();
  matrix->set_name("encoder.layer.0.output");
  matrix->set_rows(16);
  matrix->set_columns(64);
  matrix->set_pattern("2:8");
  matrix->set_value_bytes(256);
  matrix->set_position_bytes(77);
  (*embedder.mutable_accuracy())["mean_cosine_to_float"] = 0.9975;

  v1::GetModelResponse classifier = embedder;
  classifier.mutable_model()->set_name("classifier");
  classifier.mutable_model()->set_task("sequence_classification");
  classifier.mutable_model()->add_aliases("prod");
  classifier.mutable_model()->add_aliases("stable");
  classifier.mutable_model()->set_is_default(true);
  return {classifier, embedder};
}

}  // namespace

class FakeInferenceServer::Services {
 public:
  Services() : inference_(*this), store_(*this) {}

  void Register(grpc::ServerBuilder& builder) {
    builder.RegisterService(&inference_);
    builder.RegisterService(&store_);
  }

  void SetInferHandler(InferHandler handler) {
    absl::MutexLock lock(&mutex_);
    handler_ = std::move(handler);
  }
  void SetModels(std::vector<v1::GetModelResponse> models) {
    absl::MutexLock lock(&mutex_);
    models_ = std::move(models);
  }
  void SetStatistics(std::vector<inference::ModelStatisticsResponse> answers) {
    absl::MutexLock lock(&mutex_);
    statistics_.assign(answers.begin(), answers.end());
  }
  void RemoveStore() {
    absl::MutexLock lock(&mutex_);
    has_store_ = false;
  }
  std::vector<ModelInferRequest> infer_requests() const {
    absl::MutexLock lock(&mutex_);
    return infer_requests_;
  }

 private:
  class Inference : public inference::GRPCInferenceService::Service {
   public:
    explicit Inference(Services& state) : state_(state) {}

    grpc::Status ServerLive(grpc::ServerContext* context,
                            const inference::ServerLiveRequest* request,
                            inference::ServerLiveResponse* response) override {
      response->set_live(true);
      return grpc::Status::OK;
    }
    grpc::Status ServerReady(grpc::ServerContext* context,
                             const inference::ServerReadyRequest* request,
                             inference::ServerReadyResponse* response) override {
      response->set_ready(true);
      return grpc::Status::OK;
    }
    grpc::Status ModelReady(grpc::ServerContext* context,
                            const inference::ModelReadyRequest* request,
                            inference::ModelReadyResponse* response) override {
      response->set_ready(state_.Find(request->name()).model().version() != 0);
      return grpc::Status::OK;
    }
    grpc::Status ServerMetadata(grpc::ServerContext* context,
                                const inference::ServerMetadataRequest* request,
                                inference::ServerMetadataResponse* response) override {
      response->set_name("fake-server");
      response->set_version("9.9");
      response->add_extensions("model_store");
      return grpc::Status::OK;
    }
    grpc::Status ModelMetadata(grpc::ServerContext* context,
                               const inference::ModelMetadataRequest* request,
                               inference::ModelMetadataResponse* response) override {
      const v1::GetModelResponse model = state_.Find(request->name());
      if (model.model().version() == 0) return UnknownModel(request->name());
      response->set_name(request->name());
      response->add_versions("1");
      response->set_platform("fake");
      auto* input = response->add_inputs();
      input->set_name("text");
      input->set_datatype("BYTES");
      input->add_shape(-1);
      return grpc::Status::OK;
    }
    grpc::Status ModelStatistics(grpc::ServerContext* context,
                                 const inference::ModelStatisticsRequest* request,
                                 inference::ModelStatisticsResponse* response) override {
      *response = state_.NextStatistics();
      return grpc::Status::OK;
    }
    grpc::Status ModelInfer(grpc::ServerContext* context, const ModelInferRequest* request,
                            ModelInferResponse* response) override {
      return state_.Handler(*request)(*request, response);
    }

   private:
    Services& state_;
  };

  class Store : public v1::ModelStore::Service {
   public:
    explicit Store(Services& state) : state_(state) {}

    grpc::Status ListModels(grpc::ServerContext* context, const v1::ListModelsRequest* request,
                            v1::ListModelsResponse* response) override {
      absl::MutexLock lock(&state_.mutex_);
      if (!state_.has_store_) return {grpc::StatusCode::UNIMPLEMENTED, "no store"};
      for (const v1::GetModelResponse& model : state_.models_) {
        *response->add_models() = model.model();
      }
      return grpc::Status::OK;
    }
    grpc::Status GetModel(grpc::ServerContext* context, const v1::GetModelRequest* request,
                          v1::GetModelResponse* response) override {
      *response = state_.Find(request->name(), request->version());
      if (response->model().version() == 0) return UnknownModel(request->name());
      absl::MutexLock lock(&state_.mutex_);
      if (!state_.has_store_) return {grpc::StatusCode::UNIMPLEMENTED, "no store"};
      return grpc::Status::OK;
    }

   private:
    Services& state_;
  };

  static grpc::Status UnknownModel(const std::string& name) {
    return {grpc::StatusCode::NOT_FOUND, absl::StrCat("unknown model '", name, "'")};
  }

  // Version 0 where it is not there; asked for 0, the first of that name.
  v1::GetModelResponse Find(const std::string& name, int64_t version = 0) const {
    absl::MutexLock lock(&mutex_);
    for (const v1::GetModelResponse& model : models_) {
      const bool is_version = version == 0 || model.model().version() == version;
      if (model.model().name() == name && is_version) return model;
    }
    return {};
  }

  inference::ModelStatisticsResponse NextStatistics() {
    absl::MutexLock lock(&mutex_);
    if (statistics_.empty()) return {};
    const inference::ModelStatisticsResponse next = statistics_.front();
    if (statistics_.size() > 1) statistics_.pop_front();
    return next;
  }

  InferHandler Handler(const ModelInferRequest& request) {
    absl::MutexLock lock(&mutex_);
    infer_requests_.push_back(request);
    return handler_;
  }

  Inference inference_;
  Store store_;
  mutable absl::Mutex mutex_;
  InferHandler handler_ = DefaultInfer;
  std::vector<v1::GetModelResponse> models_ = DefaultModels();
  bool has_store_ = true;
  std::deque<inference::ModelStatisticsResponse> statistics_;
  std::vector<ModelInferRequest> infer_requests_;
};

FakeInferenceServer::FakeInferenceServer() : services_(std::make_unique<Services>()) {
  grpc::EnableDefaultHealthCheckService(true);
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
  services_->Register(builder);
  builder.RegisterService(&devices_);
  server_ = builder.BuildAndStart();
}

FakeInferenceServer::~FakeInferenceServer() {
  server_->Shutdown(std::chrono::system_clock::now());
  server_->Wait();
}

std::string FakeInferenceServer::address() const { return absl::StrCat("127.0.0.1:", port_); }

void FakeInferenceServer::SetInferHandler(InferHandler handler) {
  services_->SetInferHandler(std::move(handler));
}

void FakeInferenceServer::SetModels(std::vector<v1::GetModelResponse> models) {
  services_->SetModels(std::move(models));
}

void FakeInferenceServer::SetStatistics(std::vector<inference::ModelStatisticsResponse> answers) {
  services_->SetStatistics(std::move(answers));
}

void FakeInferenceServer::RemoveStore() { services_->RemoveStore(); }

std::vector<ModelInferRequest> FakeInferenceServer::infer_requests() const {
  return services_->infer_requests();
}

grpc::Status FakeInferenceServer::DefaultInfer(const ModelInferRequest& request,
                                               ModelInferResponse* response) {
  if (request.raw_input_contents_size() != 1) {
    return {grpc::StatusCode::INVALID_ARGUMENT, "the fake wants one raw input"};
  }
  const std::vector<std::string> texts = DecodeBytesTensor(request.raw_input_contents(0));
  response->set_model_name(request.model_name());
  response->set_model_version("1");
  response->set_id(request.id());
  if (request.model_name() == "embedder") {
    Embed(texts, response);
  } else if (request.model_name() == "classifier") {
    Classify(texts, response);
  } else {
    return {grpc::StatusCode::NOT_FOUND,
            absl::StrCat("unknown model '", request.model_name(), "'")};
  }
  return grpc::Status::OK;
}

std::vector<std::string> DecodeBytesTensor(const std::string& raw) {
  std::vector<std::string> values;
  size_t at = 0;
  uint32_t length = 0;
  while (at + sizeof(length) <= raw.size()) {
    std::memcpy(&length, raw.data() + at, sizeof(length));
    at += sizeof(length);
    if (raw.size() - at < length) break;
    values.push_back(raw.substr(at, length));
    at += length;
  }
  return values;
}

}  // namespace sta
