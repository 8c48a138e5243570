// SPDX-License-Identifier: Apache-2.0
#include "server/http/embeddings.h"

#include <string>
#include <vector>

#include "tests/server/services/infer_messages.h"
#include "tests/support/status_matchers.h"

namespace sta {
namespace {

using absl::StatusCode;
using testing::ElementsAre;
using testing::StartsWith;

TEST(EmbeddingsTest, ReadsOneTextOrMany) {
  STA_ASSERT_OK_AND_ASSIGN(const EmbeddingsRequest one,
                           DecodeEmbeddings(R"({"model":"m","input":"a","user":"u"})"));
  EXPECT_EQ(one.model, "m");
  EXPECT_EQ(one.name, "m");
  EXPECT_EQ(one.version, "");
  EXPECT_THAT(one.texts, ElementsAre("a"));
  EXPECT_FALSE(one.is_base64);
  EXPECT_FALSE(one.dimensions.has_value());
  STA_ASSERT_OK_AND_ASSIGN(
      const EmbeddingsRequest many,
      DecodeEmbeddings(R"({"model":"m:prod","input":["a",""],"encoding_format":"base64",
                          "dimensions":384})"));
  EXPECT_EQ(many.model, "m:prod");
  EXPECT_EQ(many.name, "m");
  EXPECT_EQ(many.version, "prod");
  EXPECT_THAT(many.texts, ElementsAre("a", ""));
  EXPECT_TRUE(many.is_base64);
  EXPECT_EQ(many.dimensions, 384);
}

TEST(EmbeddingsTest, RefusesBadRequestsByTheirMember) {
  struct Case {
    std::string body, message;
  };
  const std::vector<Case> cases = {
      {"[]", "the request is no JSON object"},
      {R"({"input":"a"})", "model: "},
      {R"({"model":7,"input":"a"})", "model: "},
      {R"({"model":"m"})", "input: is missing"},
      {R"({"model":"m","input":[]})", "input: is empty"},
      {R"({"model":"m","input":7})", "input: is no text"},
      {R"({"model":"m","input":[1,2]})", "input[0]: is no text"},
      {R"({"model":"m","input":["a",[1]]})", "input[1]: is no text"},
      {R"({"model":"m","input":"a","encoding_format":"int8"})", "encoding_format: "},
      {R"({"model":"m","input":"a","encoding_format":7})", "encoding_format: "},
      {R"({"model":"m","input":"a","dimensions":"7"})", "dimensions: "},
      {R"({"model":"m","input":"a","dimensions":7.5})", "dimensions: "},
  };
  for (const Case& c : cases) {
    EXPECT_THAT(DecodeEmbeddings(c.body),
                StatusIs(StatusCode::kInvalidArgument, StartsWith(c.message)))
        << c.body;
  }
  EXPECT_THAT(DecodeEmbeddings("{"), StatusIs(StatusCode::kInvalidArgument));
}

TEST(EmbeddingsTest, AsksForSentenceEmbeddings) {
  EmbeddingsRequest request{.name = "m", .version = "3", .texts = {"a", "b"}};
  const inference::ModelInferRequest message = EmbeddingsMessage(request);
  inference::ModelInferRequest expected = TextMessage({"a", "b"});
  expected.set_model_name("m");
  expected.set_model_version("3");
  expected.add_outputs()->set_name("sentence_embedding");
  EXPECT_EQ(message.DebugString(), expected.DebugString());
}

class EncodeEmbeddingsTest : public testing::Test {
 protected:
  EncodeEmbeddingsTest() {
    auto& output = *response_.add_outputs();
    output.set_datatype("FP32");
    output.add_shape(2);
    output.add_shape(2);
    response_.add_raw_output_contents(RawOf<float>({0.1F, -1, 2, 0}));
  }

  inference::ModelInferResponse response_;
};

TEST_F(EncodeEmbeddingsTest, WritesNumbers) {
  EXPECT_THAT(EncodeEmbeddings({.model = "m\""}, response_, 9),
              IsOkAndHolds(R"({"object":"list","data":[)"
                           R"({"object":"embedding","index":0,"embedding":[0.1,-1]},)"
                           R"({"object":"embedding","index":1,"embedding":[2,0]}],)"
                           R"("model":"m\"","usage":{"prompt_tokens":9,"total_tokens":9}})"));
}

TEST_F(EncodeEmbeddingsTest, WritesBase64OfFloats) {
  EXPECT_THAT(EncodeEmbeddings({.model = "m", .is_base64 = true}, response_, 9),
              IsOkAndHolds(R"({"object":"list","data":[)"
                           R"({"object":"embedding","index":0,"embedding":"zczMPQAAgL8="},)"
                           R"({"object":"embedding","index":1,"embedding":"AAAAQAAAAAA="}],)"
                           R"("model":"m","usage":{"prompt_tokens":9,"total_tokens":9}})"));
}

TEST_F(EncodeEmbeddingsTest, RefusesWhatIsNoMatrixOfFp32) {
  inference::ModelInferResponse strings = response_;
  strings.mutable_outputs(0)->set_datatype("BYTES");
  strings.set_raw_output_contents(0, "abcdefghijk");
  EXPECT_THAT(EncodeEmbeddings({.model = "m"}, strings, 9),
              StatusIs(StatusCode::kInvalidArgument, "model: 'm' has no sentence embeddings"));
  response_.mutable_outputs(0)->add_shape(1);
  EXPECT_THAT(EncodeEmbeddings({.model = "m"}, response_, 9),
              StatusIs(StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace sta
