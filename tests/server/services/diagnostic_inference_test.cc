// SPDX-License-Identifier: Apache-2.0
//
// Diagnostic models through the same calls as all others.
#include <string>

#include "tests/server/services/inference_fixture.h"
#include "tests/support/diagnostic_models.h"

namespace sta {
namespace {

using absl::StatusCode;
using inference::ModelInferRequest;
using inference::ModelInferResponse;
using testing::HasSubstr;

class DiagnosticInferenceTest : public InferenceTest {
 protected:
  // Serves it as "diagnostic" version 1.
  void Serve(const DiagnosticConfig& config) {
    ModelStatus status;
    status.name = "diagnostic";
    status.version = 1;
    status.state = ModelState::kReady;
    registry_.SetReady(status, MakeDiagnostic(config));
    metrics_.RegisterModel("diagnostic", 1);
  }

  static ModelInferRequest Floats() {
    ModelInferRequest request;
    request.set_model_name("diagnostic");
    request.set_id("seven");
    AddInput(request, "INPUT0", "FP32", {2, 2});
    request.add_raw_input_contents(RawOf<float>({1, 2, 3, 4}));
    return request;
  }
};

TEST_F(DiagnosticInferenceTest, IsAnsweredAndCounted) {
  Serve(IdentityConfig({Datatype::kFp32}, {2}, 8));
  ModelInferResponse response;
  ASSERT_THAT(Infer(Floats(), response), IsOk());
  EXPECT_EQ(response.id(), "seven");
  EXPECT_EQ(response.model_name(), "diagnostic");
  EXPECT_EQ(response.model_version(), "1");
  EXPECT_EQ(response.raw_output_contents(0), RawOf<float>({1, 2, 3, 4}));
  const VersionTotals totals = metrics_.statistics().Of("diagnostic", 1);
  EXPECT_EQ(totals.rows, 2);
  EXPECT_EQ(totals.batches, 1);
  EXPECT_EQ(totals.success.count, 1);
  EXPECT_THAT(metrics_.Text(),
              HasSubstr("sta_requests_total{code=\"OK\",model=\"diagnostic\",rpc=\"ModelInfer\","
                        "version=\"1\"} 1"));
}

TEST_F(DiagnosticInferenceTest, WhatDoesNotFitIsCountedAsFailed) {
  Serve(IdentityConfig({Datatype::kFp32}, {3}, 8));
  ModelInferResponse response;
  EXPECT_THAT(Infer(Floats(), response),
              StatusIs(StatusCode::kInvalidArgument, "INPUT0: shape [2,2]; allowed: [1..8,3]"));
  EXPECT_EQ(metrics_.statistics().Of("diagnostic", 1).failure.count, 1);
}

TEST_F(DiagnosticInferenceTest, TellsItsTimesWhereItIsAsked) {
  Serve(IdentityConfig({Datatype::kFp32}, {2}, 8));
  ModelInferRequest request = Floats();
  (*request.mutable_parameters())["sta_timing"].set_bool_param(true);
  ModelInferResponse response;
  ASSERT_THAT(Infer(request, response), IsOk());
  EXPECT_EQ(response.parameters_size(), 5);
}

TEST_F(DiagnosticInferenceTest, TheParameterTimeoutIsADeadline) {
  DiagnosticConfig config = IdentityConfig({Datatype::kFp32}, {2}, 8);
  config.delay_us = 60'000'000;
  Serve(config);
  ModelInferRequest request = Floats();
  // The runner's clock stands decades before this one.
  clock_.Advance(absl::Now() - clock_.Now());
  (*request.mutable_parameters())["timeout"].set_int64_param(30'000'000);
  ModelInferResponse response;
  EXPECT_THAT(Infer(request, response),
              StatusIs(StatusCode::kDeadlineExceeded, HasSubstr("delay of 1m")));
}

}  // namespace
}  // namespace sta
