// SPDX-License-Identifier: Apache-2.0
#include "server/services/diagnostic_request.h"

#include <functional>
#include <limits>

#include "server/services/diagnostic_response.h"
#include "tests/server/services/infer_messages.h"
#include "tests/support/diagnostic_models.h"
#include "tests/support/status_matchers.h"

namespace sta {
namespace {

using absl::StatusCode;
using inference::ModelInferRequest;
using inference::ModelInferResponse;
using testing::ElementsAre;

template <typename T>
InputTensor& AddRaw(ModelInferRequest& message, std::string_view name, std::string_view datatype,
                    const std::vector<int64_t>& shape, const std::vector<T>& elements) {
  message.add_raw_input_contents(RawOf<T>(elements));
  return AddInput(message, name, datatype, shape);
}

// The answer of the model to the message, both ends of the way.
absl::StatusOr<ModelInferResponse> Ask(const DiagnosticConfig& config,
                                       const ModelInferRequest& message) {
  const absl::StatusOr<DiagnosticRequest> request = DecodeDiagnosticRequest(message, config);
  if (!request.ok()) return request.status();
  ModelInferResponse response;
  absl::Status encoded =
      EncodeDiagnosticOutputs(*request, *MakeDiagnostic(config)->diagnostic, response);
  if (!encoded.ok()) return encoded;
  return response;
}

TEST(DiagnosticRequestTest, AnswersWithWhatCame) {
  ModelInferRequest message;
  AddRaw<float>(message, "INPUT0", "FP32", {2, 3}, {1, 2, 3, 4, 5, 6});
  STA_ASSERT_OK_AND_ASSIGN(const ModelInferResponse response,
                           Ask(IdentityConfig({Datatype::kFp32}, {3}, 4), message));
  ASSERT_EQ(response.outputs_size(), 1);
  EXPECT_EQ(response.outputs(0).name(), "OUTPUT0");
  EXPECT_EQ(response.outputs(0).datatype(), "FP32");
  EXPECT_THAT(response.outputs(0).shape(), ElementsAre(2, 3));
  EXPECT_EQ(response.raw_output_contents(0), message.raw_input_contents(0));
}

TEST(DiagnosticRequestTest, TypedElementsOfEveryDatatypeComeBackRaw) {
  struct Case {
    Datatype datatype;
    std::function<void(inference::InferTensorContents&)> fill;
    std::string raw;
  };
  const std::vector<Case> cases = {{Datatype::kBool,
                                    [](auto& c) {
                                      c.add_bool_contents(true);
                                      c.add_bool_contents(false);
                                    },
                                    RawOf<uint8_t>({1, 0})},
                                   {Datatype::kInt8,
                                    [](auto& c) {
                                      c.add_int_contents(-128);
                                      c.add_int_contents(127);
                                    },
                                    RawOf<int8_t>({-128, 127})},
                                   {Datatype::kInt16,
                                    [](auto& c) {
                                      c.add_int_contents(-32768);
                                      c.add_int_contents(32767);
                                    },
                                    RawOf<int16_t>({-32768, 32767})},
                                   {Datatype::kInt32,
                                    [](auto& c) {
                                      c.add_int_contents(std::numeric_limits<int32_t>::min());
                                      c.add_int_contents(7);
                                    },
                                    RawOf<int32_t>({std::numeric_limits<int32_t>::min(), 7})},
                                   {Datatype::kInt64,
                                    [](auto& c) {
                                      c.add_int64_contents(std::numeric_limits<int64_t>::min());
                                      c.add_int64_contents(7);
                                    },
                                    RawOf<int64_t>({std::numeric_limits<int64_t>::min(), 7})},
                                   {Datatype::kUint8,
                                    [](auto& c) {
                                      c.add_uint_contents(0);
                                      c.add_uint_contents(255);
                                    },
                                    RawOf<uint8_t>({0, 255})},
                                   {Datatype::kUint16,
                                    [](auto& c) {
                                      c.add_uint_contents(1);
                                      c.add_uint_contents(65535);
                                    },
                                    RawOf<uint16_t>({1, 65535})},
                                   {Datatype::kUint32,
                                    [](auto& c) {
                                      c.add_uint_contents(1);
                                      c.add_uint_contents(4294967295U);
                                    },
                                    RawOf<uint32_t>({1, 4294967295U})},
                                   {Datatype::kUint64,
                                    [](auto& c) {
                                      c.add_uint64_contents(1);
                                      c.add_uint64_contents(std::numeric_limits<uint64_t>::max());
                                    },
                                    RawOf<uint64_t>({1, std::numeric_limits<uint64_t>::max()})},
                                   {Datatype::kFp32,
                                    [](auto& c) {
                                      c.add_fp32_contents(1.5F);
                                      c.add_fp32_contents(-2);
                                    },
                                    RawOf<float>({1.5F, -2})},
                                   {Datatype::kFp64,
                                    [](auto& c) {
                                      c.add_fp64_contents(1e300);
                                      c.add_fp64_contents(-2);
                                    },
                                    RawOf<double>({1e300, -2})},
                                   {Datatype::kBytes,
                                    [](auto& c) {
                                      c.add_bytes_contents("");
                                      c.add_bytes_contents(std::string("a\0b", 3));
                                    },
                                    RawBytesOf({"", std::string("a\0b", 3)})}};
  for (const Case& c : cases) {
    const std::string name(DatatypeName(c.datatype));
    const DiagnosticConfig config = IdentityConfig({c.datatype}, {2});
    ModelInferRequest typed;
    c.fill(*AddInput(typed, "INPUT0", name, {2}).mutable_contents());
    STA_ASSERT_OK_AND_ASSIGN(const ModelInferResponse of_typed, Ask(config, typed));
    EXPECT_EQ(of_typed.raw_output_contents(0), c.raw) << name;
    ModelInferRequest raw;
    AddInput(raw, "INPUT0", name, {2});
    raw.add_raw_input_contents(c.raw);
    STA_ASSERT_OK_AND_ASSIGN(const ModelInferResponse of_raw, Ask(config, raw));
    EXPECT_EQ(of_raw.raw_output_contents(0), c.raw) << name;
  }
}

TEST(DiagnosticRequestTest, HalfFloatsAreRawOnly) {
  for (const Datatype datatype : {Datatype::kFp16, Datatype::kBf16}) {
    const std::string name(DatatypeName(datatype));
    ModelInferRequest message;
    AddInput(message, "INPUT0", name, {1}).mutable_contents()->add_fp32_contents(1);
    EXPECT_THAT(Ask(IdentityConfig({datatype}, {1}), message),
                StatusIs(StatusCode::kInvalidArgument,
                         "INPUT0: " + name + " has no typed contents; send raw_input_contents"));
    message.mutable_inputs(0)->clear_contents();
    message.add_raw_input_contents("ab");
    STA_ASSERT_OK_AND_ASSIGN(const ModelInferResponse response,
                             Ask(IdentityConfig({datatype}, {1}), message));
    EXPECT_EQ(response.raw_output_contents(0), "ab");
  }
}

TEST(DiagnosticRequestTest, ValuesThatADatatypeDoesNotHoldAreRefused) {
  struct Case {
    Datatype datatype;
    int64_t value;
    const char* message;
  };
  for (const Case& c : {
           Case{Datatype::kInt8, 128,
                "INPUT0: contents.int_contents[0] is 128; INT8 allows: -128 to 127"},
           Case{Datatype::kInt16, -32769,
                "INPUT0: contents.int_contents[0] is -32769; INT16 allows: -32768 to 32767"},
           Case{Datatype::kUint8, 256,
                "INPUT0: contents.uint_contents[0] is 256; UINT8 allows: 0 to 255"},
           Case{Datatype::kUint16, 65536,
                "INPUT0: contents.uint_contents[0] is 65536; UINT16 allows: 0 to 65535"},
       }) {
    ModelInferRequest message;
    auto& contents = *AddInput(message, "INPUT0", DatatypeName(c.datatype), {1}).mutable_contents();
    const bool is_signed = c.datatype == Datatype::kInt8 || c.datatype == Datatype::kInt16;
    if (is_signed) {
      contents.add_int_contents(static_cast<int32_t>(c.value));
    } else {
      contents.add_uint_contents(static_cast<uint32_t>(c.value));
    }
    EXPECT_THAT(Ask(IdentityConfig({c.datatype}, {1}), message),
                StatusIs(StatusCode::kInvalidArgument, c.message));
  }
}

TEST(DiagnosticRequestTest, AddsAndSubtracts) {
  ModelInferRequest message;
  AddRaw<int32_t>(message, "INPUT1", "INT32", {1, 2}, {1, 1});  // any order of inputs
  AddRaw<int32_t>(message, "INPUT0", "INT32", {1, 2}, {10, 20});
  message.add_outputs()->set_name("OUTPUT1");
  message.add_outputs()->set_name("OUTPUT0");
  STA_ASSERT_OK_AND_ASSIGN(const ModelInferResponse response,
                           Ask(AddSubConfig(Datatype::kInt32, {2}, 8), message));
  EXPECT_EQ(response.outputs(0).name(), "OUTPUT1");
  EXPECT_EQ(response.raw_output_contents(0), RawOf<int32_t>({9, 19}));
  EXPECT_EQ(response.outputs(1).name(), "OUTPUT0");
  EXPECT_EQ(response.raw_output_contents(1), RawOf<int32_t>({11, 21}));
}

TEST(DiagnosticRequestTest, TheRequestedOutputsAlone) {
  ModelInferRequest message;
  AddRaw<int8_t>(message, "INPUT0", "INT8", {1}, {1});
  AddRaw<float>(message, "INPUT1", "FP32", {1}, {2});
  message.add_outputs()->set_name("OUTPUT1");
  STA_ASSERT_OK_AND_ASSIGN(const ModelInferResponse response,
                           Ask(IdentityConfig({Datatype::kInt8, Datatype::kFp32}, {-1}), message));
  ASSERT_EQ(response.outputs_size(), 1);
  EXPECT_EQ(response.raw_output_contents(0), RawOf<float>({2}));
}

TEST(DiagnosticRequestTest, ATensorOfAnySizeMayBeEmpty) {
  for (const Datatype datatype : {Datatype::kFp32, Datatype::kBytes}) {
    ModelInferRequest message;
    AddInput(message, "INPUT0", DatatypeName(datatype), {0, 7});
    message.add_raw_input_contents("");
    STA_ASSERT_OK_AND_ASSIGN(const ModelInferResponse response,
                             Ask(IdentityConfig({datatype}, {-1, -1}), message));
    EXPECT_THAT(response.outputs(0).shape(), ElementsAre(0, 7));
    EXPECT_EQ(response.raw_output_contents(0), "");
  }
}

// A good request of INT32 [1..4, 2] for add_sub, spoilt.
TEST(DiagnosticRequestTest, RefusesWithThePlaceTheValueAndWhatIsAllowed) {
  struct Case {
    std::function<void(ModelInferRequest&)> spoil;
    const char* message;
  };
  const auto shape = [](ModelInferRequest& m, int input, const std::vector<int64_t>& dims) {
    m.mutable_inputs(input)->mutable_shape()->Assign(dims.begin(), dims.end());
  };
  const std::vector<Case> cases = {
      {[](auto& m) { m.mutable_inputs(1)->set_name("other"); },
       "unknown input 'other'; this model takes: INPUT0, INPUT1"},
      {[](auto& m) { m.mutable_inputs(1)->set_name("INPUT0"); }, "input 'INPUT0' is given twice"},
      {[](auto& m) {
         m.mutable_inputs()->RemoveLast();
         m.mutable_raw_input_contents()->RemoveLast();
       },
       "input 'INPUT1' is missing; this model takes: INPUT0, INPUT1"},
      {[](auto& m) { m.clear_inputs(), m.clear_raw_input_contents(); },
       "input 'INPUT0' is missing; this model takes: INPUT0, INPUT1"},
      {[](auto& m) { m.mutable_inputs(0)->set_datatype("FP32"); },
       "INPUT0: datatype 'FP32'; allowed: INT32"},
      {[&](auto& m) { shape(m, 0, {2}); }, "INPUT0: shape [2]; allowed: [1..4,2]"},
      {[&](auto& m) {
         shape(m, 0, {0, 2});
       },
       "INPUT0: shape [0,2]; allowed: [1..4,2]"},
      {[&](auto& m) {
         shape(m, 0, {5, 2});
       },
       "INPUT0: shape [5,2]; allowed: [1..4,2]"},
      {[&](auto& m) {
         shape(m, 0, {2, 3});
       },
       "INPUT0: shape [2,3]; allowed: [1..4,2]"},
      {[&](auto& m) {
         shape(m, 0, {2, -2});
       },
       "INPUT0: shape [2,-2]; allowed: [1..4,2]"},
      {[&](auto& m) {
         shape(m, 1, {1, 2});
         m.set_raw_input_contents(1, RawOf<int32_t>({1, 2}));
       },
       "INPUT1: a batch of 1, but INPUT0 has 2"},
      {[](auto& m) { m.set_raw_input_contents(0, "abc"); },
       "INPUT0: raw contents have 3 bytes, but shape [2,2] of INT32 has 16"},
      {[](auto& m) { m.add_raw_input_contents("x"); },
       "raw_input_contents has 3 entries for 2 inputs; allowed: one an input, in the same order"},
      {[](auto& m) { m.mutable_inputs(0)->mutable_contents()->add_int_contents(1); },
       "INPUT0: typed contents and raw_input_contents are mixed; allowed: one of the two for all "
       "inputs"},
      {[](auto& m) {
         m.clear_raw_input_contents();
         m.mutable_inputs(0)->mutable_contents()->add_int_contents(1);
       },
       "INPUT0: contents.int_contents has 1 elements, but shape [2,2] has 4"},
      {[](auto& m) {
         m.clear_raw_input_contents();
         m.mutable_inputs(0)->mutable_contents()->add_int64_contents(1);
       },
       "INPUT0: datatype INT32 has its elements in contents.int_contents, but another field is "
       "filled"},
      {[](auto& m) { m.add_outputs()->set_name("OUTPUT2"); },
       "unknown output 'OUTPUT2'; this model gives: OUTPUT0, OUTPUT1"},
      {[](auto& m) {
         m.add_outputs()->set_name("OUTPUT0");
         m.add_outputs()->set_name("OUTPUT0");
       },
       "output 'OUTPUT0' is requested twice"},
      {[](auto& m) {
         auto& wanted = *m.add_outputs();
         wanted.set_name("OUTPUT0");
         (*wanted.mutable_parameters())["classification"].set_int64_param(1);
       },
       "output 'OUTPUT0': parameter 'classification' is not offered by a diagnostic model"},
      {[](auto& m) { (*m.mutable_parameters())["sta_datatype"].set_string_param("FP16"); },
       "parameter 'sta_datatype' is not offered by a diagnostic model"},
  };
  for (const Case& c : cases) {
    ModelInferRequest message;
    AddRaw<int32_t>(message, "INPUT0", "INT32", {2, 2}, {1, 2, 3, 4});
    AddRaw<int32_t>(message, "INPUT1", "INT32", {2, 2}, {1, 2, 3, 4});
    ASSERT_THAT(Ask(AddSubConfig(Datatype::kInt32, {2}, 4), message), IsOk());
    c.spoil(message);
    EXPECT_THAT(Ask(AddSubConfig(Datatype::kInt32, {2}, 4), message),
                StatusIs(StatusCode::kInvalidArgument, c.message));
  }
}

TEST(DiagnosticRequestTest, ShapesOfAddSubAreTheSame) {
  ModelInferRequest message;
  AddRaw<int32_t>(message, "INPUT0", "INT32", {2}, {1, 2});
  AddRaw<int32_t>(message, "INPUT1", "INT32", {1}, {1});
  EXPECT_THAT(Ask(AddSubConfig(Datatype::kInt32, {-1}), message),
              StatusIs(StatusCode::kInvalidArgument,
                       "INPUT1: another shape than that of INPUT0, to be added to it"));
}

TEST(DiagnosticRequestTest, SizesThatOverflowAreRefused) {
  for (const std::vector<int64_t>& shape :
       {std::vector<int64_t>{int64_t{1} << 32, int64_t{1} << 32}, {int64_t{1} << 48, 1}}) {
    ModelInferRequest message;
    AddInput(message, "INPUT0", "FP64", shape);
    message.add_raw_input_contents("");
    EXPECT_THAT(Ask(IdentityConfig({Datatype::kFp64}, {-1, -1}), message),
                StatusIs(StatusCode::kInvalidArgument, testing::HasSubstr("is too large")));
  }
}

TEST(DiagnosticRequestTest, RawStringsAreWhole) {
  for (const auto& [raw, message] :
       {std::pair{std::string("\1\0\0\0a\1\0", 7), "end before element 1 of 2"},
        std::pair{RawBytesOf({"a"}), "end before element 1 of 2"},
        std::pair{RawBytesOf({"a", "b", "c"}), "5 bytes are left"},
        std::pair{std::string("\1\0\0\0a\xff\xff\xff\xff", 9),
                  "element 1 has length 4294967295"}}) {
    ModelInferRequest request;
    AddInput(request, "INPUT0", "BYTES", {2});
    request.add_raw_input_contents(raw);
    EXPECT_THAT(Ask(IdentityConfig({Datatype::kBytes}, {-1}), request),
                StatusIs(StatusCode::kInvalidArgument, testing::HasSubstr(message)));
  }
}

TEST(DiagnosticRequestTest, StringsThatCannotBeAddedAreRefused) {
  ModelInferRequest request;
  AddInput(request, "INPUT0", "BYTES", {1});
  AddInput(request, "INPUT1", "BYTES", {1});
  request.add_raw_input_contents(RawBytesOf({"1"}));
  request.add_raw_input_contents(RawBytesOf({"one"}));
  EXPECT_THAT(
      Ask(AddSubConfig(Datatype::kBytes, {1}), request),
      StatusIs(StatusCode::kInvalidArgument, testing::HasSubstr("element 0 is no decimal")));
}

}  // namespace
}  // namespace sta
