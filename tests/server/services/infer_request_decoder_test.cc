// SPDX-License-Identifier: Apache-2.0
#include "server/services/infer_request_decoder.h"

#include <functional>
#include <limits>

#include "server/services/infer_parameters.h"
#include "tests/server/services/infer_messages.h"
#include "tests/support/status_matchers.h"

namespace sta {
namespace {

using absl::StatusCode;
using inference::ModelInferRequest;
using testing::ElementsAre;
using testing::IsEmpty;

ModelConfig TestConfig() {
  ModelConfig config;
  config.task = Task::kSentenceEmbedding;
  config.hidden_size = 8;
  config.vocabulary_size = 100;
  config.token_type_count = 2;
  config.max_sequence_tokens = 6;
  return config;
}

ModelConfig ClassifierConfig() {
  ModelConfig config = TestConfig();
  config.task = Task::kSequenceClassification;
  config.labels = {"no", "yes"};
  return config;
}

absl::StatusOr<InferRequest> Decode(const ModelInferRequest& message,
                                    const ModelConfig& config = TestConfig()) {
  return DecodeInferRequest(message, config, {.max_rows = 4});
}

TEST(InferRequestDecoderTest, ReadsTypedTexts) {
  const ModelInferRequest message = TextMessage({"one", ""});
  STA_ASSERT_OK_AND_ASSIGN(const InferRequest request, Decode(message));
  EXPECT_THAT(request.texts, ElementsAre(TextRow{"one", std::nullopt}, TextRow{"", std::nullopt}));
  EXPECT_THAT(request.tokens, IsEmpty());
  EXPECT_THAT(request.outputs, ElementsAre(OutputKind::kSentenceEmbedding));
}

TEST(InferRequestDecoderTest, ReadsRawTextsOfBothShapes) {
  for (const std::vector<int64_t>& shape : {std::vector<int64_t>{2}, {2, 1}}) {
    ModelInferRequest message;
    AddInput(message, "text", "BYTES", shape);
    message.add_raw_input_contents(RawBytesOf({"one", "two and more"}));
    STA_ASSERT_OK_AND_ASSIGN(const InferRequest request, Decode(message));
    EXPECT_THAT(request.texts,
                ElementsAre(TextRow{"one", std::nullopt}, TextRow{"two and more", std::nullopt}));
  }
}

TEST(InferRequestDecoderTest, ReadsPairsInAnyOrderOfInputs) {
  ModelInferRequest message;
  AddTexts(message, "text_pair", {"b"});
  AddTexts(message, "text", {"a"});
  STA_ASSERT_OK_AND_ASSIGN(const InferRequest request, Decode(message));
  EXPECT_THAT(request.texts, ElementsAre(TextRow{"a", "b"}));
}

TEST(InferRequestDecoderTest, ReadsIdsInFourForms) {
  const std::vector<int64_t> ids = {1, 2, 3, 99, 0, 98};
  ModelInferRequest typed64 = IdsMessage({2, 3}, ids);
  ModelInferRequest typed32;
  InputTensor& input = AddInput(typed32, "input_ids", "INT32", {2, 3});
  for (int64_t id : ids) input.mutable_contents()->add_int_contents(static_cast<int32_t>(id));
  ModelInferRequest raw64;
  AddInput(raw64, "input_ids", "INT64", {2, 3});
  raw64.add_raw_input_contents(RawOf<int64_t>(ids));
  ModelInferRequest raw32;
  AddInput(raw32, "input_ids", "INT32", {2, 3});
  raw32.add_raw_input_contents(RawOf<int32_t>({ids.begin(), ids.end()}));

  for (const ModelInferRequest& message : {typed64, typed32, raw64, raw32}) {
    STA_ASSERT_OK_AND_ASSIGN(const InferRequest request, Decode(message));
    EXPECT_THAT(request.tokens,
                ElementsAre(TokenSequence{{1, 2, 3}, {}}, TokenSequence{{99, 0, 98}, {}}));
    EXPECT_THAT(request.texts, IsEmpty());
  }
}

TEST(InferRequestDecoderTest, DropsPaddingWhateverItHolds) {
  ModelInferRequest message = IdsMessage({2, 7}, {1, 2, 3, -1, 1000, 0, 0,  //
                                                  4, 5, 6, 7, 8, 9, -5});
  AddIntegers(message, "attention_mask", {2, 7},
              {1, 1, 1, 0, 0, 0, 0,  //
               1, 1, 1, 1, 1, 1, 0});
  AddIntegers(message, "token_type_ids", {2, 7},
              {0, 1, 1, 9, 9, 9, 9,  //
               0, 0, 0, 0, 0, 1, -9});
  STA_ASSERT_OK_AND_ASSIGN(const InferRequest request, Decode(message));
  EXPECT_THAT(request.tokens, ElementsAre(TokenSequence{{1, 2, 3}, {0, 1, 1}},
                                          TokenSequence{{4, 5, 6, 7, 8, 9}, {0, 0, 0, 0, 0, 1}}));
}

TEST(InferRequestDecoderTest, AModelWithoutTokenTypesTakesZeros) {
  ModelConfig config = TestConfig();
  config.token_type_count = 0;
  ModelInferRequest message = IdsMessage({1, 2}, {1, 2});
  AddIntegers(message, "token_type_ids", {1, 2}, {0, 0});
  EXPECT_THAT(Decode(message, config), IsOk());
  message.mutable_inputs(1)->mutable_contents()->set_int64_contents(1, 1);
  EXPECT_THAT(Decode(message, config),
              StatusIs(StatusCode::kInvalidArgument,
                       "token_type_ids[0,1]: type 1; this model allows: 0 to 0"));
}

TEST(InferRequestDecoderTest, OutputsAreTheTasksOrTheRequested) {
  ModelInferRequest message = TextMessage({"a"});
  STA_ASSERT_OK_AND_ASSIGN(InferRequest request, Decode(message, ClassifierConfig()));
  EXPECT_THAT(request.outputs,
              ElementsAre(OutputKind::kLogits, OutputKind::kProbabilities, OutputKind::kLabel));
  message.add_outputs()->set_name("label");
  message.add_outputs()->set_name("last_hidden_state");
  STA_ASSERT_OK_AND_ASSIGN(request, Decode(message, ClassifierConfig()));
  EXPECT_THAT(request.outputs, ElementsAre(OutputKind::kLabel, OutputKind::kLastHiddenState));
}

TEST(InferRequestDecoderTest, LetsUnknownParametersPass) {
  ModelInferRequest message = TextMessage({"a"});
  (*message.mutable_parameters())["triton_enable_empty_final_response"].set_bool_param(true);
  (*message.mutable_parameters())["priority"].set_uint64_param(3);
  (*message.mutable_inputs(0)->mutable_parameters())["binary_data_size"].set_int64_param(5);
  message.add_outputs()->set_name("sentence_embedding");
  (*message.mutable_outputs(0)->mutable_parameters())["binary_data"].set_bool_param(true);
  EXPECT_THAT(Decode(message), IsOk());
}

struct BadCase {
  const char* name;
  std::function<ModelInferRequest()> make;
  const char* message;
};

void ExpectAllRefused(const std::vector<BadCase>& cases) {
  for (const BadCase& c : cases) {
    EXPECT_THAT(Decode(c.make()), StatusIs(StatusCode::kInvalidArgument, c.message)) << c.name;
  }
}

// A good message with `spoil` applied.
std::function<ModelInferRequest()> Spoiled(const ModelInferRequest& good,
                                           std::function<void(ModelInferRequest&)> spoil) {
  return [good, spoil = std::move(spoil)] {
    ModelInferRequest message = good;
    spoil(message);
    return message;
  };
}

TEST(InferRequestDecoderTest, RefusesBadNamesAndCombinations) {
  const ModelInferRequest text = TextMessage({"a"});
  const ModelInferRequest ids = IdsMessage({1, 2}, {1, 2});
  ExpectAllRefused({
      {"no inputs", [] { return ModelInferRequest(); },
       "neither text nor input_ids is given; one of them is needed"},
      {"unknown input", Spoiled(text, [](auto& m) { AddTexts(m, "INPUT0", {"x"}); }),
       "unknown input 'INPUT0'; this model takes: text, text_pair, input_ids, attention_mask, "
       "token_type_ids"},
      {"empty name", Spoiled(text, [](auto& m) { m.mutable_inputs(0)->clear_name(); }),
       "unknown input ''; this model takes: text, text_pair, input_ids, attention_mask, "
       "token_type_ids"},
      {"twice", Spoiled(text, [](auto& m) { AddTexts(m, "text", {"x"}); }),
       "input 'text' is given twice"},
      {"both",
       Spoiled(text,
               [](auto& m) {
                 AddIntegers(m, "input_ids", {1, 1}, {1});
               }),
       "both text and input_ids are given; allowed: one of the two"},
      {"mask with text",
       Spoiled(text,
               [](auto& m) {
                 AddIntegers(m, "attention_mask", {1, 1}, {1});
               }),
       "input 'attention_mask' does not go with 'text'"},
      {"pair with ids", Spoiled(ids, [](auto& m) { AddTexts(m, "text_pair", {"x"}); }),
       "input 'text_pair' does not go with 'input_ids'"},
      {"pair alone",
       [] {
         ModelInferRequest message;
         AddTexts(message, "text_pair", {"x"});
         return message;
       },
       "neither text nor input_ids is given; one of them is needed"},
      {"pair of another length",
       Spoiled(text,
               [](auto& m) {
                 AddTexts(m, "text_pair", {"x", "y"});
               }),
       "text_pair: 2 rows, but text has 1"},
  });
}

TEST(InferRequestDecoderTest, RefusesBadTexts) {
  const ModelInferRequest good = TextMessage({"a", "b"});
  const auto set_shape = [](std::vector<int64_t> shape) {
    return [shape](ModelInferRequest& m) {
      *m.mutable_inputs(0)->mutable_shape() = {shape.begin(), shape.end()};
    };
  };
  const auto raw = [&](std::string bytes) {
    return Spoiled(good, [bytes](ModelInferRequest& m) {
      m.mutable_inputs(0)->clear_contents();
      m.add_raw_input_contents(bytes);
    });
  };
  ExpectAllRefused({
      {"datatype", Spoiled(good, [](auto& m) { m.mutable_inputs(0)->set_datatype("FP32"); }),
       "text: datatype 'FP32'; allowed: BYTES"},
      {"no shape", Spoiled(good, set_shape({})), "text: shape []; allowed: [rows] or [rows,1]"},
      {"two columns", Spoiled(good, set_shape({1, 2})),
       "text: shape [1,2]; allowed: [rows] or [rows,1]"},
      {"rank 3", Spoiled(good, set_shape({2, 1, 1})),
       "text: shape [2,1,1]; allowed: [rows] or [rows,1]"},
      {"rank 9", Spoiled(good, set_shape({1, 1, 1, 1, 1, 1, 1, 1, 1})),
       "text: shape [1,1,1,1,1,1,1,1,...]; allowed: [rows] or [rows,1]"},
      {"negative", Spoiled(good, set_shape({-1})),
       "text: shape [-1] has a negative dimension; allowed: 0 and above"},
      {"zero rows", Spoiled(good, set_shape({0})), "text: zero rows; at least one is needed"},
      {"10,000 rows", [] { return TextMessage(std::vector<std::string>(10000, "a")); },
       "text: 10000 rows are over this server's limit of 4 rows a request; send several requests"},
      {"2^62 rows", Spoiled(good, set_shape({int64_t{1} << 62})),
       "text: 4611686018427387904 rows are over this server's limit of 4 rows a request; send "
       "several requests"},
      {"too few elements", Spoiled(good, set_shape({3})),
       "text: contents.bytes_contents has 2 elements, but shape [3] has 3"},
      {"other field",
       Spoiled(good, [](auto& m) { m.mutable_inputs(0)->mutable_contents()->add_int_contents(1); }),
       "text: datatype BYTES has its elements in contents.bytes_contents, but another field is "
       "filled"},
      {"mixed",
       Spoiled(good,
               [](auto& m) {
                 m.add_raw_input_contents(RawBytesOf({"a", "b"}));
               }),
       "text: typed contents and raw_input_contents are mixed; allowed: one of the two for all "
       "inputs"},
      {"raw for nothing",
       Spoiled(good,
               [](auto& m) {
                 m.add_raw_input_contents("");
                 m.add_raw_input_contents("");
               }),
       "raw_input_contents has 2 entries for 1 inputs; allowed: one an input, in the same order"},
      {"raw empty", raw(""), "text: raw contents of 0 bytes end before element 0 of 2"},
      {"raw cut in a length", raw(RawBytesOf({"a"}) + "\x01"),
       "text: raw contents of 6 bytes end before element 1 of 2"},
      {"raw cut in an element", raw(RawBytesOf({"a", "bcd"}).substr(0, 10)),
       "text: element 1 has length 3, but only 1 bytes of the raw contents are left"},
      {"raw length 2^32-1", raw(std::string(4, '\xff') + "abcd"),
       "text: element 0 has length 4294967295, but only 4 bytes of the raw contents are left"},
      {"raw with more", raw(RawBytesOf({"a", "b", "c"})),
       "text: 5 bytes are left in the raw contents after the last of 2 elements"},
  });
}

TEST(InferRequestDecoderTest, RefusesBadIds) {
  const ModelInferRequest good = IdsMessage({2, 2}, {1, 2, 3, 4});
  const auto set_shape = [](std::vector<int64_t> shape) {
    return [shape](ModelInferRequest& m) {
      *m.mutable_inputs(0)->mutable_shape() = {shape.begin(), shape.end()};
    };
  };
  const auto with_id = [&](int64_t id) {
    return Spoiled(good, [id](ModelInferRequest& m) {
      m.mutable_inputs(0)->mutable_contents()->set_int64_contents(2, id);
    });
  };
  const auto raw = [&](size_t bytes) {
    return Spoiled(good, [bytes](ModelInferRequest& m) {
      m.mutable_inputs(0)->clear_contents();
      m.add_raw_input_contents(std::string(bytes, '\0'));
    });
  };
  constexpr int64_t kHuge = int64_t{1} << 62;
  ExpectAllRefused({
      {"datatype", Spoiled(good, [](auto& m) { m.mutable_inputs(0)->set_datatype("INT16"); }),
       "input_ids: datatype 'INT16'; allowed: INT64, INT32"},
      {"long datatype",
       Spoiled(good, [](auto& m) { m.mutable_inputs(0)->set_datatype(std::string(100, 'x')); }),
       "input_ids: datatype "
       "'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...'; allowed: INT64, "
       "INT32"},
      {"rank 1", Spoiled(good, set_shape({4})), "input_ids: shape [4]; allowed: [rows,tokens]"},
      {"rank 3", Spoiled(good, set_shape({2, 2, 1})),
       "input_ids: shape [2,2,1]; allowed: [rows,tokens]"},
      {"negative", Spoiled(good, set_shape({2, -2})),
       "input_ids: shape [2,-2] has a negative dimension; allowed: 0 and above"},
      {"zero rows", Spoiled(good, set_shape({0, 2})),
       "input_ids: zero rows; at least one is needed"},
      {"empty rows", Spoiled(good, set_shape({2, 0})),
       "input_ids: shape [2,0] has no tokens; a row needs at least one"},
      {"too many rows",
       [] {
         return IdsMessage({5, 1}, {1, 1, 1, 1, 1});
       },
       "input_ids: 5 rows are over this server's limit of 4 rows a request; send several requests"},
      {"product overflows", Spoiled(good, set_shape({4, kHuge})),
       "input_ids: shape [4,4611686018427387904] is too large"},
      {"bytes overflow", Spoiled(good, set_shape({1, kHuge})),
       "input_ids: shape [1,4611686018427387904] is too large"},
      {"elements missing", Spoiled(good, set_shape({2, 3})),
       "input_ids: contents.int64_contents has 4 elements, but shape [2,3] has 6"},
      {"other field",
       Spoiled(good,
               [](auto& m) { m.mutable_inputs(0)->mutable_contents()->add_fp32_contents(1); }),
       "input_ids: datatype INT64 has its elements in contents.int64_contents, but another field "
       "is filled"},
      {"elements of INT32",
       Spoiled(good, [](auto& m) { m.mutable_inputs(0)->set_datatype("INT32"); }),
       "input_ids: datatype INT32 has its elements in contents.int_contents, but another field is "
       "filled"},
      {"raw too short", raw(31),
       "input_ids: raw contents have 31 bytes, but shape [2,2] of INT64 has 32"},
      {"raw too long", raw(40),
       "input_ids: raw contents have 40 bytes, but shape [2,2] of INT64 has 32"},
      {"id -1", with_id(-1), "input_ids[1,0]: id -1 is outside the vocabulary; allowed: 0 to 99"},
      {"id 100", with_id(100),
       "input_ids[1,0]: id 100 is outside the vocabulary; allowed: 0 to 99"},
      {"id 2^32", with_id(int64_t{1} << 32),
       "input_ids[1,0]: id 4294967296 is outside the vocabulary; allowed: 0 to 99"},
      {"id minimum", with_id(std::numeric_limits<int64_t>::min()),
       "input_ids[1,0]: id -9223372036854775808 is outside the vocabulary; allowed: 0 to 99"},
      {"over-long",
       [] {
         return IdsMessage({1, 7}, {1, 1, 1, 1, 1, 1, 1});
       },
       "input_ids[0]: length 7 is over this model's 6 positions"},
  });
}

TEST(InferRequestDecoderTest, RefusesBadMasksAndTypes) {
  const auto with = [](std::string_view name, std::vector<int64_t> shape,
                       std::vector<int64_t> values) {
    return Spoiled(IdsMessage({2, 3}, {1, 2, 3, 4, 5, 6}),
                   [=](ModelInferRequest& m) { AddIntegers(m, name, shape, values); });
  };
  ExpectAllRefused({
      {"hole", with("attention_mask", {2, 3}, {1, 1, 1, 1, 0, 1}),
       "attention_mask[1,2]: a 1 after a 0; allowed: ones for the tokens, then zeros for the "
       "padding"},
      {"left padding", with("attention_mask", {2, 3}, {0, 1, 1, 1, 1, 1}),
       "attention_mask[0,1]: a 1 after a 0; allowed: ones for the tokens, then zeros for the "
       "padding"},
      {"empty row", with("attention_mask", {2, 3}, {1, 1, 1, 0, 0, 0}),
       "attention_mask[1]: all zeros; a row needs at least one token"},
      {"value", with("attention_mask", {2, 3}, {1, 1, 1, 1, 2, 0}),
       "attention_mask[1,1]: value 2; allowed: 0, 1"},
      {"mask shape", with("attention_mask", {3, 2}, {1, 1, 1, 1, 1, 1}),
       "attention_mask: shape [3,2], but input_ids has [2,3]"},
      {"many mask rows", with("attention_mask", {6, 1}, {1, 1, 1, 1, 1, 1}),
       "attention_mask: shape [6,1], but input_ids has [2,3]"},
      {"type", with("token_type_ids", {2, 3}, {0, 0, 0, 0, 2, 0}),
       "token_type_ids[1,1]: type 2; this model allows: 0 to 1"},
      {"negative type", with("token_type_ids", {2, 3}, {-1, 0, 0, 0, 0, 0}),
       "token_type_ids[0,0]: type -1; this model allows: 0 to 1"},
      {"type shape", with("token_type_ids", {1, 3}, {0, 0, 0}),
       "token_type_ids: shape [1,3], but input_ids has [2,3]"},
  });
}

TEST(InferRequestDecoderTest, RefusesBadOutputs) {
  const auto with = [](std::vector<std::string> names, const std::string& parameter) {
    return Spoiled(TextMessage({"a"}), [=](ModelInferRequest& m) {
      for (const std::string& name : names) m.add_outputs()->set_name(name);
      if (parameter.empty()) return;
      (*m.mutable_outputs(0)->mutable_parameters())[parameter].set_int64_param(2);
    });
  };
  ExpectAllRefused({
      {"unknown", with({"logits"}, ""),
       "unknown output 'logits'; this model gives: sentence_embedding, last_hidden_state"},
      {"empty", with({""}, ""),
       "unknown output ''; this model gives: sentence_embedding, last_hidden_state"},
      {"twice", with({"sentence_embedding", "sentence_embedding"}, ""),
       "output 'sentence_embedding' is requested twice"},
      {"classification", with({"sentence_embedding"}, "classification"),
       "output 'sentence_embedding': parameter 'classification' goes with logits and "
       "probabilities only"},
      {"datatype is a number", with({"sentence_embedding"}, "sta_datatype"),
       "output 'sentence_embedding': parameter 'sta_datatype': ''; allowed: the strings FP32, "
       "FP16, BF16"},
  });
}

// A classifier's request for one output with parameters.
ModelInferRequest WantedOutput(const std::string& name,
                               const std::function<void(ParameterMap&)>& set) {
  ModelInferRequest message = TextMessage({"a"});
  message.add_outputs()->set_name(name);
  set(*message.mutable_outputs(0)->mutable_parameters());
  return message;
}

TEST(InferRequestDecoderTest, FormsOfOutputsAreTheirOwnOrTheRequests) {
  ModelInferRequest message = WantedOutput(
      "logits", [](ParameterMap& parameters) { parameters["classification"].set_int64_param(3); });
  message.add_outputs()->set_name("probabilities");
  (*message.mutable_outputs(1)->mutable_parameters())["sta_datatype"].set_string_param("BF16");
  message.add_outputs()->set_name("last_hidden_state");
  STA_ASSERT_OK_AND_ASSIGN(InferRequest request, Decode(message, ClassifierConfig()));
  EXPECT_THAT(request.forms, ElementsAre(OutputForm{.class_count = 3},
                                         OutputForm{.float_type = FloatType::kBf16}, OutputForm()));
  (*message.mutable_parameters())["sta_datatype"].set_string_param("FP16");
  STA_ASSERT_OK_AND_ASSIGN(request, Decode(message, ClassifierConfig()));
  EXPECT_EQ(request.forms[1].float_type, FloatType::kBf16);
  EXPECT_EQ(request.forms[2].float_type, FloatType::kFp16);
  message.clear_outputs();
  STA_ASSERT_OK_AND_ASSIGN(request, Decode(message, ClassifierConfig()));
  ASSERT_EQ(request.forms.size(), request.outputs.size());
  EXPECT_EQ(request.forms[0].float_type, FloatType::kFp16);
  // Not a class count at all.
  message = WantedOutput(
      "label", [](ParameterMap& parameters) { parameters["classification"].set_int64_param(0); });
  EXPECT_THAT(Decode(message, ClassifierConfig()), IsOk());
}

TEST(InferRequestDecoderTest, RefusesBadForms) {
  const auto refused = [](const ModelInferRequest& message, const std::string& why) {
    EXPECT_THAT(Decode(message, ClassifierConfig()), StatusIs(StatusCode::kInvalidArgument, why));
  };
  refused(WantedOutput("logits", [](auto& p) { p["classification"].set_int64_param(-1); }),
          "output 'logits': parameter 'classification': -1 is negative; allowed: 0 and above");
  refused(WantedOutput("logits", [](auto& p) { p["classification"].set_bool_param(true); }),
          "output 'logits': parameter 'classification' is no integer; allowed: int64_param or "
          "uint64_param");
  refused(WantedOutput("label", [](auto& p) { p["sta_datatype"].set_string_param("FP16"); }),
          "output 'label': parameter 'sta_datatype' goes with numbers, and this output is BYTES");
  refused(WantedOutput("logits",
                       [](auto& p) {
                         p["classification"].set_int64_param(1);
                         p["sta_datatype"].set_string_param("FP16");
                       }),
          "output 'logits': parameter 'sta_datatype' goes with numbers, and this output is BYTES");
  ModelInferRequest message = TextMessage({"a"});
  (*message.mutable_parameters())["sta_datatype"].set_string_param("FP8");
  refused(message, "parameter 'sta_datatype': 'FP8'; allowed: the strings FP32, FP16, BF16");
}

}  // namespace
}  // namespace sta
