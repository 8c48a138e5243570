// SPDX-License-Identifier: Apache-2.0
//
// stactl convert, inspect, verify and disasm, on tiny models.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/client/commands/run_stactl.h"
#include "tests/support/hugging_face_directory.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/tiny_package.h"

namespace sta::client {
namespace {

using testing::AllOf;
using testing::ContainsRegex;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

namespace fs = std::filesystem;

std::string FirstLines(const std::string& text, int count) {
  size_t end = 0;
  for (int i = 0; i < count; ++i) end = text.find('\n', end) + 1;
  return text.substr(0, end);
}

class PackageCommandsTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_THAT(HuggingFaceDirectory({}).Write(model_), IsOk());
    std::ofstream(text_) << TinySentences(40, 5);
  }
  Outcome Convert(const std::string& pattern, bool err_is_terminal = false,
                  std::vector<std::string> more = {}) {
    std::vector<std::string> args = {"convert",  "--model",         model_.string(),
                                     "--output", package_.string(), "--pattern",
                                     pattern,    "--calibrate",     text_.string()};
    args.insert(args.end(), more.begin(), more.end());
    return RunWith(args, {.err_is_terminal = err_is_terminal});
  }

  TemporaryDirectory root_;
  fs::path model_ = root_.path() / "model";
  fs::path package_ = root_.path() / "package";
  fs::path text_ = root_.path() / "sentences.txt";
};

TEST_F(PackageCommandsTest, ConvertEndsWithATableThatInspectRepeats) {
  const Outcome convert = Convert("2:8,*.query.*=dense");
  ASSERT_EQ(convert.code, kExitOk) << convert.err;
  // 12 matrices, a heading and a rule above them, a rule and the total below.
  const std::string table = FirstLines(convert.out, 16);
  EXPECT_THAT(table, StartsWith("tensor "));
  EXPECT_THAT(FirstLines(table, 1), AllOf(HasSubstr("pattern"), HasSubstr("fp32 bytes"),
                                          HasSubstr("packed"), HasSubstr("ratio")));
  EXPECT_THAT(table, AllOf(HasSubstr("encoder.layer.0.attention.self.query.weight    dense"),
                           HasSubstr("encoder.layer.1.output.dense.weight            2:8"),
                           HasSubstr("\ntotal ")));
  EXPECT_THAT(convert.out, AllOf(HasSubstr("mean_cosine_to_dense_float: 0."),
                                 HasSubstr("mean_cosine_to_pruned_float: 0.9"),
                                 HasSubstr("calibrated on 36 sentences, measured on 4 others")));

  const Outcome inspect = RunWith({"inspect", package_.string()});
  ASSERT_EQ(inspect.code, kExitOk) << inspect.err;
  EXPECT_THAT(inspect.out, StartsWith("sentence_embedding, bert, 2 layers, hidden size 32"));
  const size_t written = convert.out.find("\nwritten to ");
  ASSERT_NE(written, std::string::npos);
  EXPECT_THAT(inspect.out, HasSubstr(convert.out.substr(0, written)));
  EXPECT_THAT(inspect.out, HasSubstr("encoder.safetensors"));
}

TEST_F(PackageCommandsTest, ConvertAndInspectSayTheSameInJson) {
  const Outcome convert = Convert("4:8", false, {"--json", "--task", "last_hidden_state"});
  ASSERT_EQ(convert.code, kExitOk) << convert.err;
  const auto converted = nlohmann::json::parse(convert.out);
  const auto inspected = nlohmann::json::parse(RunWith({"inspect", package_, "--json"}).out);
  for (const char* key : {"matrices", "total", "package_bytes", "accuracy", "provenance"}) {
    EXPECT_EQ(converted.at(key), inspected.at(key)) << key;
  }
  EXPECT_EQ(inspected.at("task"), "last_hidden_state");
  EXPECT_EQ(converted.at("output"), package_.string());
}

