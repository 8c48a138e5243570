// SPDX-License-Identifier: Apache-2.0
//
// stactl bench against a server of which nothing is known but that it infers.
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "inference/open_inference_grpc.grpc.pb.h"
#include "tests/client/commands/run_stactl.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace sta::client {
namespace {

using inference::ModelInferRequest;
using inference::ModelInferResponse;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

// Answers with its inputs; every other RPC is UNIMPLEMENTED.
class EchoService : public inference::GRPCInferenceService::Service {
 public:
  grpc::Status ModelInfer(grpc::ServerContext* context, const ModelInferRequest* request,
                          ModelInferResponse* response) override {
    const absl::MutexLock lock(&mutex_);
    requests_.push_back(*request);
    for (const auto& input : request->inputs()) {
      auto* output = response->add_outputs();
      output->set_name(input.name());
      output->set_datatype(input.datatype());
      *output->mutable_shape() = input.shape();
    }
    *response->mutable_raw_output_contents() = request->raw_input_contents();
    return grpc::Status::OK;
  }
  std::vector<ModelInferRequest> requests() const {
    const absl::MutexLock lock(&mutex_);
    return requests_;
  }

 private:
  mutable absl::Mutex mutex_;
  std::vector<ModelInferRequest> requests_;
};

class BenchTest : public testing::Test {
 protected:
  BenchTest() {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
    builder.RegisterService(&service_);
    server_ = builder.BuildAndStart();
  }
  ~BenchTest() override {
    server_->Shutdown(std::chrono::system_clock::now());
    server_->Wait();
  }

  // Of one stream, without a warm-up worth speaking of, until `requests` have been answered.
  Outcome Bench(std::vector<std::string> args, int requests) {
    const std::vector<std::string> more = {"--server",      absl::StrCat("127.0.0.1:", port_),
                                           "--model",       "m",
                                           "--concurrency", "1",
                                           "--warm-up",     "1us",
                                           "--requests",    absl::StrCat(requests)};
    args.insert(args.begin(), "bench");
    args.insert(args.end(), more.begin(), more.end());
    return RunWith(args);
  }

  EchoService service_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

TEST_F(BenchTest, GeneratesTensorsForAServerThatOnlyInfers) {
  const Outcome run = Bench({"--tensor", "INPUT0:FP32:1,64", "--tensor", "INPUT1:BYTES:2"}, 20);
  EXPECT_EQ(run.code, kExitOk) << run.err;
  EXPECT_THAT(run.out, AllOf(HasSubstr("m on a server without metadata;"),
                             HasSubstr("1 row a request"), HasSubstr("1 stream")));
  ASSERT_GE(service_.requests().size(), 20u);
  const ModelInferRequest request = service_.requests().at(1);
  EXPECT_EQ(request.model_name(), "m");
  ASSERT_EQ(request.inputs_size(), 2);
  EXPECT_EQ(request.inputs(0).name(), "INPUT0");
  EXPECT_EQ(request.inputs(0).datatype(), "FP32");
  EXPECT_THAT(request.inputs(0).shape(), ElementsAre(1, 64));
  EXPECT_FALSE(request.inputs(0).has_contents());
  ASSERT_EQ(request.raw_input_contents_size(), 2);
  EXPECT_EQ(request.raw_input_contents(0).size(), 64 * sizeof(float));
  EXPECT_EQ(request.inputs(1).name(), "INPUT1");
}

TEST_F(BenchTest, SendsTheRequestsOfAFileInTurn) {
  const TemporaryDirectory directory;
  const std::string path = directory.path() / "requests.jsonl";
  std::ofstream(path)
      << R"({"inputs": [{"name": "ids", "datatype": "INT64", "shape": [1, 2], "data": [1, 2]}]})"
      << "\n"
      << R"({"inputs": [{"name": "ids", "datatype": "INT64", "shape": [3, 1], "data": [3, 4, 5]}]})"
      << "\n";
  const Outcome run = Bench({"--json", "--request-file", path}, 10);
  EXPECT_EQ(run.code, kExitOk) << run.err;
  const auto json = nlohmann::json::parse(run.out);
  EXPECT_EQ(json["server"], "a server without metadata");
  EXPECT_EQ(json["rows_per_request"], 2.0);
  EXPECT_EQ(json["runs"][0]["requests"], 10);
  EXPECT_TRUE(json["runs"][0]["errors"].empty());
  bool saw_first = false;
  bool saw_second = false;
  for (const ModelInferRequest& request : service_.requests()) {
    saw_first |= request.raw_input_contents(0).size() == 2 * sizeof(int64_t);
    saw_second |= request.raw_input_contents(0).size() == 3 * sizeof(int64_t);
  }
  EXPECT_TRUE(saw_first && saw_second);
}

TEST_F(BenchTest, SaysWhatIsWrongWithItsRequests) {
  const TemporaryDirectory directory;
  const std::string path = directory.path() / "requests.jsonl";
  std::ofstream(path)
      << R"({"inputs": [{"name": "x", "datatype": "BOOL", "shape": [1], "data": [true]}]})"
      << "\nnonsense\n";
  EXPECT_THAT(Bench({"--request-file", path}, 1).err,
              AllOf(HasSubstr("stactl bench: INVALID_ARGUMENT: --request-file: request 2 of"),
                    HasSubstr("requests.jsonl")));
  EXPECT_THAT(Bench({"--request-file", "/nowhere"}, 1).err,
              HasSubstr("--request-file: '/nowhere' cannot be read"));
  EXPECT_THAT(Bench({"--file", "/nowhere"}, 1).err, HasSubstr("--file: '/nowhere' cannot be read"));
  const Outcome shape = Bench({"--tensor", "x:FP32:1x64"}, 1);
  EXPECT_EQ(shape.code, kExitUsage);
  EXPECT_THAT(shape.err, HasSubstr("its shape is not integers over zero"));
  EXPECT_EQ(Bench({"--tensor", "x:FP32:1", "--rows", "2"}, 1).code, kExitUsage);
  EXPECT_EQ(Bench({"--tensor", "x:FP32:1", "--request-file", path}, 1).code, kExitUsage);
  EXPECT_TRUE(service_.requests().empty());
}

}  // namespace
}  // namespace sta::client
