// SPDX-License-Identifier: Apache-2.0
#include "server/services/infer_parameters.h"

#include <limits>

#include "tests/support/status_matchers.h"

namespace sta {
namespace {

using absl::StatusCode;
using inference::ModelInferRequest;

TEST(InferParametersTest, NoneIsTheDefault) {
  STA_ASSERT_OK_AND_ASSIGN(const InferParameters parameters, DecodeParameters({}));
  EXPECT_EQ(parameters.priority, 0);
  EXPECT_EQ(parameters.timeout, absl::InfiniteDuration());
}

TEST(InferParametersTest, ReadsBothFormsOfAnInteger) {
  ModelInferRequest message;
  (*message.mutable_parameters())["priority"].set_uint64_param(2);
  (*message.mutable_parameters())["timeout"].set_int64_param(1500);
  STA_ASSERT_OK_AND_ASSIGN(InferParameters parameters, DecodeParameters(message.parameters()));
  EXPECT_EQ(parameters.priority, 2);
  EXPECT_EQ(parameters.timeout, absl::Microseconds(1500));
  (*message.mutable_parameters())["priority"].set_int64_param(7);
  (*message.mutable_parameters())["timeout"].set_uint64_param(3);
  STA_ASSERT_OK_AND_ASSIGN(parameters, DecodeParameters(message.parameters()));
  EXPECT_EQ(parameters.priority, 7);
  EXPECT_EQ(parameters.timeout, absl::Microseconds(3));
}

TEST(InferParametersTest, ATimeoutOfZeroIsNone) {
  ModelInferRequest message;
  (*message.mutable_parameters())["timeout"].set_int64_param(0);
  STA_ASSERT_OK_AND_ASSIGN(const InferParameters parameters,
                           DecodeParameters(message.parameters()));
  EXPECT_EQ(parameters.timeout, absl::InfiniteDuration());
}

TEST(InferParametersTest, HugeNumbersDoNotOverflow) {
  ModelInferRequest message;
  (*message.mutable_parameters())["priority"].set_uint64_param(
      std::numeric_limits<uint64_t>::max());
  (*message.mutable_parameters())["timeout"].set_uint64_param(std::numeric_limits<uint64_t>::max());
  STA_ASSERT_OK_AND_ASSIGN(const InferParameters parameters,
                           DecodeParameters(message.parameters()));
  EXPECT_EQ(parameters.priority, std::numeric_limits<int64_t>::max());
  EXPECT_GT(parameters.timeout, absl::Hours(24 * 365 * 1000));
}

TEST(InferParametersTest, UnknownOnesAreLetPass) {
  ModelInferRequest message;
  (*message.mutable_parameters())["mine"].set_string_param("x");
  (*message.mutable_parameters())["sequence_start"].set_bool_param(true);
  EXPECT_THAT(DecodeParameters(message.parameters()), IsOk());
}

TEST(InferParametersTest, RefusesWhatIsNoIntegerOrNegative) {
  for (const char* name : {"priority", "timeout"}) {
    ModelInferRequest message;
    inference::InferParameter& parameter = (*message.mutable_parameters())[name];
    const std::string quoted = std::string("parameter '") + name + "'";
    parameter.set_int64_param(-1);
    EXPECT_THAT(
        DecodeParameters(message.parameters()),
        StatusIs(StatusCode::kInvalidArgument, quoted + ": -1 is negative; allowed: 0 and above"));
    const std::string no_integer = quoted + " is no integer; allowed: int64_param or uint64_param";
    parameter.set_string_param("1");
    EXPECT_THAT(DecodeParameters(message.parameters()),
                StatusIs(StatusCode::kInvalidArgument, no_integer));
    parameter.set_double_param(1.0);
    EXPECT_THAT(DecodeParameters(message.parameters()),
                StatusIs(StatusCode::kInvalidArgument, no_integer));
    parameter.clear_parameter_choice();
    EXPECT_THAT(DecodeParameters(message.parameters()),
                StatusIs(StatusCode::kInvalidArgument, no_integer));
  }
}

}  // namespace
}  // namespace sta