TEST_F(PackageCommandsTest, ConvertRedrawsALineOnATerminalOnly) {
  const Outcome elsewhere = Convert("2:8");
  EXPECT_EQ(elsewhere.err,
            "convert: read done\nconvert: calibrate done\nconvert: quantize done\n"
            "convert: measure done\nconvert: write done\n");
  fs::remove_all(package_);
  const Outcome terminal = Convert("2:8", /*err_is_terminal=*/true);
  EXPECT_THAT(terminal.err, StartsWith("\rread ["));
  EXPECT_THAT(terminal.err, HasSubstr("\rcalibrate [" + std::string(30, '#') + "] 36/36\033[K"));
  EXPECT_THAT(terminal.err, EndsWith("\rwrite [" + std::string(30, '#') + "] 1/1\033[K\n"));
  EXPECT_EQ(std::count(terminal.err.begin(), terminal.err.end(), '\n'), 1);
}

TEST_F(PackageCommandsTest, ConvertNamesTheMatrixThatDoesNotFit) {
  const Outcome convert = Convert("keep");
  EXPECT_EQ(convert.code, kExitFailed);
  EXPECT_EQ(convert.out, "");
  EXPECT_THAT(convert.err,
              HasSubstr("stactl convert: INVALID_ARGUMENT: matrix "
                        "'encoder.layer.0.attention.self.query.weight' fits no sparse pattern"));
  EXPECT_FALSE(fs::exists(package_));
}

TEST_F(PackageCommandsTest, VerifyAcceptsWhatConvertWrote) {
  ASSERT_EQ(Convert("2:8").code, kExitOk);
  const Outcome verify = RunWith({"verify", package_.string()});
  EXPECT_EQ(verify.code, kExitOk) << verify.err;
  EXPECT_THAT(verify.out, AllOf(StartsWith("ok: " + package_.string() + ": "),
                                HasSubstr(" files, "), HasSubstr(", 12 packed matrices\n")));
  EXPECT_THAT(RunWith({"verify", package_.string(), "--json"}).out, HasSubstr("\"matrices\":12"));
}

