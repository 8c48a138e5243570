// SPDX-License-Identifier: Apache-2.0
//
// FakeInferenceServer: the client's peer in tests: the Open Inference Protocol, the model store,
// devices (fake_devices_service.h) and gRPC's health service on a loopback port that the system
// chose.
//
//   FakeInferenceServer server;
//   server.SetInferHandler([](const auto& request, auto* response) { ...; return grpc::Status::OK;
//   }); auto client = Client::Create({.address = server.address()});
//
// Out of the box it knows two models: "embedder" (task sentence_embedding, dimension 3: the text's
// bytes, its first byte, 1) and "classifier" (two labels: "long" for texts over 4 bytes, else
// "short"). Any other model is NOT_FOUND. Thread-safe; the destructor ends the calls under way.
#ifndef TESTS_SUPPORT_FAKE_INFERENCE_SERVER_H_
#define TESTS_SUPPORT_FAKE_INFERENCE_SERVER_H_

#include <grpcpp/grpcpp.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "inference/open_inference_grpc.pb.h"
#include "sta/v1/model_store.pb.h"
#include "tests/support/fake_devices_service.h"

namespace sta {

class FakeInferenceServer {
 public:
  using InferHandler = std::function<grpc::Status(const inference::ModelInferRequest&,
                                                  inference::ModelInferResponse*)>;

  FakeInferenceServer();
  ~FakeInferenceServer();

  // "127.0.0.1:<port>".
  std::string address() const;

  // Replaces the models' answers. Called from gRPC's threads, several at once.
  void SetInferHandler(InferHandler handler);
  // Replaces what ListModels and GetModel answer. Without a store both are UNIMPLEMENTED.
  void SetModels(std::vector<v1::GetModelResponse> models);
  void RemoveStore();
  // What ModelStatistics answers, one after the other, the last again and again; at first nothing.
  void SetStatistics(std::vector<inference::ModelStatisticsResponse> answers);

  FakeDevicesService& devices() { return devices_; }

  // What was asked so far, in order of arrival.
  std::vector<inference::ModelInferRequest> infer_requests() const;

  // The built-in answer, for handlers that only sometimes differ.
  static grpc::Status DefaultInfer(const inference::ModelInferRequest& request,
                                   inference::ModelInferResponse* response);

 private:
  class Services;
  const std::unique_ptr<Services> services_;
  FakeDevicesService devices_;
  std::unique_ptr<grpc::Server> server_;
  int port_ = 0;
};

// The elements of a raw BYTES tensor; cut short where it is malformed.
std::vector<std::string> DecodeBytesTensor(const std::string& raw);

}  // namespace sta

#endif  // TESTS_SUPPORT_FAKE_INFERENCE_SERVER_H_
