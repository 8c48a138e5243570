// SPDX-License-Identifier: Apache-2.0
//
// stactl diagnostic, and what inspect and verify say of its packages.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "model_store/package/package.h"
#include "tests/client/commands/run_stactl.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace sta::client {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class DiagnosticTest : public testing::Test {
 protected:
  Outcome Make(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), "diagnostic");
    arguments.insert(arguments.end(), {"--output", package_.string()});
    return RunWith(arguments);
  }
  DiagnosticConfig Config() const {
    const auto package = Package::Open(package_, PackageCheck::kHashes);
    EXPECT_THAT(package, IsOk());
    return package.ok() ? (*package)->diagnostic() : DiagnosticConfig();
  }

  const TemporaryDirectory root_;
  const std::filesystem::path package_ = root_.path() / "package";
};

TEST_F(DiagnosticTest, MakesTheIdentityOf64FloatsByDefault) {
  const Outcome made = Make({"identity"});
  ASSERT_EQ(made.code, kExitOk) << made.err;
  EXPECT_EQ(made.out, "identity written to " + package_.string() + "\n");
  const DiagnosticConfig expected = {.inputs = {{"INPUT0", Datatype::kFp32, {64}}},
                                     .outputs = {{"OUTPUT0", Datatype::kFp32, {64}}}};
  EXPECT_EQ(Config(), expected);
}

TEST_F(DiagnosticTest, MakesWhatItIsTold) {
  const Outcome made = Make({"identity", "--tensor", "BYTES:-1,2", "--tensor", "BOOL",
                             "--max-batch-size", "8", "--delay", "10ms", "--json"});
  ASSERT_EQ(made.code, kExitOk) << made.err;
  EXPECT_EQ(nlohmann::json::parse(made.out).at("output"), package_.string());
  const DiagnosticConfig expected = {
      .delay_us = 10'000,
      .max_batch_size = 8,
      .inputs = {{"INPUT0", Datatype::kBytes, {-1, 2}}, {"INPUT1", Datatype::kBool, {}}},
      .outputs = {{"OUTPUT0", Datatype::kBytes, {-1, 2}}, {"OUTPUT1", Datatype::kBool, {}}}};
  EXPECT_EQ(Config(), expected);
}

TEST_F(DiagnosticTest, InspectAndVerifyUnderstandIt) {
  ASSERT_EQ(Make({"add_sub", "--max-batch-size", "8"}).code, kExitOk);
  const Outcome inspect = RunWith({"inspect", package_.string()});
  ASSERT_EQ(inspect.code, kExitOk) << inspect.err;
  EXPECT_THAT(inspect.out,
              AllOf(StartsWith("diagnostic add_sub, batches of at most 8, delay 0; format 1\n"),
                    HasSubstr("INPUT1   INT32     [16]"), HasSubstr("OUTPUT1"),
                    HasSubstr("tool: stactl"), HasSubstr("config.json"), Not(HasSubstr("fp32"))));
  const auto json = nlohmann::json::parse(RunWith({"inspect", package_.string(), "--json"}).out);
  EXPECT_EQ(json.at("task"), "add_sub");
  EXPECT_EQ(json.at("inputs").at(1).at("name"), "INPUT1");
  EXPECT_EQ(json.at("max_batch_size"), 8);
  EXPECT_TRUE(json.at("files").contains("config.json"));
  const Outcome verify = RunWith({"verify", package_.string()});
  EXPECT_EQ(verify.code, kExitOk) << verify.err;
  EXPECT_THAT(verify.out, AllOf(StartsWith("ok: "), HasSubstr("1 files")));
}

TEST_F(DiagnosticTest, RefusesWithTheReason) {
  struct Case {
    std::vector<std::string> arguments;
    const char* message;
  };
  for (const Case& c : {
           Case{{"multiply"}, "operation 'multiply' is not known; allowed are identity add_sub"},
           Case{{"identity", "--tensor", "FP8:1"}, "datatype 'FP8' is not known"},
           Case{{"identity", "--tensor", "FP32:x"}, "tensor 'FP32:x' is not DATATYPE:DIM,DIM"},
           Case{{"identity", "--tensor", "FP32:0"}, "dim 0 is neither -1 nor in"},
           Case{{"add_sub", "--tensor", "FP32:1", "--tensor", "FP32:1"}, "takes one --tensor"},
           Case{{"add_sub", "--tensor", "BOOL:1"}, "add_sub does not compute BOOL"},
           Case{{"identity", "--max-batch-size", "-1"}, "max_batch_size is -1"},
           Case{{"identity", "--delay", "2m"}, "delay_us is 120000000, allowed are 0..60000000"},
       }) {
    const Outcome made = Make(c.arguments);
    EXPECT_EQ(made.code, kExitFailed);
    EXPECT_THAT(made.err, HasSubstr(c.message));
    EXPECT_FALSE(std::filesystem::exists(package_));
  }
  ASSERT_EQ(Make({"identity"}).code, kExitOk);
  EXPECT_THAT(Make({"identity"}).err, HasSubstr("exists"));
}

}  // namespace
}  // namespace sta::client
