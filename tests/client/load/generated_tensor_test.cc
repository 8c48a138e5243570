// SPDX-License-Identifier: Apache-2.0
#include "client/load/generated_tensor.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "tests/support/status_matchers.h"

namespace sta::client {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Tensor Drawn(std::string_view text) {
  std::mt19937_64 engine(1);
  const absl::StatusOr<GeneratedTensor> tensor = GeneratedTensor::Parse(text);
  EXPECT_TRUE(tensor.ok()) << tensor.status();
  return tensor.ok() ? tensor->Draw(engine) : Tensor();
}

TEST(GeneratedTensorTest, HasTheNameDatatypeAndShapeThatItSays) {
  const Tensor tensor = Drawn("INPUT0:FP32:1,64");
  EXPECT_EQ(tensor.name, "INPUT0");
  EXPECT_EQ(tensor.datatype, DataType::kFp32);
  EXPECT_THAT(tensor.shape, ElementsAre(1, 64));
  STA_ASSERT_OK_AND_ASSIGN(const std::vector<float> values, tensor.Values<float>());
  EXPECT_EQ(values.size(), 64u);
  EXPECT_TRUE(std::ranges::all_of(values, [](float v) { return v >= 0 && v <= 1; }));
  EXPECT_GT(std::set<float>(values.begin(), values.end()).size(), 60u);
  EXPECT_THAT(Drawn("scale:FP64:").shape, IsEmpty());
}

TEST(GeneratedTensorTest, IsWholeForEveryDatatype) {
  for (const char* name : {"BOOL", "UINT8", "UINT16", "UINT32", "UINT64", "INT8", "INT16", "INT32",
                           "INT64", "FP16", "FP32", "FP64", "BF16", "BYTES"}) {
    const Tensor tensor = Drawn("x:" + std::string(name) + ":2,3");
    EXPECT_EQ(DataTypeName(tensor.datatype), name);
    EXPECT_TRUE(tensor.Validate().ok()) << name << ": " << tensor.Validate();
    EXPECT_THAT(tensor.shape, ElementsAre(2, 3)) << name;
  }
}

TEST(GeneratedTensorTest, StaysInTheRangesThatItPromises) {
  STA_ASSERT_OK_AND_ASSIGN(const std::vector<int64_t> ids, Drawn("x:INT64:1000").Values<int64_t>());
  EXPECT_EQ(*std::ranges::min_element(ids), 0);
  EXPECT_EQ(*std::ranges::max_element(ids), 127);
  const std::string truths = Drawn("x:BOOL:100").data;
  EXPECT_EQ(std::set<char>(truths.begin(), truths.end()), (std::set<char>{0, 1}));
  const std::string halves = Drawn("x:FP16:100").data;
  for (size_t i = 1; i < halves.size(); i += 2) EXPECT_EQ(halves[i] & 0xFC, 0x38);  // 0.5..1
  STA_ASSERT_OK_AND_ASSIGN(const std::vector<std::string> words, Drawn("x:BYTES:4").Strings());
  for (const std::string& word : words) EXPECT_EQ(word.size(), 8u);
}

TEST(GeneratedTensorTest, RefusesEverythingElse) {
  for (const char* text : {"", "x", "x:FP32", ":FP32:1", "x:FLOAT:1", "x:FP32:1:2", "x:FP32:0",
                           "x:FP32:-1", "x:FP32:1,,2", "x:FP32:1x64", "x:FP32:16777217",
                           "x:FP32:4294967296,4294967296", "x:FP32:99999999999999999999"}) {
    EXPECT_THAT(GeneratedTensor::Parse(text), StatusIs(absl::StatusCode::kInvalidArgument)) << text;
  }
  EXPECT_THAT(GeneratedTensor::Parse("x:FP32").status().message(),
              HasSubstr("for example INPUT0:FP32:1,64"));
}

}  // namespace
}  // namespace sta::client
