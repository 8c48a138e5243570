// SPDX-License-Identifier: Apache-2.0
#include "client/tensor.h"

#include "tests/support/status_matchers.h"

namespace sta::client {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(TensorTest, KeepsNumbersAndStrings) {
  const Tensor ids = Tensor::Of<int64_t>("ids", {1, 3}, {101, -5, int64_t{1} << 40});
  EXPECT_EQ(ids.datatype, DataType::kInt64);
  STA_ASSERT_OK_AND_ASSIGN(const std::vector<int64_t> values, ids.Values<int64_t>());
  EXPECT_THAT(values, ElementsAre(101, -5, int64_t{1} << 40));

  const std::vector<std::string> texts = {"a", "", std::string("\0b", 2)};
  const Tensor text = Tensor::OfStrings("text", texts);
  EXPECT_EQ(text.data.size(), 3 * 4 + 3U);
  STA_ASSERT_OK_AND_ASSIGN(const std::vector<std::string> strings, text.Strings());
  EXPECT_EQ(strings, texts);
}

TEST(TensorTest, NamesEveryDataTypeAndReadsItBack) {
  for (const char* name : {"BOOL", "UINT8", "UINT16", "UINT32", "UINT64", "INT8", "INT16", "INT32",
                           "INT64", "FP16", "FP32", "FP64", "BF16", "BYTES"}) {
    STA_ASSERT_OK_AND_ASSIGN(const DataType type, ParseDataType(name));
    EXPECT_EQ(DataTypeName(type), name);
  }
  EXPECT_EQ(DataTypeOf<uint16_t>(), DataType::kUint16);
  EXPECT_EQ(DataTypeOf<int8_t>(), DataType::kInt8);
  EXPECT_THAT(ParseDataType("fp32"), StatusIs(absl::StatusCode::kInvalidArgument,
                                              HasSubstr("'fp32'; allowed: BOOL, UINT8")));
}

TEST(TensorTest, RefusesBytesThatDoNotFitTheShape) {
  struct Case {
    const char* name;
    Tensor tensor;
    const char* message;
  };
  const Case cases[] = {
      {"too few", {"x", DataType::kFp32, {2}, std::string(4, 0)}, "4 bytes, but shape [2] of FP32"},
      {"part of one", {"x", DataType::kFp32, {1}, std::string(5, 0)}, "5 bytes"},
      {"negative", {"x", DataType::kFp32, {-1}, ""}, "negative dimension"},
      {"overflow", {"x", DataType::kInt8, {int64_t{1} << 40, int64_t{1} << 40}, ""}, "2^62"},
      {"cut length", {"x", DataType::kBytes, {1}, std::string(3, 0)}, "element 0 is cut short"},
      {"cut string", {"x", DataType::kBytes, {1}, std::string("\5\0\0\0ab", 6)}, "cut short"},
      {"too many", {"x", DataType::kBytes, {1}, std::string(8, 0)}, "2 elements"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_THAT(c.tensor.Validate(),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(c.message)));
  }
}

TEST(TensorTest, RefusesToReadAnotherDataType) {
  const Tensor ids = Tensor::Of<int32_t>("ids", {1}, {7});
  EXPECT_THAT(ids.Values<float>(),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("'ids' is INT32, not FP32")));
  EXPECT_THAT(ids.Strings(), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(TensorTest, CountsTheElementsOfAShape) {
  EXPECT_EQ(ElementCount({}).value(), 1);
  const std::vector<int64_t> with_zero = {int64_t{1} << 60, 0, 5};
  EXPECT_EQ(ElementCount(with_zero).value(), 0);
}

}  // namespace
}  // namespace sta::client
