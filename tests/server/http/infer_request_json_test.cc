// SPDX-License-Identifier: Apache-2.0
#include "server/http/infer_request_json.h"

#include <google/protobuf/util/message_differencer.h>

#include <string>
#include <vector>

#include "tests/server/services/infer_messages.h"
#include "tests/support/status_matchers.h"

namespace sta {
namespace {

using absl::StatusCode;
using inference::InferTensorContents;
using inference::ModelInferRequest;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// A request with one input, whose members are `rest`.
std::string WithInput(const std::string& rest) {
  return R"({"inputs":[{"name":"t",)" + rest + "}]}";
}

TEST(InferRequestJsonTest, ReadsARequest) {
  STA_ASSERT_OK_AND_ASSIGN(
      const InferBody body,
      DecodeInferBody(R"({"id":"7","parameters":{"priority":2,"sta_timing":true,"x":1.5,"y":"z",
                          "big":18446744073709551615},
                          "inputs":[{"name":"text","shape":[2,1],"datatype":"BYTES",
                                     "parameters":{"p":-1},"data":[["a"],["é\u0000"]]}],
                          "outputs":[{"name":"logits","parameters":{"classification":3}}],
                          "unknown":{}})",
                      std::nullopt));
  ModelInferRequest expected;
  expected.set_id("7");
  auto& parameters = *expected.mutable_parameters();
  parameters["priority"].set_int64_param(2);
  parameters["sta_timing"].set_bool_param(true);
  parameters["x"].set_double_param(1.5);
  parameters["y"].set_string_param("z");
  parameters["big"].set_uint64_param(UINT64_MAX);
  InputTensor& input = AddInput(expected, "text", "BYTES", {2, 1});
  (*input.mutable_parameters())["p"].set_int64_param(-1);
  input.mutable_contents()->add_bytes_contents("a");
  input.mutable_contents()->add_bytes_contents(std::string("é\0", 3));
  auto& output = *expected.add_outputs();
  output.set_name("logits");
  (*output.mutable_parameters())["classification"].set_int64_param(3);
  EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(body.message, expected))
      << body.message.DebugString();
  EXPECT_FALSE(body.binary.Wants("logits"));
}

TEST(InferRequestJsonTest, PutsElementsOfEveryDatatypeWhereTheProtocolHasThem) {
  struct Case {
    std::string datatype, data;
    void (*fill)(InferTensorContents& contents);
  };
  const std::vector<Case> cases = {
      {"BOOL", "[true,[false]]",
       [](InferTensorContents& c) {
         c.add_bool_contents(true);
         c.add_bool_contents(false);
       }},
      {"INT8", "[-128]", [](InferTensorContents& c) { c.add_int_contents(-128); }},
      {"INT16", "[5]", [](InferTensorContents& c) { c.add_int_contents(5); }},
      {"INT32", "[-2147483648,2147483647]",
       [](InferTensorContents& c) {
         c.add_int_contents(INT32_MIN);
         c.add_int_contents(INT32_MAX);
       }},
      {"INT64", "[-9223372036854775808,9223372036854775807]",
       [](InferTensorContents& c) {
         c.add_int64_contents(INT64_MIN);
         c.add_int64_contents(INT64_MAX);
       }},
      {"UINT8", "[255]", [](InferTensorContents& c) { c.add_uint_contents(255); }},
      {"UINT16", "[0]", [](InferTensorContents& c) { c.add_uint_contents(0); }},
      {"UINT32", "[4294967295]", [](InferTensorContents& c) { c.add_uint_contents(UINT32_MAX); }},
      {"UINT64", "[18446744073709551615]",
       [](InferTensorContents& c) { c.add_uint64_contents(UINT64_MAX); }},
      {"FP32", "[1,-0.5,1e-3]",
       [](InferTensorContents& c) {
         c.add_fp32_contents(1);
         c.add_fp32_contents(-0.5F);
         c.add_fp32_contents(1e-3F);
       }},
      {"FP64", "[0.1]", [](InferTensorContents& c) { c.add_fp64_contents(0.1); }},
      {"BYTES", "[\"\"]", [](InferTensorContents& c) { c.add_bytes_contents(""); }},
  };
  for (const Case& c : cases) {
    STA_ASSERT_OK_AND_ASSIGN(const InferBody body,
                             DecodeInferBody(WithInput(R"("shape":[1],"datatype":")" + c.datatype +
                                                       R"(","data":)" + c.data),
                                             std::nullopt));
    InferTensorContents expected;
    c.fill(expected);
    EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(
        body.message.inputs(0).contents(), expected))
        << c.datatype << ": " << body.message.DebugString();
  }
}

