// SPDX-License-Identifier: Apache-2.0
#include "client/load/request_mix.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/status_matchers.h"

namespace sta::client {
namespace {

using testing::ElementsAre;

TEST(RequestMixTest, TakesTextsInTurn) {
  const RequestMix mix = RequestMix::FromTexts("m", {"a", "b", "c"}, 2, 2);
  EXPECT_EQ(mix.At(0).model, "m");
  EXPECT_EQ(mix.At(0).inputs.at(0).data,
            Tensor::OfStrings("text", std::vector<std::string>{"a", "b"}).data);
  EXPECT_EQ(mix.At(1).inputs.at(0).data,
            Tensor::OfStrings("text", std::vector<std::string>{"c", "a"}).data);
  EXPECT_EQ(mix.At(2).inputs.at(0).data, mix.At(0).inputs.at(0).data);
}

TEST(RequestMixTest, GeneratesIdsInsideTheVocabulary) {
  STA_ASSERT_OK_AND_ASSIGN(const LengthDistribution lengths,
                           LengthDistribution::Parse("uniform:2:9"));
  const RequestMix mix = RequestMix::GeneratedIds("m", lengths, 3, 50, 10, 1);
  for (int64_t i = 0; i < 50; ++i) {
    const Tensor& ids = mix.At(i).inputs.at(0);
    ASSERT_EQ(ids.shape.size(), 2u);
    EXPECT_EQ(ids.shape[0], 3);
    EXPECT_TRUE(ids.shape[1] >= 2 && ids.shape[1] <= 9);
    STA_ASSERT_OK_AND_ASSIGN(const std::vector<int64_t> values, ids.Values<int64_t>());
    for (const int64_t id : values) EXPECT_TRUE(id >= 0 && id < 10);
  }
}

TEST(RequestMixTest, GeneratesTheSameTextsForTheSameSeed) {
  STA_ASSERT_OK_AND_ASSIGN(const LengthDistribution lengths, LengthDistribution::Parse("fixed:3"));
  const auto text = [&](uint64_t seed) {
    return RequestMix::GeneratedTexts("m", lengths, 1, 1, seed).At(0).inputs.at(0).data;
  };
  EXPECT_EQ(text(5), text(5));
  EXPECT_NE(text(5), text(6));
  const std::string five = text(5);
  EXPECT_EQ(std::count(five.begin(), five.end(), ' '), 2);
  EXPECT_THAT(RequestMix::GeneratedTexts("m", lengths, 4, 1, 1).At(0).inputs.at(0).shape,
              ElementsAre(4));
}

TEST(RequestMixTest, GeneratesTensorsWithOtherElementsEachTime) {
  STA_ASSERT_OK_AND_ASSIGN(const GeneratedTensor a, GeneratedTensor::Parse("a:INT32:2,3"));
  STA_ASSERT_OK_AND_ASSIGN(const GeneratedTensor b, GeneratedTensor::Parse("b:BYTES:1"));
  const RequestMix mix = RequestMix::GeneratedTensors("m", {a, b}, 2, 1);
  EXPECT_EQ(mix.At(0).model, "m");
  ASSERT_EQ(mix.At(0).inputs.size(), 2u);
  EXPECT_EQ(mix.At(0).inputs[0].name, "a");
  EXPECT_EQ(mix.At(0).inputs[1].name, "b");
  EXPECT_NE(mix.At(0).inputs[0].data, mix.At(1).inputs[0].data);
  EXPECT_EQ(mix.At(2).inputs, mix.At(0).inputs);
  EXPECT_EQ(mix.MeanRows(), 2.0);
}

TEST(RequestMixTest, TakesWholeRequestsForItsModel) {
  const Tensor scalar = Tensor::Of<float>("s", {}, std::vector<float>{1});
  const Tensor rows = Tensor::Of<float>("r", {4}, std::vector<float>{1, 2, 3, 4});
  const RequestMix mix =
      RequestMix::FromRequests("m", {{.id = "7", .inputs = {rows, scalar}}, {.inputs = {scalar}}});
  EXPECT_EQ(mix.At(0).id, "7");
  EXPECT_EQ(mix.At(0).model, "m");
  EXPECT_EQ(mix.At(1).model, "m");
  EXPECT_EQ(mix.MeanRows(), 2.5);
}

}  // namespace
}  // namespace sta::client
