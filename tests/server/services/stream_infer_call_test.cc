// SPDX-License-Identifier: Apache-2.0
#include "server/services/stream_infer_call.h"

#include <atomic>
#include <string>
#include <thread>

#include "server/batching/memory_budget.h"
#include "tests/server/services/inference_fixture.h"

namespace sta {
namespace {

using inference::ModelInferRequest;
using inference::ModelInferResponse;
using inference::ModelStreamInferResponse;
using testing::HasSubstr;

class StreamInferCallTest : public InferenceTest {
 protected:
  using InferenceTest::InferenceTest;

  // "id" of an answer, "id: error" of an error.
  static std::string Read(Stream& stream) {
    ModelStreamInferResponse response;
    if (!stream.Read(&response)) return "the end";
    const std::string& id = response.infer_response().id();
    return response.error_message().empty() ? id : id + ": " + response.error_message();
  }
};

TEST_F(StreamInferCallTest, AnswersInTheOrderOfTheRequests) {
  grpc::ClientContext context;
  const std::unique_ptr<Stream> stream = stub_->ModelStreamInfer(&context);
  device_->Hold();
  ModelInferRequest unknown = Request("second", "b");
  unknown.set_model_name("nobody");
  ASSERT_TRUE(stream->Write(Request("first", "a")));
  device_->WaitUntilRunning();
  ASSERT_TRUE(stream->Write(unknown));  // is answered at once, and waits for the first
  ASSERT_TRUE(stream->Write(Request("third", "c")));
  device_->Release();
  EXPECT_EQ(Read(*stream), "first");
  EXPECT_EQ(Read(*stream),
            "second: model 'nobody' is not known; list the models with 'stactl model list'");
  EXPECT_EQ(Read(*stream), "third");
  ASSERT_TRUE(stream->WritesDone());
  EXPECT_EQ(Read(*stream), "the end");
  EXPECT_TRUE(stream->Finish().ok());
}

TEST_F(StreamInferCallTest, AnswersAreThoseOfModelInfer) {
  ModelInferResponse alone;
  ASSERT_THAT(Infer(Request("x", "abc"), alone), IsOk());
  grpc::ClientContext context;
  const std::unique_ptr<Stream> stream = stub_->ModelStreamInfer(&context);
  ASSERT_TRUE(stream->Write(Request("x", "abc")));
  ModelStreamInferResponse response;
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_EQ(response.infer_response().SerializeAsString(), alone.SerializeAsString());
  context.TryCancel();
  EXPECT_EQ(stream->Finish().error_code(), grpc::CANCELLED);
}

TEST_F(StreamInferCallTest, SaysWhichAnswerIsFinalWhereItIsAsked) {
  ModelInferRequest request = Request("good", "a");
  (*request.mutable_parameters())["triton_enable_empty_final_response"].set_bool_param(true);
  ModelInferRequest bad = request;
  bad.set_id("bad");
  bad.clear_inputs();
  grpc::ClientContext context;
  const std::unique_ptr<Stream> stream = stub_->ModelStreamInfer(&context);
  ASSERT_TRUE(stream->Write(request));
  ASSERT_TRUE(stream->Write(bad));
  ASSERT_TRUE(stream->Write(Request("not asked", "a")));
  ASSERT_TRUE(stream->WritesDone());
  ModelStreamInferResponse response;
  for (const char* id : {"good", "bad"}) {
    ASSERT_TRUE(stream->Read(&response));
    EXPECT_EQ(response.infer_response().id(), id);
    EXPECT_TRUE(response.infer_response().parameters().at("triton_final_response").bool_param());
  }
  EXPECT_EQ(response.error_message(), "neither text nor input_ids is given; one of them is needed");
  EXPECT_EQ(response.infer_response().outputs_size(), 0);
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_EQ(response.infer_response().parameters_size(), 0);
  EXPECT_TRUE(stream->Finish().ok());
}

TEST_F(StreamInferCallTest, SaysWhenToTryAgain) {
  grpc::ClientContext context;
  const std::unique_ptr<Stream> stream = stub_->ModelStreamInfer(&context);
  ModelInferRequest bad = Request("bad", "a");
  bad.clear_inputs();
  ASSERT_TRUE(stream->Write(bad));
  ModelStreamInferResponse response;
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_EQ(response.infer_response().parameters_size(), 0);
  MemoryBudget::Share others;
  ASSERT_THAT(memory_.Grow(others, (1 << 30) - 1), IsOk());
  ASSERT_TRUE(stream->Write(Request("full", "a")));
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_THAT(response.error_message(), HasSubstr("bytes of memory"));
  EXPECT_EQ(response.infer_response().parameters().at("retry-after-ms").int64_param(), 100);
  ASSERT_TRUE(stream->WritesDone());
  EXPECT_TRUE(stream->Finish().ok());
}

TEST_F(StreamInferCallTest, CountsEachRequest) {
  grpc::ClientContext context;
  const std::unique_ptr<Stream> stream = stub_->ModelStreamInfer(&context);
  ModelInferRequest bad = Request("bad", "a");
  bad.clear_inputs();
  for (const ModelInferRequest& request : {Request("1", "a"), bad, Request("2", "b")}) {
    ASSERT_TRUE(stream->Write(request));
  }
  ASSERT_TRUE(stream->WritesDone());
  while (Read(*stream) != "the end") {
  }
  ASSERT_TRUE(stream->Finish().ok());
  const std::string page = metrics_.Text();
  EXPECT_THAT(page, HasSubstr("sta_requests_total{code=\"OK\",model=\"m\",rpc=\"ModelStreamInfer\","
                              "version=\"1\"} 2"));
  EXPECT_THAT(page, HasSubstr("sta_requests_total{code=\"INVALID_ARGUMENT\",model=\"m\","
                              "rpc=\"ModelStreamInfer\",version=\"1\"} 1"));
}

TEST_F(StreamInferCallTest, ACancelledStreamCancelsWhatWaits) {
  std::atomic<int> tokenized = 0;
  model_->on_text = [&](std::string_view) { ++tokenized; };
  device_->Hold();
  grpc::ClientContext context;
  const std::unique_ptr<Stream> stream = stub_->ModelStreamInfer(&context);
  ASSERT_TRUE(stream->Write(Request("runs", "a")));
  device_->WaitUntilRunning();
  ASSERT_TRUE(stream->Write(Request("waits", "b")));
  while (tokenized < 2) std::this_thread::yield();
  context.TryCancel();
  EXPECT_EQ(stream->Finish().error_code(), grpc::CANCELLED);
  // The batcher looks at what waits when its time comes; the device does not get it.
  const char* cancelled =
      "sta_requests_total{code=\"CANCELLED\",model=\"m\",rpc=\"ModelStreamInfer\",version=\"1\"} 1";
  while (metrics_.Text().find(cancelled) == std::string::npos) {
    clock_.Advance(absl::Seconds(1));
    std::this_thread::yield();
  }
  EXPECT_EQ(device_->batches().size(), 1U);
}

TEST_F(StreamInferCallTest, ADrainingServerAnswersWhatItHasAndEndsTheStream) {
  device_->Hold();
  grpc::ClientContext context;
  const std::unique_ptr<Stream> stream = stub_->ModelStreamInfer(&context);
  ASSERT_TRUE(stream->Write(Request("first", "a")));
  device_->WaitUntilRunning();
  streams_.Close(absl::UnavailableError("the server is shutting down"));
  device_->Release();
  EXPECT_EQ(Read(*stream), "first");
  EXPECT_EQ(Read(*stream), "the end");
  const grpc::Status status = stream->Finish();
  EXPECT_EQ(status.error_code(), grpc::UNAVAILABLE);
  EXPECT_EQ(status.error_message(), "the server is shutting down");

  grpc::ClientContext late;
  const std::unique_ptr<Stream> refused = stub_->ModelStreamInfer(&late);
  EXPECT_EQ(Read(*refused), "the end");
  EXPECT_EQ(refused->Finish().error_code(), grpc::UNAVAILABLE);
}

// Two requests of these are over the limit of bytes.
class NarrowStreamTest : public StreamInferCallTest,
                         public testing::WithParamInterface<StreamLimits> {
 protected:
  NarrowStreamTest() : StreamInferCallTest(GetParam()) {}
};

TEST_P(NarrowStreamTest, ReadsNoMoreThanItsLimit) {
  std::atomic<bool> is_released = false;
  std::atomic<bool> came_early = false;
  model_->on_text = [&](std::string_view text) {
    if (text == "second" && !is_released) came_early = true;
  };
  device_->Hold();
  grpc::ClientContext context;
  const std::unique_ptr<Stream> stream = stub_->ModelStreamInfer(&context);
  ASSERT_TRUE(stream->Write(Request("1", "first")));
  device_->WaitUntilRunning();
  ASSERT_TRUE(stream->Write(Request("2", "second")));
  // On the same connection, so behind the second request: what is wrong shows before this ends.
  grpc::ClientContext unary;
  ModelInferRequest nobody;
  ModelInferResponse response;
  EXPECT_EQ(stub_->ModelInfer(&unary, nobody, &response).error_code(), grpc::NOT_FOUND);
  is_released = true;
  device_->Release();
  ASSERT_TRUE(stream->WritesDone());
  EXPECT_EQ(Read(*stream), "1");
  EXPECT_EQ(Read(*stream), "2");
  EXPECT_TRUE(stream->Finish().ok());
  EXPECT_FALSE(came_early);
}

INSTANTIATE_TEST_SUITE_P(Limits, NarrowStreamTest,
                         testing::Values(StreamLimits{.max_requests = 1},
                                         StreamLimits{.max_bytes = 1}));

}  // namespace
}  // namespace sta