TEST(InferRequestJsonTest, RefusesElementsThatTheDatatypeDoesNotHold) {
  struct Case {
    std::string datatype, data, message;
  };
  const std::vector<Case> cases = {
      {"BOOL", "[1]", "'t': data[0] is not of BOOL; allowed: true and false"},
      {"INT32", "[1,2147483648]",
       "data[1] is not of INT32; allowed: whole numbers from "
       "-2147483648 to 2147483647"},
      {"INT32", "[-2147483649]", "data[0] is not of INT32"},
      {"INT8", "[1.0]", "data[0] is not of INT8"},
      {"INT64", "[9223372036854775808]", "data[0] is not of INT64"},
      {"INT64", "[\"1\"]", "data[0] is not of INT64"},
      {"UINT32", "[-1]", "data[0] is not of UINT32; allowed: whole numbers from 0 to 4294967295"},
      {"UINT32", "[4294967296]", "data[0] is not of UINT32"},
      {"UINT64", "[-1]", "data[0] is not of UINT64"},
      {"FP32", "[1e39]", "data[0] is not of FP32; allowed: numbers"},
      {"FP32", "[null]", "data[0] is not of FP32"},
      {"FP64", "[true]", "data[0] is not of FP64"},
      {"BYTES", "[[\"a\"],[7]]", "data[1] is not of BYTES; allowed: strings"},
      {"BYTES", "[{}]", "data[0] is not of BYTES"},
      {"FP16", "[1]", "FP16 has no JSON; send it as binary data"},
      {"BF16", "[1]", "BF16 has no JSON"},
      {"FLOAT", "[1]", "inputs[0]: datatype: "},
  };
  for (const Case& c : cases) {
    EXPECT_THAT(DecodeInferBody(
                    WithInput(R"("shape":[1],"datatype":")" + c.datatype + R"(","data":)" + c.data),
                    std::nullopt),
                StatusIs(StatusCode::kInvalidArgument, HasSubstr(c.message)))
        << c.datatype << " " << c.data;
  }
}

TEST(InferRequestJsonTest, RefusesWhatIsNoRequest) {
  struct Case {
    std::string body, message;
  };
  const std::vector<Case> cases = {
      {"", "JSON"},
      {"{", "JSON"},
      {"[]", "the request has another type; allowed: an object"},
      {"{}", "inputs has another type; allowed: an array of objects"},
      {R"({"inputs":[],"inputs":[]})", "inputs"},
      {R"({"inputs":{}})", "inputs has another type"},
      {R"({"inputs":[1]})", "inputs[0]: it has another type; allowed: an object"},
      {R"({"inputs":[],"id":1})", "id has another type; allowed: a string"},
      {R"({"inputs":[],"parameters":[]})", "parameters has another type; allowed: an object"},
      {R"({"inputs":[],"parameters":{"p":[]}})", "parameters: 'p' has another type"},
      {R"({"inputs":[],"parameters":{"binary_data_output":1}})",
       "'binary_data_output' has another type; allowed: a boolean"},
      {R"({"inputs":[],"outputs":{}})", "outputs has another type"},
      {R"({"inputs":[],"outputs":["a"]})", "outputs[0]: it has another type"},
      {R"({"inputs":[],"outputs":[{"name":1}]})", "outputs[0]: name has another type"},
      {R"({"inputs":[],"outputs":[{"name":"a","parameters":{"binary_data":"yes"}}]})",
       "outputs[0]: parameters: 'binary_data' has another type"},
      {R"({"inputs":[{"name":1}]})", "inputs[0]: name has another type"},
      {WithInput(R"("datatype":"FP32","data":[1])"), "inputs[0]: shape has another type"},
      {WithInput(R"("datatype":"FP32","shape":[1.5],"data":[1])"), "inputs[0]: shape"},
      {WithInput(R"("datatype":"FP32","shape":[18446744073709551615],"data":[1])"), "shape"},
      {WithInput(R"("datatype":"FP32","shape":[1],"data":1)"), "data has another type"},
      {WithInput(R"("datatype":7,"shape":[1],"data":[1])"), "datatype has another type"},
      {WithInput(R"("datatype":"FP32","shape":[1],"parameters":{"binary_data_size":4})"),
       "binary_data_size needs the header Inference-Header-Content-Length"},
      {std::string("{\"inputs\":[],\"id\":\"\xff\"}"), "JSON"},
      {std::string(40, '['), "deep"},
  };
  for (const Case& c : cases) {
    EXPECT_THAT(DecodeInferBody(c.body, std::nullopt),
                StatusIs(StatusCode::kInvalidArgument, HasSubstr(c.message)))
        << c.body;
  }
}

class BinaryRequestTest : public testing::Test {
 protected:
  // What is in front of `binary`, and its size.
  static absl::StatusOr<InferBody> Decode(const std::string& head, const std::string& binary) {
    return DecodeInferBody(head + binary, std::ssize(head));
  }
};

