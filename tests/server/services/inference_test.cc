// SPDX-License-Identifier: Apache-2.0
#include "server/services/inference.h"

#include <string>

#include "tests/server/services/inference_fixture.h"
#include "tests/server/services/shared_segment.h"

namespace sta {
namespace {

using absl::StatusCode;
using inference::ModelInferRequest;
using inference::ModelInferResponse;
using testing::ElementsAre;
using testing::HasSubstr;

// FakeModel and FakeDevice make of a text: logit k is k times the sum of its bytes plus one each.
class InferenceCallTest : public InferenceTest {};

TEST_F(InferenceCallTest, CountsWhatItDidForStatistics) {
  ModelInferResponse response;
  ASSERT_THAT(Infer(Request("", "ab"), response), IsOk());
  ModelInferRequest bad = Request("", "ab");
  bad.clear_inputs();
  EXPECT_THAT(Infer(bad, response), StatusIs(StatusCode::kInvalidArgument));
  const VersionTotals totals = metrics_.statistics().Of("m", 1);
  EXPECT_EQ(totals.rows, 1);
  EXPECT_EQ(totals.batches, 1);
  EXPECT_EQ(totals.success.count, 1);
  EXPECT_EQ(totals.failure.count, 1);
  for (const TimedCount& part : {totals.queue, totals.input, totals.compute, totals.output}) {
    EXPECT_EQ(part.count, 1);
    EXPECT_LE(part.duration, totals.success.duration);
  }
}

TEST_F(InferenceCallTest, TellsItsTimesWhereItIsAsked) {
  ModelInferResponse response;
  ASSERT_THAT(Infer(Request("", "ab"), response), IsOk());
  EXPECT_EQ(response.parameters_size(), 0);
  ModelInferRequest request = Request("", "ab");
  (*request.mutable_parameters())["sta_timing"].set_bool_param(true);
  ASSERT_THAT(Infer(request, response), IsOk());
  EXPECT_EQ(response.parameters_size(), 5);
  const int64_t total_us = response.parameters().at("sta_total_us").int64_param();
  for (const char* part : {"sta_input_us", "sta_queue_us", "sta_compute_us", "sta_output_us"}) {
    ASSERT_TRUE(response.parameters().at(part).has_int64_param()) << part;
    EXPECT_GE(response.parameters().at(part).int64_param(), 0) << part;
    EXPECT_LE(response.parameters().at(part).int64_param(), total_us) << part;
  }
}

TEST_F(InferenceCallTest, ATimeoutIsADeadline) {
  // By the batcher's clock everything that has one is late.
  clock_.Advance(absl::Hours(24 * 365 * 1000));
  ModelInferResponse response;
  ModelInferRequest request = Request("", "ab");
  EXPECT_THAT(Infer(request, response), IsOk());
  (*request.mutable_parameters())["timeout"].set_int64_param(60'000'000);
  EXPECT_THAT(Infer(request, response), StatusIs(StatusCode::kDeadlineExceeded));
}

TEST_F(InferenceCallTest, RefusesAParameterOfTheWrongType) {
  ModelInferResponse response;
  ModelInferRequest request = Request("", "ab");
  (*request.mutable_parameters())["priority"].set_string_param("high");
  EXPECT_THAT(Infer(request, response),
              StatusIs(StatusCode::kInvalidArgument,
                       "parameter 'priority' is no integer; allowed: int64_param or uint64_param"));
}

TEST_F(InferenceCallTest, TensorsMayBeInSharedMemory) {
  const SharedSegment segment(64);
  ASSERT_THAT(
      shared_memory_.Register({.name = "r", .key = segment.key(), .offset = 0, .byte_size = 64}),
      IsOk());
  ModelInferResponse direct;
  ModelInferRequest request = Request("", "ab");
  ASSERT_THAT(Infer(request, direct), IsOk());

  segment.Write(8, RawBytesOf({"ab"}));
  request.mutable_inputs(0)->clear_contents();
  auto& input = *request.mutable_inputs(0)->mutable_parameters();
  input["shared_memory_region"].set_string_param("r");
  input["shared_memory_offset"].set_int64_param(8);
  input["shared_memory_byte_size"].set_int64_param(6);
  auto& output = *request.mutable_outputs(0)->mutable_parameters();
  output["shared_memory_region"].set_string_param("r");
  output["shared_memory_offset"].set_int64_param(32);
  output["shared_memory_byte_size"].set_int64_param(32);
  ModelInferResponse response;
  ASSERT_THAT(Infer(request, response), IsOk());
  EXPECT_THAT(response.raw_output_contents(), ElementsAre(""));
  EXPECT_EQ(segment.Read(32, 12), direct.raw_output_contents(0));
  EXPECT_EQ(response.outputs(0).parameters().at("shared_memory_byte_size").int64_param(), 12);

  shared_memory_.Unregister("r");
  EXPECT_THAT(Infer(request, response),
              StatusIs(StatusCode::kNotFound, HasSubstr("'r' is not registered")));
}

TEST_F(InferenceCallTest, OnlyWhatTheServerFailsGetsALineUnasked) {
  ModelInferResponse response;
  ASSERT_THAT(Infer(Request("x", "ab"), response), IsOk());
  model_->failure = absl::InvalidArgumentError("too long");
  EXPECT_THAT(Infer(Request("x", "ab"), response), StatusIs(StatusCode::kInvalidArgument));
  EXPECT_EQ(Lines().size(), 0);
  model_->failure = absl::InternalError("a bug");
  EXPECT_THAT(Infer(Request("x", "ab"), response), StatusIs(StatusCode::kInternal));
  ASSERT_EQ(Lines().size(), 1);
  EXPECT_THAT(Lines()[0].status, StatusIs(StatusCode::kInternal, "text[0]: a bug"));
  EXPECT_EQ(Lines()[0].trace.trace_id.size(), 32);
}

class LoggedInferenceTest : public InferenceTest {
 protected:
  LoggedInferenceTest() : InferenceTest({}, /*logged_fraction=*/1) {}
};

TEST_F(LoggedInferenceTest, ARequestGetsALine) {
  ModelInferResponse response;
  ASSERT_THAT(Infer(Request("x", "abc"), response), IsOk());
  ASSERT_EQ(Lines().size(), 1);
  const AccessRecord line = Lines()[0];
  EXPECT_EQ(line.rpc, "ModelInfer");
  EXPECT_EQ(line.model, "m");
  EXPECT_EQ(line.version, 1);
  EXPECT_THAT(line.status, IsOk());
  EXPECT_EQ(line.client, "client");
  EXPECT_EQ(line.request_id, "x");
  EXPECT_EQ(line.times.rows, 1);
  EXPECT_EQ(line.tokens, 3);
  EXPECT_GT(line.times.total, absl::ZeroDuration());
  EXPECT_LE(line.times.input, line.times.total);
}

TEST_F(LoggedInferenceTest, ARefusedRequestGetsALineWithWhatIsKnown) {
  ModelInferRequest request = Request("x", "ab");
  request.set_model_name("nobody");
  ModelInferResponse response;
  EXPECT_THAT(Infer(request, response), StatusIs(StatusCode::kNotFound));
  ASSERT_EQ(Lines().size(), 1);
  EXPECT_EQ(Lines()[0].model, "nobody");
  EXPECT_EQ(Lines()[0].version, 0);
  EXPECT_THAT(Lines()[0].status, StatusIs(StatusCode::kNotFound));
  EXPECT_EQ(Lines()[0].tokens, 0);
}

}  // namespace
}  // namespace sta
