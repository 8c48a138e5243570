// SPDX-License-Identifier: Apache-2.0
#include "client/console/infer_json.h"

#include "absl/strings/str_cat.h"
#include "tests/support/status_matchers.h"

namespace sta::client {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string WithInput(const std::string& datatype, const std::string& shape,
                      const std::string& data) {
  return absl::StrCat(R"({"inputs":[{"name":"x","datatype":")", datatype, R"(","shape":)", shape,
                      R"(,"data":)", data, "}]}");
}

TEST(InferJsonTest, ReadsAWholeRequest) {
  STA_ASSERT_OK_AND_ASSIGN(const InferRequest request, ParseInferRequest(R"({
    "id": "7", "parameters": {"a": true, "b": -3, "c": 0.5, "d": "text"},
    "inputs": [{"name": "ids", "datatype": "INT64", "shape": [2, 2], "data": [[1, 2], [-3, 4]]},
               {"name": "text", "datatype": "BYTES", "shape": [2], "data": ["é", ""]}],
    "outputs": [{"name": "logits"}]})"));
  EXPECT_EQ(request.id, "7");
  EXPECT_THAT(request.inputs.at(0).Values<int64_t>().value(), ElementsAre(1, 2, -3, 4));
  EXPECT_THAT(request.inputs.at(1).Strings().value(), ElementsAre("é", ""));
  EXPECT_THAT(request.outputs, ElementsAre("logits"));
  EXPECT_EQ(std::get<bool>(request.parameters.at("a")), true);
  EXPECT_EQ(std::get<int64_t>(request.parameters.at("b")), -3);
  EXPECT_EQ(std::get<double>(request.parameters.at("c")), 0.5);
  EXPECT_EQ(std::get<std::string>(request.parameters.at("d")), "text");
}

TEST(InferJsonTest, TakesEveryDatatypeToItsLimits) {
  struct Case {
    const char* datatype;
    const char* data;
  };
  const Case cases[] = {
      {"BOOL", "[true,false]"},
      {"UINT8", "[0,255]"},
      {"UINT16", "[0,65535]"},
      {"UINT32", "[0,4294967295]"},
      {"UINT64", "[0,18446744073709551615]"},
      {"INT8", "[-128,127]"},
      {"INT16", "[-32768,32767]"},
      {"INT32", "[-2147483648,2147483647]"},
      {"INT64", "[-9223372036854775808,9223372036854775807]"},
      {"FP32", "[0.1,-2.5]"},
      {"FP64", "[0.1,1e+300]"},
      {"BYTES", R"(["a","b"])"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.datatype);
    const auto request = ParseInferRequest(WithInput(c.datatype, "[2]", c.data));
    ASSERT_THAT(request, IsOk());
    InferResult result;
    result.outputs = request->inputs;
    const auto json = InferResultToJson(result);
    ASSERT_THAT(json, IsOk());
    EXPECT_EQ(JsonLine((*json)["outputs"][0]["data"]), c.data);
  }
}

TEST(InferJsonTest, SaysWhereARequestIsWrong) {
  struct Case {
    std::string json;
    const char* message;
  };
  std::string deep = "1";
  for (int i = 0; i < 20; ++i) deep = "[" + deep + "]";
  const Case cases[] = {
      {"", "not valid JSON"},
      {"{", "not valid JSON"},
      {"[]", "not a JSON object"},
      {"{}", "wants an array \"inputs\""},
      {R"({"inputs":[]})", "at least one tensor"},
      {R"({"inputs":{}})", "inputs: is not an array"},
      {R"({"inputs":[7]})", "inputs[0]: is not an object"},
      {R"({"inputs":[{}]})", "inputs[0]: wants a string \"name\""},
      {R"({"inputs":[{"name":"x"}]})", "wants a string \"datatype\""},
      {R"({"input":[]})", "unknown key \"input\""},
      {WithInput("FLOAT", "[1]", "[1]"), "inputs[0].datatype: unknown datatype 'FLOAT'"},
      {WithInput("FP32", "7", "[1]"), "wants an array \"shape\""},
      {WithInput("FP32", "[1.5]", "[1]"), "1.5 is not an integer"},
      {WithInput("FP32", "[-1]", "[1]"), "negative dimension"},
      {WithInput("FP32", "[2]", "[1]"), "4 bytes, but shape [2]"},
      {WithInput("FP32", "[1]", "1"), "wants an array \"data\""},
      {WithInput("FP32", "[1]", R"(["1"])"), "data[0]: \"1\" is not a number"},
      {WithInput("FP32", "[1]", "[1e39]"), "not a number that fits"},
      {WithInput("INT8", "[1]", "[128]"), "data[0]: 128 is not an integer in -128..127"},
      {WithInput("UINT8", "[1]", "[-1]"), "-1 is not an integer in 0..255"},
      {WithInput("INT64", "[1]", "[1.0]"), "not an integer"},
      {WithInput("INT64", "[1]", "[9223372036854775808]"), "not an integer"},
      {WithInput("BOOL", "[1]", "[1]"), "not true or false"},
      {WithInput("BYTES", "[1,1]", "[[7]]"), "data[0][0]: 7 is not a string"},
      {WithInput("FP16", "[1]", "[1]"), "FP16 has no JSON form"},
      {WithInput("FP32", "[1]", deep), "nested deeper than 16"},
      {R"({"id":7,"inputs":[]})", "wants a string \"id\""},
      {R"({"inputs":[{"name":"x","datatype":"FP32","shape":[0],"data":[]}],"parameters":{"a":[]}})",
       "parameters.a: is not"},
      {R"({"inputs":[{"name":"x","datatype":"FP32","shape":[0],"data":[]}],"outputs":["y"]})",
       "outputs[0]: is not an object"},
  };
  for (const Case& c : cases) {
    EXPECT_THAT(ParseInferRequest(c.json),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(c.message)))
        << c.json;
  }
}

TEST(InferJsonTest, RefusesAnswersWithoutAJsonForm) {
  InferResult result;
  result.outputs = {{"x", DataType::kBf16, {1}, "ab"}};
  EXPECT_THAT(InferResultToJson(result),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("output 'x'")));
}

}  // namespace
}  // namespace sta::client