TEST_F(PackageCommandsTest, VerifyFindsOneChangedBitInEveryFile) {
  ASSERT_EQ(Convert("2:8").code, kExitOk);
  int files = 0;
  for (const auto& entry : fs::directory_iterator(package_)) {
    const std::string name = entry.path().filename().string();
    if (name == "manifest.json") continue;
    const auto middle = static_cast<std::streamoff>(entry.file_size() / 2);
    std::fstream file(entry.path(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(middle);
    const int byte = file.get();
    const auto put = [&](int value) {
      file.seekp(middle);
      file.put(static_cast<char>(value));
      file.flush();
    };
    put(byte ^ 1);
    const Outcome verify = RunWith({"verify", package_.string()});
    EXPECT_EQ(verify.code, kExitFailed) << name;
    EXPECT_THAT(verify.err, AllOf(HasSubstr("stactl verify: DATA_LOSS: file '" + name + "'"),
                                  HasSubstr("is damaged")));
    put(byte);
    ++files;
  }
  EXPECT_EQ(files, 4);
  EXPECT_EQ(RunWith({"verify", package_.string()}).code, kExitOk);
}

TEST_F(PackageCommandsTest, VerifyFindsRangesThatHashesCannot) {
  {
    TinyPackage tiny({});
    tiny.contents.encoder.layers[1].query.shift[3] = 99;
    ASSERT_THAT(WritePackage(tiny.contents, package_), IsOk());
  }
  const Outcome shift = RunWith({"verify", package_.string()});
  EXPECT_EQ(shift.code, kExitFailed);
  EXPECT_THAT(shift.err, AllOf(HasSubstr("stactl verify: DATA_LOSS: "), HasSubstr("99")));
  fs::remove_all(package_);
  {
    TinyPackage tiny({});
    tiny.contents.text_files["vocab.txt"] = "no special tokens\n";
    ASSERT_THAT(WritePackage(tiny.contents, package_), IsOk());
  }
  const Outcome vocabulary = RunWith({"verify", package_.string()});
  EXPECT_EQ(vocabulary.code, kExitFailed);
  EXPECT_THAT(vocabulary.err, HasSubstr("stactl verify: INVALID_ARGUMENT: tokenizer: "));
}

TEST_F(PackageCommandsTest, DisasmShowsImageAndInstructions) {
  ASSERT_EQ(Convert("2:8,*.query.*=dense").code, kExitOk);
  const Outcome disasm = RunWith({"disasm", package_.string(), "--lengths", "3,9"});
  ASSERT_EQ(disasm.code, kExitOk) << disasm.err;
  EXPECT_THAT(disasm.out, StartsWith("8x8x8 array, instruction set 1, image format 1; "
                                     "hidden size 32, 2 layers\n"));
  EXPECT_THAT(disasm.out, ContainsRegex("layer 0 query +32 +32 +[01].[0-9]+  16 of 16 "));
  EXPECT_THAT(disasm.out, ContainsRegex("layer 1 key +32 +32 +0.2[0-9]+ +4 of 16 "));
  EXPECT_THAT(disasm.out,
              HasSubstr("\nrun 0: sequences 0..1, 3 token groups, 1 blocks, 24 instructions\n"
                        "    0  LOAD      memory_beat=0 beats=24 residual_beat=0\n"));
  EXPECT_THAT(disasm.out, EndsWith("\n   23  END\n"));
}

TEST_F(PackageCommandsTest, DisasmSplitsWhatDoesNotFitTogether) {
  ASSERT_EQ(Convert("2:8").code, kExitOk);
  const Outcome disasm = RunWith({"disasm", package_.string(), "--array", "4x4x4", "--json",
                                  "--lengths", "256,256,256,256,256,256,256,256,256,256,256,256"});
  ASSERT_EQ(disasm.code, kExitOk) << disasm.err;
  const auto json = nlohmann::json::parse(disasm.out);
  EXPECT_EQ(json.at("array"), "4x4x4");
  EXPECT_EQ(json.at("matrices").size(), 12);
  EXPECT_EQ(json.at("matrices")[5].at("name"), "output");
  EXPECT_EQ(json.at("matrices")[5].at("steps"), 4);
  int sequences = 0;
  for (const auto& run : json.at("runs")) sequences += run.at("sequences").get<int>();
  EXPECT_EQ(sequences, 12);
  EXPECT_EQ(json.at("runs").size(), 2);
  EXPECT_EQ(json.at("runs")[0].at("instructions").back(), "END");
}

TEST_F(PackageCommandsTest, DisasmSaysWhatTheArrayDoesNotTake) {
  ASSERT_EQ(Convert("2:8").code, kExitOk);
  const Outcome array = RunWith({"disasm", package_.string(), "--array", "5x5x5"});
  EXPECT_EQ(array.code, kExitFailed);
  EXPECT_THAT(array.err, HasSubstr("INVALID_ARGUMENT: no array is called '5x5x5', known are "));
  const Outcome length = RunWith({"disasm", package_.string(), "--lengths", "8,600"});
  EXPECT_EQ(length.code, kExitFailed);
  EXPECT_THAT(length.err, HasSubstr("sequence 1 has 600 tokens, the longest that the card takes of "
                                    "this model has 512"));
  EXPECT_EQ(RunWith({"disasm", package_.string(), "--lengths", "0"}).code, kExitUsage);
}

TEST_F(PackageCommandsTest, AllSayThatThereIsNoPackage) {
  for (const char* command : {"inspect", "verify", "disasm"}) {
    const Outcome run = RunWith({command, package_.string()});
    EXPECT_EQ(run.code, kExitFailed);
    EXPECT_THAT(run.err, AllOf(HasSubstr("NOT_FOUND"), HasSubstr(package_.string())));
    EXPECT_THAT(run.out, Not(HasSubstr("ok")));
  }
}

}  // namespace
}  // namespace sta::client
