// SPDX-License-Identifier: Apache-2.0
#include "server/http/message_json.h"

#include <gtest/gtest.h>

#include "inference/open_inference_grpc.pb.h"

namespace sta {
namespace {

TEST(MessageJsonTest, HasPlainFieldsInTheirOrderAlsoWhereTheyHaveTheirDefault) {
  inference::ModelMetadataResponse message;
  message.set_name("m");
  message.add_versions("1");
  auto& tensor = *message.add_inputs();
  tensor.set_name("text");
  tensor.set_datatype("BYTES");
  tensor.add_shape(-1);
  tensor.add_shape(INT64_MAX);
  (*message.mutable_properties())["b"] = "2";
  (*message.mutable_properties())["a"] = "1";
  EXPECT_EQ(MessageJson(message).dump(),
            R"({"name":"m","versions":["1"],"platform":"",)"
            R"("inputs":[{"name":"text","datatype":"BYTES","shape":[-1,9223372036854775807]}],)"
            R"("outputs":[],"properties":{"a":"1","b":"2"}})");
}

TEST(MessageJsonTest, HasMessagesAndChoicesWhereTheyAreSet) {
  inference::ModelConfig config;
  const auto empty = MessageJson(config);
  EXPECT_EQ(empty["max_batch_size"], 0);
  EXPECT_FALSE(empty.contains("dynamic_batching"));
  auto& input = *config.add_input();
  input.set_data_type(inference::TYPE_STRING);
  input.add_dims(1);
  config.mutable_dynamic_batching()->mutable_default_queue_policy()->set_max_queue_size(7);
  (*config.mutable_parameters())["task"].set_string_value("x");
  const auto full = MessageJson(config);
  EXPECT_EQ(full["input"][0]["data_type"], "TYPE_STRING");
  EXPECT_EQ(full["input"][0]["dims"], nlohmann::ordered_json({1}));
  EXPECT_EQ(full["input"][0]["optional"], false);
  EXPECT_EQ(full["dynamic_batching"]["default_queue_policy"]["timeout_action"], "REJECT");
  EXPECT_EQ(full["dynamic_batching"]["default_queue_policy"]["max_queue_size"], 7);
  EXPECT_EQ(full["parameters"]["task"]["string_value"], "x");
}

}  // namespace
}  // namespace sta
