// SPDX-License-Identifier: Apache-2.0
#include "server/services/request_trace.h"

#include <string>
#include <vector>

#include "tests/server/services/inference_fixture.h"

namespace sta {
namespace {

constexpr char kTraceparent[] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
constexpr char kTraceId[] = "0af7651916cd43dd8448eb211c80319c";

std::string TraceTrailer(const grpc::ClientContext& context) {
  const auto& trailers = context.GetServerTrailingMetadata();
  const auto found = trailers.find("sta-trace-id");
  return found == trailers.end() ? "" : std::string(found->second.data(), found->second.size());
}

class RequestTraceTest : public InferenceTest {
 protected:
  explicit RequestTraceTest(double logged_fraction = 0) : InferenceTest({}, logged_fraction) {}

  // What a request with these is told.
  std::string Ask(const std::vector<std::string>& traceparents) {
    grpc::ClientContext context;
    for (const std::string& value : traceparents) context.AddMetadata("traceparent", value);
    inference::ModelInferResponse response;
    EXPECT_TRUE(stub_->ModelInfer(&context, Request("x", "ab"), &response).ok());
    return TraceTrailer(context);
  }

  std::string AskInStream(const std::string& traceparent) {
    grpc::ClientContext context;
    if (!traceparent.empty()) context.AddMetadata("traceparent", traceparent);
    const std::unique_ptr<Stream> stream = stub_->ModelStreamInfer(&context);
    for (const char* id : {"a", "b"}) EXPECT_TRUE(stream->Write(Request(id, "text")));
    stream->WritesDone();
    inference::ModelStreamInferResponse response;
    while (stream->Read(&response)) {
    }
    EXPECT_TRUE(stream->Finish().ok());
    return TraceTrailer(context);
  }
};

TEST_F(RequestTraceTest, IsHandedBack) {
  EXPECT_EQ(Ask({kTraceparent}), kTraceId);
  EXPECT_EQ(AskInStream(kTraceparent), kTraceId);
}

TEST_F(RequestTraceTest, NoneIsMadeWhereNothingIsLogged) {
  EXPECT_EQ(Ask({}), "");
  EXPECT_EQ(Ask({"00-nonsense"}), "");
  EXPECT_EQ(Ask({kTraceparent, kTraceparent}), "");
  EXPECT_EQ(AskInStream(""), "");
}

class LoggedTraceTest : public RequestTraceTest {
 protected:
  LoggedTraceTest() : RequestTraceTest(/*logged_fraction=*/1) {}
};

TEST_F(LoggedTraceTest, IsInTheLine) {
  EXPECT_EQ(Ask({kTraceparent}), kTraceId);
  ASSERT_EQ(Lines().size(), 1);
  EXPECT_EQ(Lines()[0].trace.trace_id, kTraceId);
  EXPECT_EQ(Lines()[0].trace.parent_span_id, "b7ad6b7169203331");
}

TEST_F(LoggedTraceTest, IsMadeForALineThatHasNone) {
  for (const std::vector<std::string>& traceparents :
       {std::vector<std::string>{}, {"00-nonsense"}, {kTraceparent, kTraceparent}}) {
    const std::string id = Ask(traceparents);
    EXPECT_EQ(id.size(), 32);
    EXPECT_NE(id, kTraceId);
    EXPECT_EQ(Lines().back().trace, (TraceContext{.trace_id = id, .parent_span_id = ""}));
  }
}

TEST_F(LoggedTraceTest, OfAStreamIsInTheLineOfEachRequest) {
  EXPECT_EQ(AskInStream(kTraceparent), kTraceId);
  ASSERT_EQ(Lines().size(), 2);
  for (const AccessRecord& line : Lines()) {
    EXPECT_EQ(line.rpc, "ModelStreamInfer");
    EXPECT_EQ(line.trace.trace_id, kTraceId);
  }
}

}  // namespace
}  // namespace sta