TEST_F(BinaryRequestTest, TakesInputsFromBehindTheJson) {
  STA_ASSERT_OK_AND_ASSIGN(const InferBody body,
                           Decode(R"({"inputs":[{"name":"a","shape":[2],"datatype":"FP16",
                            "parameters":{"binary_data_size":4,"q":true}},
                           {"name":"b","shape":[1],"datatype":"BYTES",
                            "parameters":{"binary_data_size":5}}]})",
                                  std::string("\1\2\3\4", 4) + RawBytesOf({"x"})));
  EXPECT_THAT(body.message.raw_input_contents(),
              ElementsAre(std::string("\1\2\3\4", 4), RawBytesOf({"x"})));
  EXPECT_EQ(body.message.inputs(0).parameters_size(), 1);
  EXPECT_FALSE(body.message.inputs(0).has_contents());
}

TEST_F(BinaryRequestTest, MakesJsonInputsBesideRawOnesRaw) {
  STA_ASSERT_OK_AND_ASSIGN(
      const InferBody body,
      Decode(R"({"inputs":[{"name":"a","shape":[2],"datatype":"INT16","data":[1,-1]},
                           {"name":"b","shape":[1],"datatype":"UINT8",
                            "parameters":{"binary_data_size":1}}]})",
             "\7"));
  EXPECT_THAT(body.message.raw_input_contents(), ElementsAre(RawOf<int16_t>({1, -1}), "\7"));
  EXPECT_FALSE(body.message.inputs(0).has_contents());
  EXPECT_THAT(Decode(R"({"inputs":[{"name":"a","shape":[1],"datatype":"INT8","data":[128]},
                                   {"name":"b","shape":[1],"datatype":"UINT8",
                                    "parameters":{"binary_data_size":1}}]})",
                     "\7"),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("INT8 allows: -128 to 127")));
}

TEST_F(BinaryRequestTest, SaysWhichOutputsAreWantedSo) {
  STA_ASSERT_OK_AND_ASSIGN(
      const InferBody some,
      Decode(R"({"inputs":[],"outputs":[{"name":"a","parameters":{"binary_data":true}},
                                        {"name":"b","parameters":{"binary_data":false}},
                                        {"name":"c"}]})",
             ""));
  EXPECT_TRUE(some.binary.Wants("a"));
  EXPECT_FALSE(some.binary.Wants("b"));
  EXPECT_FALSE(some.binary.Wants("c"));
  EXPECT_EQ(some.message.outputs(0).parameters_size(), 0);
  STA_ASSERT_OK_AND_ASSIGN(const InferBody all,
                           Decode(R"({"inputs":[],"parameters":{"binary_data_output":true},
                 "outputs":[{"name":"b","parameters":{"binary_data":false}}]})",
                                  ""));
  EXPECT_TRUE(all.binary.Wants("a"));
  EXPECT_FALSE(all.binary.Wants("b"));
  EXPECT_THAT(all.message.parameters(), IsEmpty());
}

TEST_F(BinaryRequestTest, RefusesSizesThatDoNotAddUp) {
  const auto input = [](const std::string& rest) {
    return R"({"inputs":[{"name":"a","shape":[1],"datatype":"UINT8",)" + rest + "}]}";
  };
  struct Case {
    std::string head, binary, message;
  };
  const std::vector<Case> cases = {
      {input(R"("parameters":{"binary_data_size":2})"), "x", "binary_data_size is 2, and only 1"},
      {input(R"("parameters":{"binary_data_size":1})"), "xy", "there are 1 bytes more"},
      {input(R"("data":[1])"), "x", "there are 1 bytes more"},
      {input(R"("data":[1],"parameters":{"binary_data_size":1})"), "x", "allowed: one of them"},
      {input(R"("parameters":{"binary_data_size":-1})"), "x", "a whole number of bytes"},
      {input(R"("parameters":{"binary_data_size":"1"})"), "x", "a whole number of bytes"},
      {input(R"("parameters":{"binary_data_size":9223372036854775807})"), "x", "only 1 bytes"},
  };
  for (const Case& c : cases) {
    EXPECT_THAT(Decode(c.head, c.binary),
                StatusIs(StatusCode::kInvalidArgument, HasSubstr(c.message)))
        << c.head;
  }
  for (const int64_t bytes : {int64_t{-1}, int64_t{3}, INT64_MAX}) {
    EXPECT_THAT(DecodeInferBody("{}", bytes),
                StatusIs(StatusCode::kInvalidArgument, HasSubstr("the request has 2 bytes")))
        << bytes;
  }
}

}  // namespace
}  // namespace sta
