// SPDX-License-Identifier: Apache-2.0
#include "client/client.h"

#include <atomic>

#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/notification.h"
#include "tests/support/fake_inference_server.h"
#include "tests/support/status_matchers.h"

namespace sta::client {
namespace {

using inference::ModelInferRequest;
using inference::ModelInferResponse;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

class ClientTest : public testing::Test {
 protected:
  std::unique_ptr<Client> Connect(int max_attempts = 3) {
    return Client::Create({.address = server_.address(),
                           .timeout = absl::Seconds(20),
                           .max_attempts = max_attempts})
        .value();
  }

  // What handlers wait for lives until the server and its threads have ended.
  absl::Notification arrived_;
  absl::Notification release_;
  FakeInferenceServer server_;
};

TEST_F(ClientTest, EmbedsOneRowAText) {
  STA_ASSERT_OK_AND_ASSIGN(const Embeddings rows, Connect()->Embed("embedder", {"abc", "", "z"}));
  EXPECT_EQ(rows.count, 3);
  EXPECT_EQ(rows.dimension, 3);
  EXPECT_THAT(rows.Row(0), ElementsAre(3, 'a', 1));
  EXPECT_THAT(rows.Row(2), ElementsAre(1, 'z', 1));
}

TEST_F(ClientTest, TellsWhatModelsHaveDone) {
  inference::ModelStatisticsResponse answer;
  inference::ModelStatistics& statistics = *answer.add_model_stats();
  statistics.set_name("m");
  statistics.set_version("7");
  statistics.set_inference_count(1);
  statistics.set_execution_count(2);
  inference::InferStatistics& times = *statistics.mutable_inference_stats();
  times.mutable_success()->set_count(3);
  times.mutable_success()->set_ns(4);
  times.mutable_fail()->set_count(5);
  times.mutable_queue()->set_ns(6);
  times.mutable_compute_infer()->set_ns(7);
  statistics.mutable_latency()->add_bound_seconds(0.5);
  statistics.mutable_latency()->add_count(8);
  statistics.mutable_latency()->add_count(9);
  statistics.set_queued_requests(10);
  statistics.set_queued_tokens(11);
  answer.add_model_stats()->set_version("latest");  // of another server
  server_.SetStatistics({answer});
  STA_ASSERT_OK_AND_ASSIGN(const std::vector<ModelTotals> totals, Connect()->ModelStatistics());
  ASSERT_THAT(totals, SizeIs(2));
  EXPECT_EQ(totals[0].name, "m");
  EXPECT_EQ(totals[0].version, 7);
  EXPECT_EQ(totals[0].rows, 1);
  EXPECT_EQ(totals[0].batches, 2);
  EXPECT_EQ(totals[0].answered, 3);
  EXPECT_EQ(totals[0].total_time, absl::Nanoseconds(4));
  EXPECT_EQ(totals[0].failed, 5);
  EXPECT_EQ(totals[0].queue_time, absl::Nanoseconds(6));
  EXPECT_EQ(totals[0].compute_time, absl::Nanoseconds(7));
  EXPECT_THAT(totals[0].latency_bounds_seconds, ElementsAre(0.5));
  EXPECT_THAT(totals[0].latency_counts, ElementsAre(8, 9));
  EXPECT_EQ(totals[0].queued_requests, 10);
  EXPECT_EQ(totals[0].queued_tokens, 11);
  EXPECT_EQ(totals[1].version, 0);
  EXPECT_TRUE(totals[1].latency_counts.empty());
}

TEST_F(ClientTest, ClassifiesOneAnswerAText) {
  STA_ASSERT_OK_AND_ASSIGN(const std::vector<Classification> answers,
                           Connect()->Classify("classifier", {"abc", "abcdef"}));
  ASSERT_THAT(answers, SizeIs(2));
  EXPECT_EQ(answers[0].label, "short");
  EXPECT_EQ(answers[1].label, "long");
  EXPECT_THAT(answers[1].probabilities, ElementsAre(0.25F, 0.75F));
}

TEST_F(ClientTest, SendsAllOfARequest) {
  InferRequest request;
  request.model = "embedder";
  request.version = "7";
  request.id = "id-1";
  request.inputs = {Tensor::OfStrings("text", std::vector<std::string>{"x"})};
  request.outputs = {"sentence_embedding"};
  request.parameters = {{"a", true}, {"b", int64_t{3}}, {"c", 0.5}, {"d", std::string("text")}};
  STA_ASSERT_OK_AND_ASSIGN(const InferResult result, Connect()->Infer(request));
  EXPECT_EQ(result.id, "id-1");
  EXPECT_EQ(result.version, "1");
  EXPECT_EQ(result.Find("nothing"), nullptr);

  const ModelInferRequest sent = server_.infer_requests().at(0);
  EXPECT_EQ(sent.model_version(), "7");
  EXPECT_EQ(sent.inputs(0).datatype(), "BYTES");
  EXPECT_FALSE(sent.inputs(0).has_contents());
  EXPECT_EQ(sent.outputs(0).name(), "sentence_embedding");
  EXPECT_TRUE(sent.parameters().at("a").bool_param());
  EXPECT_EQ(sent.parameters().at("b").int64_param(), 3);
  EXPECT_EQ(sent.parameters().at("c").double_param(), 0.5);
  EXPECT_EQ(sent.parameters().at("d").string_param(), "text");
}

TEST_F(ClientTest, ReadsTypedContents) {
  server_.SetInferHandler([](const ModelInferRequest&, ModelInferResponse* response) {
    auto* numbers = response->add_outputs();
    numbers->set_name("numbers");
    numbers->set_datatype("INT8");
    numbers->add_shape(2);
    numbers->mutable_contents()->add_int_contents(-128);
    numbers->mutable_contents()->add_int_contents(127);
    auto* words = response->add_outputs();
    words->set_name("words");
    words->set_datatype("BYTES");
    words->add_shape(1);
    words->mutable_contents()->add_bytes_contents("word");
    return grpc::Status::OK;
  });
  InferRequest request;
  request.model = "any";
  STA_ASSERT_OK_AND_ASSIGN(const InferResult result, Connect()->Infer(request));
  EXPECT_THAT(result.Find("numbers")->Values<int8_t>().value(), ElementsAre(-128, 127));
  EXPECT_THAT(result.Find("words")->Strings().value(), ElementsAre("word"));
}

TEST_F(ClientTest, CallsAMalformedAnswerInternal) {
  struct Case {
    const char* name;
    void (*fill)(ModelInferResponse*);
    const char* message;
  };
  const auto add = [](ModelInferResponse* response, const char* name, const char* datatype,
                      int64_t size) {
    auto* output = response->add_outputs();
    output->set_name(name);
    output->set_datatype(datatype);
    output->add_shape(size);
    return output;
  };
  static const auto kAdd = add;
  const Case cases[] = {
      {"no outputs", [](ModelInferResponse*) {}, "no output 'sentence_embedding'"},
      {"unknown datatype", [](ModelInferResponse* r) { kAdd(r, "x", "FLOAT", 1); }, "'FLOAT'"},
      {"raw count",
       [](ModelInferResponse* r) {
         kAdd(r, "x", "FP32", 1);
         r->add_raw_output_contents(std::string(4, 0));
         r->add_raw_output_contents("");
       },
       "1 outputs, but 2 raw contents"},
      {"raw size",
       [](ModelInferResponse* r) {
         kAdd(r, "x", "FP32", 2);
         r->add_raw_output_contents(std::string(4, 0));
       },
       "4 bytes"},
      {"out of range",
       [](ModelInferResponse* r) {
         kAdd(r, "x", "UINT8", 1)->mutable_contents()->add_uint_contents(256);
       },
       "do not fit UINT8"},
      {"negative shape", [](ModelInferResponse* r) { kAdd(r, "x", "FP32", -1); }, "negative"},
      {"typed half floats", [](ModelInferResponse* r) { kAdd(r, "x", "FP16", 1); }, "FP16"},
      {"wrong rank",
       [](ModelInferResponse* r) {
         kAdd(r, "sentence_embedding", "FP32", 1)->mutable_contents()->add_fp32_contents(1);
       },
       "rank 2"},
      {"wrong rows",
       [](ModelInferResponse* r) { kAdd(r, "sentence_embedding", "FP32", 2)->add_shape(0); },
       "1 rows"},
      {"wrong datatype",
       [](ModelInferResponse* r) {
         auto* output = kAdd(r, "sentence_embedding", "INT32", 1);
         output->add_shape(1);
         output->mutable_contents()->add_int_contents(1);
       },
       "INT32, not FP32"},
  };
  const std::unique_ptr<Client> client = Connect();
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    server_.SetInferHandler([&](const ModelInferRequest&, ModelInferResponse* response) {
      c.fill(response);
      return grpc::Status::OK;
    });
    EXPECT_THAT(client->Embed("m", {"x"}),
                StatusIs(absl::StatusCode::kInternal, HasSubstr(c.message)));
  }
}

TEST_F(ClientTest, KeepsTheServersCodeAndMessage) {
  EXPECT_THAT(Connect()->Embed("nobody", {"x"}),
              StatusIs(absl::StatusCode::kNotFound, "unknown model 'nobody'"));
}

TEST_F(ClientTest, RefusesATensorThatContradictsItselfWithoutACall) {
  InferRequest request;
  request.inputs = {{"x", DataType::kFp32, {2}, "1234"}};
  EXPECT_THAT(Connect()->Infer(request), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(server_.infer_requests(), testing::IsEmpty());
}

TEST_F(ClientTest, TriesAgainWhileUnavailable) {
  std::atomic<int> calls = 0;
  server_.SetInferHandler([&](const ModelInferRequest& request, ModelInferResponse* response) {
    if (++calls < 3) return grpc::Status(grpc::StatusCode::UNAVAILABLE, "loading");
    return FakeInferenceServer::DefaultInfer(request, response);
  });
  EXPECT_THAT(Connect(3)->Embed("embedder", {"x"}), IsOk());
  EXPECT_EQ(calls, 3);
}

TEST_F(ClientTest, TriesOnceWhereToldSoAndForOtherCodes) {
  std::atomic<int> calls = 0;
  std::atomic<grpc::StatusCode> code = grpc::StatusCode::UNAVAILABLE;
  server_.SetInferHandler([&](const ModelInferRequest&, ModelInferResponse*) {
    ++calls;
    return grpc::Status(code, "no");
  });
  EXPECT_THAT(Connect(1)->Embed("embedder", {"x"}), StatusIs(absl::StatusCode::kUnavailable, "no"));
  EXPECT_EQ(calls, 1);
  code = grpc::StatusCode::RESOURCE_EXHAUSTED;
  EXPECT_THAT(Connect(3)->Embed("embedder", {"x"}),
              StatusIs(absl::StatusCode::kResourceExhausted, "no"));
  EXPECT_EQ(calls, 2);
}

TEST_F(ClientTest, ReportsAServerThatIsNotThereAsUnavailable) {
  // Nothing listens on port 1.
  const auto client = Client::Create({.address = "127.0.0.1:1", .max_attempts = 1});
  EXPECT_THAT((*client)->ServerLive(), StatusIs(absl::StatusCode::kUnavailable));
}

TEST_F(ClientTest, EndsAtItsDeadline) {
  server_.SetInferHandler([&](const ModelInferRequest&, ModelInferResponse*) {
    release_.WaitForNotification();
    return grpc::Status::OK;
  });
  const auto client =
      Client::Create({.address = server_.address(), .timeout = absl::Milliseconds(50)});
  EXPECT_THAT((*client)->Embed("embedder", {"x"}), StatusIs(absl::StatusCode::kDeadlineExceeded));
  release_.Notify();
}

TEST_F(ClientTest, RunsManyAsyncCallsAtOnce) {
  const std::unique_ptr<Client> client = Connect();
  constexpr int kCalls = 50;
  absl::BlockingCounter done(kCalls);
  std::atomic<int> right = 0;
  for (int i = 0; i < kCalls; ++i) {
    client->EmbedAsync("embedder", {std::string(static_cast<size_t>(i), 'x')},
                       [&, i](absl::StatusOr<Embeddings> rows) {
                         if (rows.ok() && rows->values[0] == static_cast<float>(i)) ++right;
                         done.DecrementCount();
                       });
  }
  done.Wait();
  EXPECT_EQ(right, kCalls);
}

TEST_F(ClientTest, CancelsPendingCallsBeforeItDies) {
  server_.SetInferHandler([&](const ModelInferRequest&, ModelInferResponse*) {
    arrived_.Notify();
    release_.WaitForNotification();
    return grpc::Status::OK;
  });
  absl::Status status;
  std::unique_ptr<Client> client = Connect();
  client->EmbedAsync("embedder", {"x"},
                     [&](absl::StatusOr<Embeddings> rows) { status = rows.status(); });
  arrived_.WaitForNotification();
  client.reset();
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kCancelled));
  release_.Notify();
}

