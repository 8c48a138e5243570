// SPDX-License-Identifier: Apache-2.0
#include "accel/xrt/xclbin/xclbin.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <string>

#include "accel/xrt/xclbin/xclbin_file.h"
#include "tests/accel/xrt/xclbin/xclbin_tester.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace sta {
namespace {

using absl::StatusCode;
using testing::ElementsAre;
using testing::HasSubstr;

// Two kernels, a bank that nobody uses, names as long as they may be.
XclbinDescription Description() {
  const std::vector<XclbinPort> ports = {{"s_axi_control", false, 0x1000, 32},
                                         {"m_axi_gmem", true, UINT64_MAX, 512}};
  const auto argument = [](int32_t index, const char* name, bool is_pointer) {
    return XclbinArgument{.index = index,
                          .name = name,
                          .port = is_pointer ? "m_axi_gmem" : "s_axi_control",
                          .type = is_pointer ? "void*" : "unsigned int",
                          .offset = 0x10U + 12U * static_cast<uint32_t>(index),
                          .size_bytes = is_pointer ? 8U : 4U,
                          .is_pointer = is_pointer};
  };
  card::CardConfig array;
  array.activation_rows = 1024;
  array.max_sequence_tokens = 65535;
  return {.platform = std::string(63, 'p'),
          .kernels = {{.name = "a<&\"'>",
                       .ports = ports,
                       .arguments = {argument(0, "in", true), argument(1, "count", false)},
                       .compute_units = {{"a_1", 0x1000000, {{0, 1}}},
                                         {"a_2", 0x1010000, {{0, 0}, {0, 1}}}}},
                      {.name = "b",
                       .ports = ports,
                       .arguments = {argument(0, "size", false), argument(2, "out", true)},
                       .compute_units = {{std::string(61, 'u'), 0x1020000, {{2, 1}}}}}},
          .memories = {{"unused", 6, false, 0, 0}, {std::string(15, 'm'), 1, true, 1ULL << 40, 64}},
          .clocks = {{std::string(127, 'c'), 2, 65535}},
          .array = array};
}

TEST(XclbinTest, WhatIsWrittenIsRead) {
  const XclbinDescription description = Description();
  STA_ASSERT_OK_AND_ASSIGN(const std::vector<uint8_t> file, WriteXclbin(description));
  STA_ASSERT_OK_AND_ASSIGN(const XclbinContents contents, ReadXclbin(file));
  EXPECT_EQ(contents.description, description);
  const XclbinDescription nothing = {.platform = "p"};
  STA_ASSERT_OK_AND_ASSIGN(const std::vector<uint8_t> smallest, WriteXclbin(nothing));
  STA_ASSERT_OK_AND_ASSIGN(const XclbinContents none, ReadXclbin(smallest));
  EXPECT_EQ(none.description, nothing);
}

TEST(XclbinTest, StaCardsHaveTheKernelOneBankAndTheArray) {
  card::CardConfig array = *card::CardConfig::Preset("16x16x8");
  array.key_value_tiles = 77;
  STA_ASSERT_OK_AND_ASSIGN(const std::vector<uint8_t> file,
                           MakeStaXclbin({.array = array, .memory_mb = 256, .clock_mhz = 200}));
  STA_ASSERT_OK_AND_ASSIGN(const XclbinContents contents, ReadXclbin(file));
  const XclbinDescription& description = contents.description;
  EXPECT_EQ(description.array, array);
  EXPECT_THAT(description.memories,
              ElementsAre(XclbinMemory{"bank0", 1, true, 0x4000000000, 256 * 1024}));
  EXPECT_THAT(description.clocks,
              ElementsAre(XclbinClock{"DATA_CLK", 1, 200}, XclbinClock{"KERNEL_CLK", 2, 200}));
  ASSERT_EQ(description.kernels.size(), 1);
  EXPECT_EQ(description.kernels[0].name, "sta");
  EXPECT_EQ(description.kernels[0].arguments.size(), 8);
  EXPECT_THAT(description.kernels[0].compute_units,
              ElementsAre(XclbinComputeUnit{"sta_1", 0x1800000, {{0, 0}, {1, 0}, {2, 0}, {3, 0}}}));
  std::vector<std::string> kinds;
  for (const XclbinSection& section : contents.sections) {
    EXPECT_EQ(section.offset % 8, 0);
    kinds.push_back(SectionKindName(section.kind));
  }
  EXPECT_THAT(kinds, ElementsAre("MEM_TOPOLOGY", "IP_LAYOUT", "CLOCK_FREQ_TOPOLOGY", "CONNECTIVITY",
                                 "EMBEDDED_METADATA", "BITSTREAM"));
}

TEST(XclbinTest, TheUuidIsMadeFromTheContents) {
  const auto uuid_of = [](const StaXclbinOptions& options) {
    return UuidText(ReadXclbin(MakeStaXclbin(options).value())->uuid);
  };
  EXPECT_EQ(MakeStaXclbin({}).value(), MakeStaXclbin({}).value());
  EXPECT_THAT(uuid_of({}), testing::MatchesRegex(
                               "[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-.{12}"));
  EXPECT_NE(uuid_of({}), uuid_of({.clock_mhz = 299}));
  EXPECT_NE(uuid_of({}), uuid_of({.array = {.max_channels = 4095}}));
}

TEST(XclbinTest, TheWriterSaysWhatDoesNotFit) {
  using Edit = std::function<void(XclbinDescription&)>;
  const std::pair<Edit, const char*> cases[] = {
      {[](auto& d) { d.platform.clear(); }, "platform is '', allowed are 1..63 printable ASCII"},
      {[](auto& d) { d.platform += 'x'; }, "px', allowed are 1..63"},
      {[](auto& d) { d.platform = "a\nb"; }, "platform is 'a\nb', allowed are"},
      {[](auto& d) { d.memories[0].tag.assign(16, 'm'); }, "memory is 'mmmmmmmmmmmmmmmm', allowed"},
      {[](auto& d) { d.clocks[0].name += 'x'; }, "allowed are 1..127"},
      {[](auto& d) { d.clocks.resize(32768, d.clocks[0]); },
       "there are 32768 clocks, allowed are 32767"},
      {[](auto& d) { d.kernels[1].compute_units[0].name += 'x'; }, "compute unit is 'b:uuu"},
      {[](auto& d) { d.kernels[0].name = "a:b"; }, "kernel 'a:b' has a colon"},
      {[](auto& d) { d.kernels[0].ports[0].name = ""; }, "port is '', allowed are 1..255"},
      {[](auto& d) { d.kernels[0].arguments[1].name = "\xff"; }, "argument is '\xff', allowed"},
      {[](auto& d) { d.kernels[0].arguments[1].port = ""; }, "argument's port is ''"},
      {[](auto& d) { d.kernels[0].arguments[1].type = ""; }, "argument's type is ''"},
      {[](auto& d) { d.kernels[0].compute_units[1].connections[0].argument = 1; },
       "kernel 'a<&\"'>': argument 1 is connected, and is no pointer"},
      {[](auto& d) { d.kernels[1].compute_units[0].connections[0].argument = 1; },
       "kernel 'b': argument 1 is connected, and is no pointer"},
      {[](auto& d) { d.kernels[1].compute_units[0].connections[0].memory = 2; },
       "kernel 'b': argument out is connected with memory 2 of 2"},
      {[](auto& d) { d.kernels[1].compute_units[0].connections[0].memory = -1; },
       "kernel 'b': argument out is connected with memory -1 of 2"},
      {[](auto& d) {
         d.kernels[0].compute_units.resize(128, {"u", 0, {}});
       },
       "there are 129 compute units, allowed are 128"},
      {[](auto& d) { d.array->tile = 5; }, "card: tile 5 with 8 lanes"}};
  for (const auto& [edit, message] : cases) {
    XclbinDescription description = Description();
    edit(description);
    EXPECT_THAT(WriteXclbin(description),
                StatusIs(StatusCode::kInvalidArgument, HasSubstr(message)));
  }
}

TEST(XclbinTest, StaCardsHaveNumbersInTheirRanges) {
  const std::pair<StaXclbinOptions, const char*> cases[] = {
      {{.memory_mb = 0}, "memory_mb is 0, allowed is 1..1048576"},
      {{.memory_mb = 1048577}, "memory_mb is 1048577"},
      {{.clock_mhz = 0}, "clock_mhz is 0, allowed is 1..1000"},
      {{.clock_mhz = 1001}, "clock_mhz is 1001"},
      {{.array = {.lanes = 7}}, "card: tile 8 with 7 lanes"}};
  for (const auto& [options, message] : cases) {
    EXPECT_THAT(MakeStaXclbin(options), StatusIs(StatusCode::kInvalidArgument, HasSubstr(message)));
  }
}

TEST(XclbinTest, FilesAreCheckedWhenTheyAreRead) {
  const TemporaryDirectory directory;
  const std::string path = directory.path() / "a.xclbin";
  EXPECT_THAT(ReadXclbinFile(path), StatusIs(StatusCode::kNotFound, "there is no file " + path));
  EXPECT_THAT(ReadXclbinFile(directory.path()), StatusIs(StatusCode::kNotFound));
  std::ofstream(path) << "xclbin2";
  EXPECT_THAT(ReadXclbinFile(path),
              StatusIs(StatusCode::kInvalidArgument, path + " is no xclbin: it is too short"));
  const std::vector<uint8_t> good = GoodXclbin();
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(good.data()), std::ssize(good));
  EXPECT_THAT(ReadXclbinFile(path), IsOkAndHolds(good));
}

TEST(XclbinTest, KindsHaveNames) {
  EXPECT_EQ(SectionKindName(31), "VENDER_METADATA");
  EXPECT_EQ(SectionKindName(32), "kind 32");
  EXPECT_EQ(MemoryTypeName(6), "HBM");
  EXPECT_EQ(MemoryTypeName(12), "type 12");
  EXPECT_EQ(ClockTypeName(3), "system");
  EXPECT_EQ(ClockTypeName(4), "type 4");
}

}  // namespace
}  // namespace sta
