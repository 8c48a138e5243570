// SPDX-License-Identifier: Apache-2.0
//
// stactl xclbin make and show.
#include "accel/xrt/xclbin/xclbin.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "accel/xrt/xclbin/xclbin_file.h"
#include "tests/client/commands/run_stactl.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace sta::client {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::MatchesRegex;
using testing::StartsWith;

class XclbinCommandsTest : public testing::Test {
 protected:
  Outcome Make(std::vector<std::string> args) {
    args.insert(args.begin(), {"xclbin", "make", "-o", path_});
    return RunWith(args);
  }

  void Write(const std::vector<uint8_t>& bytes) {
    std::ofstream(path_, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), std::ssize(bytes));
  }

  const TemporaryDirectory directory_;
  const std::string path_ = directory_.path() / "sta.xclbin";
};

TEST_F(XclbinCommandsTest, MakesWhatTheOptionsSay) {
  const Outcome made = Make({"--array", "4x4x4", "--activation-rows", "512", "--residual-beats",
                             "600", "--key-value-tiles", "700", "--max-sequence-tokens", "80",
                             "--max-channels", "900", "--memory-mb", "2048", "--clock-mhz", "250"});
  ASSERT_EQ(made.code, kExitOk) << made.err;
  EXPECT_THAT(made.out, MatchesRegex(".*sta.xclbin: 4x4x4 array, 2,048 MB, 250 MHz, uuid .{36}\n"));
  STA_ASSERT_OK_AND_ASSIGN(const std::vector<uint8_t> bytes, ReadXclbinFile(path_));
  const card::CardConfig array = {.tile = 4,
                                  .lanes = 4,
                                  .activation_rows = 512,
                                  .residual_beats = 600,
                                  .key_value_tiles = 700,
                                  .max_sequence_tokens = 80,
                                  .max_channels = 900};
  EXPECT_THAT(MakeStaXclbin({.array = array, .memory_mb = 2048, .clock_mhz = 250}),
              IsOkAndHolds(bytes));
}

TEST_F(XclbinCommandsTest, SizesOfTheArrayAreTheDefault) {
  const Outcome made = Make({"--array", "16x16x8", "--json"});
  ASSERT_EQ(made.code, kExitOk) << made.err;
  STA_ASSERT_OK_AND_ASSIGN(const std::vector<uint8_t> bytes, ReadXclbinFile(path_));
  EXPECT_THAT(MakeStaXclbin({.array = *card::CardConfig::Preset("16x16x8")}), IsOkAndHolds(bytes));
  const auto json = nlohmann::json::parse(made.out);
  EXPECT_EQ(json.at("file"), path_);
  EXPECT_EQ(json.at("bytes"), bytes.size());
  EXPECT_EQ(json.at("uuid"), UuidText(ReadXclbin(bytes)->uuid));
}

TEST_F(XclbinCommandsTest, ShowPrintsTables) {
  ASSERT_EQ(Make({}).code, kExitOk);
  const Outcome shown = RunWith({"xclbin", "show", path_});
  ASSERT_EQ(shown.code, kExitOk) << shown.err;
  EXPECT_THAT(shown.out, MatchesRegex("uuid .{36}, platform sta_virtual_card\n"
                                      "virtual card, array 8x8x8\n"
                                      "  activation_rows: 2,048\n(.|\n)*"));
  EXPECT_THAT(shown.out, HasSubstr("\nkernel sta\ncompute unit sta_1 at 0x1800000\n"
                                   "  program in bank0\n"));
  EXPECT_THAT(shown.out,
              ContainsRegex("\noutput_beats +7 +0x58 +4  unsigned int +s_axi_control\n"));
  EXPECT_THAT(shown.out, ContainsRegex("\nbank0 +DDR4 +yes +0x4000000000 +1,048,576\n"));
  EXPECT_THAT(shown.out, ContainsRegex("\nKERNEL_CLK +kernel +300\n"));
  EXPECT_THAT(shown.out, ContainsRegex("\nMEM_TOPOLOGY +696 +48\n"));
}