TEST_F(ClientTest, ReadsTheStoreAndTheMetadata) {
  const std::unique_ptr<Client> client = Connect();
  STA_ASSERT_OK_AND_ASSIGN(const std::vector<ModelVersion> models, client->ListModels());
  ASSERT_THAT(models, SizeIs(2));
  EXPECT_EQ(models[1].name, "embedder");
  EXPECT_EQ(models[1].state, "READY");
  EXPECT_EQ(models[1].patterns.at("2:8"), 1);

  STA_ASSERT_OK_AND_ASSIGN(const ModelDetails details, client->GetModel("embedder"));
  EXPECT_EQ(details.matrices.at(0).position_bytes, 77);
  EXPECT_EQ(details.accuracy.at("mean_cosine_to_float"), 0.9975);
  EXPECT_THAT(client->GetModel("x"), StatusIs(absl::StatusCode::kNotFound));

  STA_ASSERT_OK_AND_ASSIGN(const ServerInfo server, client->ServerMetadata());
  EXPECT_EQ(server.version, "9.9");
  STA_ASSERT_OK_AND_ASSIGN(const ModelInfo info, client->ModelMetadata("embedder"));
  EXPECT_EQ(info.inputs.at(0).datatype, "BYTES");
  EXPECT_THAT(info.inputs.at(0).shape, ElementsAre(-1));
}

