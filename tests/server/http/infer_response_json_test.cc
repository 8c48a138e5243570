// SPDX-License-Identifier: Apache-2.0
#include "server/http/infer_response_json.h"

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/server/services/infer_messages.h"
#include "tests/support/status_matchers.h"

namespace sta {
namespace {

using absl::StatusCode;
using inference::ModelInferResponse;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

void AddOutput(ModelInferResponse& message, const std::string& name, const std::string& datatype,
               const std::vector<int64_t>& shape, const std::string& raw) {
  auto& output = *message.add_outputs();
  output.set_name(name);
  output.set_datatype(datatype);
  output.mutable_shape()->Add(shape.begin(), shape.end());
  message.add_raw_output_contents(raw);
}

ModelInferResponse Response() {
  ModelInferResponse message;
  message.set_model_name("m");
  message.set_model_version("3");
  return message;
}

TEST(InferResponseJsonTest, WritesAResponse) {
  ModelInferResponse message = Response();
  message.set_id("a\"b");
  (*message.mutable_parameters())["sta_total_us"].set_int64_param(12);
  AddOutput(message, "logits", "FP32", {1, 3}, RawOf<float>({0.1F, -2, 1e-30F}));
  AddOutput(message, "label", "BYTES", {2}, RawBytesOf({"</script>\n", "ü"}));
  STA_ASSERT_OK_AND_ASSIGN(const HttpResponse response, EncodeInferResponse(message, {}));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.content_type, "application/json");
  EXPECT_THAT(response.headers, IsEmpty());
  EXPECT_EQ(response.body,
            R"({"model_name":"m","model_version":"3","id":"a\"b","parameters":{"sta_total_us":12},)"
            R"("outputs":[{"name":"logits","datatype":"FP32","shape":[1,3],)"
            R"("data":[0.1,-2,1e-30]},)"
            R"({"name":"label","datatype":"BYTES","shape":[2],"data":["</script>\n","ü"]}]})");
}

TEST(InferResponseJsonTest, WritesEveryDatatype) {
  struct Case {
    std::string datatype, raw, data;
  };
  const std::vector<Case> cases = {
      {"BOOL", std::string("\0\1", 2), "[false,true]"},
      {"INT8", RawOf<int8_t>({-128, 127}), "[-128,127]"},
      {"INT16", RawOf<int16_t>({-32768, 1}), "[-32768,1]"},
      {"INT32", RawOf<int32_t>({INT32_MIN, 1}), "[-2147483648,1]"},
      {"INT64", RawOf<int64_t>({INT64_MIN, INT64_MAX}),
       "[-9223372036854775808,9223372036854775807]"},
      {"UINT8", RawOf<uint8_t>({0, 255}), "[0,255]"},
      {"UINT16", RawOf<uint16_t>({0, 65535}), "[0,65535]"},
      {"UINT32", RawOf<uint32_t>({0, UINT32_MAX}), "[0,4294967295]"},
      {"UINT64", RawOf<uint64_t>({0, UINT64_MAX}), "[0,18446744073709551615]"},
      {"FP64", RawOf<double>({0.1, 3}), "[0.1,3]"},
  };
  for (const Case& c : cases) {
    ModelInferResponse message = Response();
    AddOutput(message, "o", c.datatype, {2}, c.raw);
    STA_ASSERT_OK_AND_ASSIGN(const HttpResponse response, EncodeInferResponse(message, {}));
    EXPECT_THAT(response.body, HasSubstr("\"data\":" + c.data + "}")) << c.datatype;
  }
}

TEST(InferResponseJsonTest, NumbersReadBackAsTheyWere) {
  for (const float value : {0.1F, 1.0F / 3, std::numeric_limits<float>::max(),
                            std::numeric_limits<float>::denorm_min(), -0.0F, 16777217.0F}) {
    std::string text;
    AppendNumber(value, text);
    EXPECT_EQ(nlohmann::json::parse(text).get<float>(), value) << text;
  }
}

TEST(InferResponseJsonTest, PutsBinaryOutputsBehindTheJson) {
  ModelInferResponse message = Response();
  AddOutput(message, "a", "FP32", {1}, RawOf<float>({1}));
  AddOutput(message, "b", "UINT8", {2}, "xy");
  AddOutput(message, "c", "BF16", {1}, "zz");
  STA_ASSERT_OK_AND_ASSIGN(
      const HttpResponse response,
      EncodeInferResponse(message, {.by_default = true, .by_name = {{"a", false}}}));
  const std::string head =
      R"({"model_name":"m","model_version":"3","outputs":[)"
      R"({"name":"a","datatype":"FP32","shape":[1],"data":[1]},)"
      R"({"name":"b","datatype":"UINT8","shape":[2],"parameters":{"binary_data_size":2}},)"
      R"({"name":"c","datatype":"BF16","shape":[1],"parameters":{"binary_data_size":2}}]})";
  EXPECT_EQ(response.body, head + "xyzz");
  EXPECT_THAT(response.headers,
              ElementsAre(Pair("Inference-Header-Content-Length", std::to_string(head.size()))));
  EXPECT_EQ(response.content_type, "application/octet-stream");
}

TEST(InferResponseJsonTest, LeavesOutWhatIsInSharedMemory) {
  ModelInferResponse message = Response();
  AddOutput(message, "a", "FP32", {1}, "");
  (*message.mutable_outputs(0)->mutable_parameters())["shared_memory_region"].set_string_param("r");
  STA_ASSERT_OK_AND_ASSIGN(const HttpResponse response, EncodeInferResponse(message, {}));
  EXPECT_THAT(response.body,
              HasSubstr(R"("shape":[1],"parameters":{"shared_memory_region":"r"}})"));
}

TEST(InferResponseJsonTest, RefusesWhatJsonCannotSay) {
  struct Case {
    std::string datatype, raw, message;
  };
  const std::vector<Case> cases = {
      {"FP32", RawOf<float>({1, std::nanf("")}), "element 1 is not finite"},
      {"FP64", RawOf<double>({HUGE_VAL, 1}), "element 0 is not finite"},
      {"BYTES", RawBytesOf({"a", "\xff"}), "element 1 is not UTF-8"},
      {"FP16", "abcd", "is FP16, which JSON cannot say; ask for binary_data"},
      {"BF16", "abcd", "is BF16"},
  };
  for (const Case& c : cases) {
    ModelInferResponse message = Response();
    AddOutput(message, "o", c.datatype, {2}, c.raw);
    EXPECT_THAT(EncodeInferResponse(message, {}),
                StatusIs(StatusCode::kInvalidArgument, HasSubstr(c.message)))
        << c.datatype;
  }
}

}  // namespace
}  // namespace sta