TEST_F(XclbinCommandsTest, ShowPrintsJson) {
  ASSERT_EQ(Make({}).code, kExitOk);
  const auto json = nlohmann::json::parse(RunWith({"xclbin", "show", path_, "--json"}).out);
  EXPECT_EQ(json.at("platform"), "sta_virtual_card");
  EXPECT_EQ(json.at("array").at("lanes"), 8);
  EXPECT_EQ(json.at("array").at("max_channels"), 4096);
  const auto& kernel = json.at("kernels").at(0);
  EXPECT_EQ(kernel.at("arguments").at(5).at("name"), "program_beats");
  EXPECT_EQ(kernel.at("arguments").at(5).at("offset"), 0x48);
  EXPECT_EQ(kernel.at("compute_units").at(0).at("memories").at("output").at(0), "bank0");
  EXPECT_EQ(kernel.at("compute_units").at(0).at("memories").size(), 4);
  EXPECT_EQ(json.at("memories").at(0).at("size_kb"), 1048576);
  EXPECT_EQ(json.at("clocks").at(1).at("type"), "kernel");
  EXPECT_EQ(json.at("sections").at(5).at("kind"), "BITSTREAM");
}

// Of a real card there is no array; names and numbers may be any.
TEST_F(XclbinCommandsTest, ShowTakesOtherXclbins) {
  STA_ASSERT_OK_AND_ASSIGN(
      const std::vector<uint8_t> bytes,
      WriteXclbin({.platform = "xilinx_u250",
                   .kernels = {{.name = "vadd", .compute_units = {{.name = "vadd_1"}}}},
                   .memories = {{.tag = "HBM[0]", .type = 6, .size_kb = UINT64_MAX}}}));
  Write(bytes);
  const Outcome shown = RunWith({"xclbin", "show", path_});
  EXPECT_THAT(shown.out, HasSubstr("platform xilinx_u250\nno virtual card\n"));
  EXPECT_THAT(shown.out, HasSubstr("\nkernel vadd\ncompute unit vadd_1 at 0x0\n"));
  EXPECT_THAT(shown.out, ContainsRegex("\nHBM.0. +HBM +no +0x0 +18446744073709551615\n"));
  const auto json = nlohmann::json::parse(RunWith({"xclbin", "show", path_, "--json"}).out);
  EXPECT_TRUE(json.at("array").is_null());
}

TEST_F(XclbinCommandsTest, SayWhatIsWrong) {
  const Outcome array = Make({"--array", "9x9x9"});
  EXPECT_EQ(array.code, kExitFailed);
  EXPECT_THAT(array.err, StartsWith("stactl xclbin make: INVALID_ARGUMENT: no array is called "
                                    "'9x9x9', known are 4x4x4, 8x8x8 and 16x16x8"));
  EXPECT_THAT(Make({"--max-channels", "4097"}).err,
              HasSubstr("card: max_channels is 4097, allowed is 1..4096"));
  EXPECT_THAT(Make({"--memory-mb", "2000000"}).err,
              HasSubstr("memory_mb is 2000000, allowed is 1..1048576"));
  EXPECT_EQ(Make({"--activation-rows", "0"}).code, kExitUsage);
  EXPECT_FALSE(std::filesystem::exists(path_));
  EXPECT_THAT(RunWith({"xclbin", "make"}).err, HasSubstr("--output is required"));
  const Outcome nowhere = RunWith({"xclbin", "make", "-o", path_ + "/not/there"});
  EXPECT_EQ(nowhere.code, kExitFailed);
  EXPECT_THAT(nowhere.err, HasSubstr("NOT_FOUND: cannot write " + path_ + "/not/there"));
}

TEST_F(XclbinCommandsTest, ShowSaysWhatIsWrong) {
  const Outcome missing = RunWith({"xclbin", "show", path_});
  EXPECT_EQ(missing.code, kExitFailed);
  EXPECT_THAT(missing.err, HasSubstr("NOT_FOUND: there is no file " + path_));
  std::ofstream(path_) << std::string(1000, 'x');
  EXPECT_THAT(RunWith({"xclbin", "show", path_}).err,
              HasSubstr("INVALID_ARGUMENT: " + path_ + " is no xclbin: it does not begin with"));
  STA_ASSERT_OK_AND_ASSIGN(std::vector<uint8_t> bytes, MakeStaXclbin({}));
  bytes.back() = '!';  // of the array's JSON
  Write(bytes);
  const Outcome damaged = RunWith({"xclbin", "show", path_});
  EXPECT_EQ(damaged.code, kExitFailed);
  EXPECT_THAT(damaged.err, HasSubstr("INVALID_ARGUMENT: " + path_ + ": BITSTREAM: "));
  EXPECT_THAT(damaged.out, IsEmpty());
}

}  // namespace
}  // namespace sta::client
