// SPDX-License-Identifier: Apache-2.0
#include "model_store/package/diagnostic_config.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/status_matchers.h"

namespace sta {
namespace {

using testing::HasSubstr;

constexpr auto kInvalidConfig = absl::StatusCode::kInvalidArgument;

DiagnosticConfig AddSub() {
  return {
      .operation = DiagnosticOperation::kAddSub,
      .delay_us = 1500,
      .max_batch_size = 8,
      .inputs = {{"INPUT0", Datatype::kInt32, {16, -1}}, {"INPUT1", Datatype::kInt32, {16, -1}}},
      .outputs = {{"OUTPUT0", Datatype::kInt32, {16, -1}},
                  {"OUTPUT1", Datatype::kInt32, {16, -1}}}};
}

TEST(DiagnosticConfigTest, ReadsWhatItWrites) {
  STA_ASSERT_OK_AND_ASSIGN(const DiagnosticConfig add_sub,
                           ParseDiagnosticConfig(FormatDiagnosticConfig(AddSub())));
  EXPECT_EQ(add_sub, AddSub());
  const DiagnosticConfig scalars = {
      .inputs = {{"a", Datatype::kBytes, {}}, {"b", Datatype::kBf16, {-1}}},
      .outputs = {{"a", Datatype::kBytes, {}}, {"c", Datatype::kBf16, {-1}}}};
  STA_ASSERT_OK_AND_ASSIGN(const DiagnosticConfig identity,
                           ParseDiagnosticConfig(FormatDiagnosticConfig(scalars)));
  EXPECT_EQ(identity, scalars);
}

TEST(DiagnosticConfigTest, EveryDatatypeHasANameAndASize) {
  for (int i = 0; i <= static_cast<int>(Datatype::kBytes); ++i) {
    const auto datatype = static_cast<Datatype>(i);
    STA_ASSERT_OK_AND_ASSIGN(const Datatype parsed, ParseDatatype(DatatypeName(datatype)));
    EXPECT_EQ(parsed, datatype);
  }
  EXPECT_EQ(ElementBytes(Datatype::kBool), 1);
  EXPECT_EQ(ElementBytes(Datatype::kBf16), 2);
  EXPECT_EQ(ElementBytes(Datatype::kFp64), 8);
  EXPECT_EQ(ElementBytes(Datatype::kBytes), 0);
  EXPECT_THAT(
      ParseDatatype("FP8"),
      StatusIs(kInvalidConfig, HasSubstr("datatype 'FP8' is not known; allowed are BOOL UINT8")));
}

TEST(DiagnosticConfigTest, RefusesHostileValues) {
  struct Case {
    std::string from, to, message;
  };
  const std::string good = FormatDiagnosticConfig(AddSub());
  for (const Case& c : {
           Case{"\"sta\"", "\"other\"", "there is no 'sta' section"},
           Case{"\"add_sub\"", "\"multiply\"",
                "operation 'multiply' is not known; allowed are identity add_sub"},
           Case{"\"delay_us\": 1500", "\"delay_us\": -1",
                "key 'delay_us' must be an integer in 0..60000000"},
           Case{"\"delay_us\": 1500", "\"delay_us\": 60000001",
                "key 'delay_us' must be an integer in 0..60000000"},
           Case{"\"max_batch_size\": 8", "\"max_batch_size\": 65537",
                "key 'max_batch_size' must be an integer in 0..65536"},
           Case{"\"inputs\"", "\"in\"", "key 'inputs' must be a list of tensors"},
           Case{"\"INT32\"", "\"INT33\"", "inputs[0]: datatype 'INT33' is not known"},
           Case{"\"INT32\"", "\"INT64\"", "'INPUT1' must have the datatype and dims of 'INPUT0'"},
           Case{"16", "0", "tensor 'INPUT0': dim 0 is neither -1 nor in 1..1073741824"},
           Case{"16", "-2", "tensor 'INPUT0': dim -2 is neither -1 nor in"},
           Case{"16", "18446744073709551615", "inputs[0]: key 'dims' must be a list of integers"},
           Case{"16", "1.5", "inputs[0]: key 'dims' must be a list of integers"},
           Case{"16", "1073741824, 1073741824, 1073741824, 1073741824",
                "tensor 'INPUT0' has more than 4294967296 elements"},
           Case{"16", "1, 1, 1, 1, 1, 1, 1, 1", "tensor 'INPUT0' has 9 dims, allowed are 8"},
           Case{"\"INPUT0\"", "\"INPUT1\"", "inputs: 'INPUT1' is there twice"},
           Case{"\"INPUT0\"", "\"\"", "inputs: name '' is not 1..128 letters"},
           Case{"\"INPUT0\"", "\"a b\"", "inputs: name 'a b' is not 1..128 letters"},
       }) {
    std::string text = good;
    const size_t at = text.find(c.from);
    ASSERT_NE(at, std::string::npos) << c.from;
    text.replace(at, c.from.size(), c.to);
    EXPECT_THAT(ParseDiagnosticConfig(text), StatusIs(kInvalidConfig, HasSubstr(c.message)))
        << text;
  }
  EXPECT_THAT(ParseDiagnosticConfig("[]"), StatusIs(kInvalidConfig, HasSubstr("no 'sta' section")));
  EXPECT_THAT(ParseDiagnosticConfig("{"), StatusIs(kInvalidConfig, HasSubstr("")));
}

TEST(DiagnosticConfigTest, RefusesTensorsThatDoNotFitTheOperation) {
  DiagnosticConfig config = AddSub();
  config.inputs.pop_back();
  EXPECT_THAT(CheckDiagnosticConfig(config),
              StatusIs(kInvalidConfig, "add_sub needs two inputs and two outputs"));
  config.operation = DiagnosticOperation::kIdentity;
  EXPECT_THAT(
      CheckDiagnosticConfig(config),
      StatusIs(kInvalidConfig, "identity needs an output for each input; there are 1 and 2"));
  config.outputs.clear();
  EXPECT_THAT(CheckDiagnosticConfig(config),
              StatusIs(kInvalidConfig, "there are 0 outputs, allowed are 1..64"));
  config.outputs = {{"OUTPUT0", Datatype::kInt32, {16}}};
  EXPECT_THAT(CheckDiagnosticConfig(config),
              StatusIs(kInvalidConfig, "'OUTPUT0' must have the datatype and dims of 'INPUT0'"));
  config.max_batch_size = -1;
  EXPECT_THAT(CheckDiagnosticConfig(config),
              StatusIs(kInvalidConfig, "max_batch_size is -1, allowed are 0..65536"));
  for (const Datatype datatype : {Datatype::kBool, Datatype::kFp16, Datatype::kBf16}) {
    config = AddSub();
    for (auto* tensors : {&config.inputs, &config.outputs}) {
      for (DeclaredTensor& tensor : *tensors) tensor.datatype = datatype;
    }
    EXPECT_THAT(CheckDiagnosticConfig(config),
                StatusIs(kInvalidConfig, HasSubstr("add_sub does not compute")));
  }
}

}  // namespace
}  // namespace sta