TEST_F(ClientTest, ReadsDevices) {
  const std::unique_ptr<Client> client = Connect();
  STA_ASSERT_OK_AND_ASSIGN(const DeviceList list, client->ListDevices());
  EXPECT_EQ(list.arithmetic_version, 1);
  EXPECT_EQ(list.time - list.counting_since, absl::Seconds(100));
  ASSERT_THAT(list.devices, SizeIs(2));
  EXPECT_EQ(list.devices[0].state, "READY");
  EXPECT_EQ(list.devices[0].busy, absl::Seconds(25));
  EXPECT_EQ(list.devices[0].temperature_celsius, std::nullopt);
  EXPECT_EQ(list.devices[1].temperature_celsius, 61.4);
  EXPECT_THAT(client->QuarantineDevice("x", "", false), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(client->ReleaseDevice("x"), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(ClientTest, WatchesDevicesUntilToldToStopOrTheServerEnds) {
  const std::unique_ptr<Client> client = Connect();
  const v1::ListDevicesResponse list = FakeDevicesService::DefaultList();
  server_.devices().SetLists({list, list, list});
  int lists = 0;
  EXPECT_THAT(client->WatchDevices(absl::InfiniteDuration(),
                                   [&](const DeviceList&) { return ++lists < 2; }),
              IsOk());
  EXPECT_EQ(lists, 2);
  EXPECT_FALSE(server_.devices().watch_requests().at(0).has_interval());
  EXPECT_THAT(client->WatchDevices(absl::Seconds(1), [](const DeviceList&) { return true; }),
              StatusIs(absl::StatusCode::kUnavailable, "the server is shutting down"));
}

TEST_F(ClientTest, AsksForHealthAndReadiness) {
  const std::unique_ptr<Client> client = Connect();
  EXPECT_EQ(client->ServerLive().value(), true);
  EXPECT_EQ(client->ServerReady().value(), true);
  EXPECT_EQ(client->ModelReady("embedder").value(), true);
  EXPECT_EQ(client->ModelReady("nobody").value(), false);
  EXPECT_EQ(client->CheckHealth().value(), Health::kServing);
  EXPECT_THAT(client->CheckHealth("nobody"), StatusIs(absl::StatusCode::kNotFound));
}

TEST(ClientOptionsTest, RefusesWhatIsOutOfRange) {
  const ClientOptions cases[] = {
      {.address = ""},           {.address = "localhost"},          {.address = ":8001"},
      {.address = "localhost:"}, {.timeout = absl::ZeroDuration()}, {.max_attempts = 0},
      {.max_attempts = 6},       {.max_response_bytes = 0},
  };
  for (const ClientOptions& options : cases) {
    EXPECT_THAT(Client::Create(options).status(), StatusIs(absl::StatusCode::kInvalidArgument))
        << options.address;
  }
}

}  // namespace
}  // namespace sta::client
