// SPDX-License-Identifier: Apache-2.0
//
// Files that are cut short, lie about sizes, or hold what cannot be.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "accel/xrt/xclbin/xclbin.h"
#include "tests/accel/xrt/xclbin/xclbin_tester.h"
#include "tests/support/status_matchers.h"

namespace sta {
namespace {

using absl::StatusCode;
using testing::AnyOf;
using testing::HasSubstr;
using testing::StartsWith;
using xclbin_format::FileHeader;
using xclbin_format::SectionHeader;
using xclbin_format::SectionKind;

constexpr SectionKind kKinds[] = {xclbin_format::kBitstream,   xclbin_format::kEmbeddedMetadata,
                                  xclbin_format::kMemTopology, xclbin_format::kConnectivity,
                                  xclbin_format::kIpLayout,    xclbin_format::kClockFreqTopology};

testing::Matcher<const absl::StatusOr<XclbinContents>&> Refused(const std::string& message) {
  return StatusIs(StatusCode::kInvalidArgument, HasSubstr(message));
}

// The good file with `from` replaced by `to` in a section that is text.
std::vector<uint8_t> Replaced(SectionKind kind, const std::string& from, const std::string& to) {
  const std::vector<uint8_t> good = GoodXclbin();
  std::string text = SectionText(good, kind);
  const size_t at = text.find(from);
  if (at == std::string::npos) throw std::runtime_error("no '" + from + "' in " + text);
  return WithSectionText(good, kind, text.replace(at, from.size(), to));
}

TEST(DamagedXclbinTest, EveryTruncationIsRefused) {
  const std::vector<uint8_t> good = GoodXclbin();
  for (size_t size = 0; size < good.size(); ++size) {
    const std::vector<uint8_t> cut(good.begin(), good.begin() + static_cast<ptrdiff_t>(size));
    EXPECT_THAT(ReadXclbin(cut),
                Refused(size < sizeof(FileHeader) ? "it is too short" : "its header says"));
    if (size < sizeof(FileHeader)) continue;
    // And where the header has the length that is left.
    EXPECT_THAT(
        ReadXclbin(WithHeader(cut, [&](FileHeader& h) { h.length = size; })),
        StatusIs(StatusCode::kInvalidArgument,
                 AnyOf("its 6 section headers do not lie in it", StartsWith("its section "))))
        << size;
  }
}

TEST(DamagedXclbinTest, EverySectionThatIsCutShortIsRefused) {
  const std::vector<uint8_t> good = GoodXclbin();
  for (const SectionKind kind : kKinds) {
    std::string text = SectionText(good, kind);
    while (text.back() == '\n') text.pop_back();
    for (size_t size = 1; size < text.size(); ++size) {
      const auto cut = WithSection(
          good, kind, [&](SectionHeader& section, auto& bytes) { section.size = size; });
      EXPECT_THAT(ReadXclbin(cut), Refused(SectionKindName(kind) + ": ")) << size;
    }
  }
}

TEST(DamagedXclbinTest, TheHeaderMustBeRight) {
  const std::vector<uint8_t> good = GoodXclbin();
  const auto with = [&](const std::function<void(FileHeader&)>& edit) {
    return ReadXclbin(WithHeader(good, edit));
  };
  EXPECT_THAT(with([](FileHeader& h) { h.magic[7] = '!'; }), Refused("begin with 'xclbin2'"));
  EXPECT_THAT(with([](FileHeader& h) { ++h.length; }), Refused("its header says"));
  EXPECT_THAT(with([](FileHeader& h) { h.length = UINT64_MAX; }), Refused("its header says"));
  EXPECT_THAT(with([](FileHeader& h) { h.section_count = UINT32_MAX; }),
              Refused("its 4294967295 section headers do not lie in it"));
  EXPECT_THAT(with([](FileHeader& h) { h.section_count = 7; }), Refused("its section 0 begins"));
  std::vector<uint8_t> large = good;
  large.resize(0x10001 * sizeof(SectionHeader) + sizeof(FileHeader));
  EXPECT_THAT(ReadXclbin(WithHeader(large,
                                    [&](FileHeader& h) {
                                      h.length = large.size();
                                      h.section_count = 0x10001;
                                    })),
              Refused("its 65537 section headers"));
}

TEST(DamagedXclbinTest, SectionsMustLieInTheFile) {
  const std::vector<uint8_t> good = GoodXclbin();
  const auto with = [&](SectionKind kind, const std::function<void(SectionHeader&)>& edit) {
    return ReadXclbin(WithSection(good, kind, [&](SectionHeader& s, auto& bytes) { edit(s); }));
  };
  for (const SectionKind kind : kKinds) {
    EXPECT_THAT(with(kind, [&](SectionHeader& s) { s.offset = good.size() + 1; }),
                Refused("does not lie in it"));
    EXPECT_THAT(with(kind, [&](SectionHeader& s) { s.offset = UINT64_MAX; }),
                Refused("does not lie in it"));
    EXPECT_THAT(with(kind, [&](SectionHeader& s) { s.size = good.size() - s.offset + 1; }),
                Refused("does not lie in it"));
    EXPECT_THAT(with(kind, [&](SectionHeader& s) { s.size = UINT64_MAX - s.offset + 1; }),
                Refused("does not lie in it"));
    EXPECT_THAT(with(kind, [&](SectionHeader& s) { s.offset = 455; }),
                Refused("begins inside its headers"));
  }
}

TEST(DamagedXclbinTest, SectionsMustNotOverlap) {
  const std::vector<uint8_t> good = GoodXclbin();
  const auto wider = [&](SectionKind kind, uint64_t by) {
    return ReadXclbin(
        WithSection(good, kind, [&](SectionHeader& s, auto& bytes) { s.size += by; }));
  };
  EXPECT_THAT(wider(xclbin_format::kMemTopology, 1), Refused("its sections 0 and 1 overlap"));
  EXPECT_THAT(wider(xclbin_format::kMemTopology, 1000), Refused("its sections 0 and 1 overlap"));
  const uint64_t first = sizeof(FileHeader) + 6 * sizeof(SectionHeader);
  const auto twice = WithSection(good, xclbin_format::kBitstream, [&](SectionHeader& s, auto&) {
    s.offset = first;
    s.size = 1;
  });
  EXPECT_THAT(ReadXclbin(twice), Refused("its sections 0 and 5 overlap"));
  // What is empty lies nowhere.
  const auto empty = WithSection(good, xclbin_format::kBitstream, [&](SectionHeader& s, auto&) {
    s.offset = first;
    s.size = 0;
  });
  STA_ASSERT_OK_AND_ASSIGN(const XclbinContents contents, ReadXclbin(empty));
  EXPECT_FALSE(contents.description.array.has_value());
}

TEST(DamagedXclbinTest, SectionsThatWeReadAreThereOnce) {
  for (const SectionKind kind : kKinds) {
    if (kind == xclbin_format::kBitstream) continue;
    const auto twice =
        WithSection(GoodXclbin(), xclbin_format::kBitstream,
                    [&](SectionHeader& section, auto& bytes) { section.kind = kind; });
    EXPECT_THAT(ReadXclbin(twice), Refused(SectionKindName(kind) + ": it is there twice"));
  }
}

TEST(DamagedXclbinTest, TablesMustHaveRoomForTheirEntries) {
  const std::vector<uint8_t> good = GoodXclbin();
  struct TableCase {
    SectionKind kind;
    size_t count_bytes;
    const char* room;
  };
  constexpr TableCase kTables[] = {{xclbin_format::kMemTopology, 4, "1"},
                                   {xclbin_format::kIpLayout, 4, "1"},
                                   {xclbin_format::kConnectivity, 4, "4"},
                                   {xclbin_format::kClockFreqTopology, 2, "2"}};
  for (const TableCase& table : kTables) {
    for (const int count : {5, 0x7FFF, -1}) {
      const auto lies = WithSection(good, table.kind, [&](SectionHeader& section, auto& bytes) {
        std::memcpy(&bytes[section.offset], &count, table.count_bytes);
      });
      EXPECT_THAT(ReadXclbin(lies),
                  Refused(SectionKindName(table.kind) + ": it says that it has " +
                          std::to_string(count) + " entries, there is room for " + table.room));
    }
  }
}

TEST(DamagedXclbinTest, ConnectionsNameWhatIsThere) {
  const auto with = [](size_t field, int32_t value) {
    return ReadXclbin(WithSection(GoodXclbin(), xclbin_format::kConnectivity,
                                  [&](SectionHeader& section, auto& bytes) {
                                    std::memcpy(&bytes[section.offset + 4 + 4 * field], &value, 4);
                                  }));
  };
  EXPECT_THAT(with(0, -1), Refused("CONNECTIVITY: entry 0 connects argument -1 of IP 0 with memory "
                                   "0; there are 1 IPs and 1 memories"));
  EXPECT_THAT(with(1, 1), Refused("argument 0 of IP 1 with"));
  EXPECT_THAT(with(1, -1), Refused("argument 0 of IP -1 with"));
  EXPECT_THAT(with(2, 1), Refused("with memory 1;"));
  EXPECT_THAT(with(2, INT32_MIN), Refused("with memory -2147483648;"));
}

TEST(DamagedXclbinTest, ComputeUnitsAreOfAKernel) {
  const auto renamed = [](std::string name) {
    name.resize(sizeof(xclbin_format::IpEntry::name));
    return ReadXclbin(WithSection(
        GoodXclbin(), xclbin_format::kIpLayout, [&](SectionHeader& section, auto& bytes) {
          name.copy(reinterpret_cast<char*>(&bytes[section.offset + 24]), name.size());
        }));
  };
  EXPECT_THAT(renamed("sta"), Refused("IP_LAYOUT: entry 0 is 'sta', not KERNEL:UNIT"));
  // A field that is full has no zero. The metadata has no such kernel, which then has no arguments.
  const std::string unit(58, 'u');
  STA_ASSERT_OK_AND_ASSIGN(const XclbinContents contents, renamed("other:" + unit));
  ASSERT_EQ(contents.description.kernels.size(), 2);
  EXPECT_EQ(contents.description.kernels[1].name, "other");
  EXPECT_EQ(contents.description.kernels[1].compute_units[0].name, unit);
  EXPECT_EQ(contents.description.kernels[1].compute_units[0].connections.size(), 4);
}

TEST(DamagedXclbinTest, MetadataMustBeXmlWithNumbers) {
  constexpr SectionKind kXml = xclbin_format::kEmbeddedMetadata;
  EXPECT_THAT(ReadXclbin(WithSectionText(GoodXclbin(), kXml, "{}")),
              Refused("EMBEDDED_METADATA: no XML: No document element found at byte"));
  EXPECT_THAT(
      ReadXclbin(Replaced(kXml, "id=\"3\"", "id=\"x\"")),
      Refused("EMBEDDED_METADATA: <arg name='output'>: id is 'x', allowed is a number up to "
              "2147483647"));
  EXPECT_THAT(ReadXclbin(Replaced(kXml, "id=\"3\"", "id=\"2147483648\"")), Refused("id is '2147"));
  EXPECT_THAT(ReadXclbin(Replaced(kXml, "id=\"3\"", "")), Refused("id is ''"));
  EXPECT_THAT(ReadXclbin(Replaced(kXml, "offset=\"0x34\"", "offset=\"-1\"")),
              Refused("offset is '-1'"));
  EXPECT_THAT(ReadXclbin(Replaced(kXml, "size=\"0x8\"", "size=\"0x10000000000000000\"")),
              Refused("size is '0x1"));
  EXPECT_THAT(ReadXclbin(Replaced(kXml, "range=\"0x1000\"", "range=\"\"")), Refused("range is ''"));
  EXPECT_THAT(ReadXclbin(Replaced(kXml, "dataWidth=\"32\"", "dataWidth=\"4294967296\"")),
              Refused("<port name='s_axi_control'>: dataWidth is '4294967296'"));
}

// Neither the parser nor the end of the tree may take the stack for each level.
TEST(DamagedXclbinTest, DeepXmlIsRead) {
  std::string deep;
  for (int i = 0; i < 1'000'000; ++i) deep += "<a>";
  for (int i = 0; i < 1'000'000; ++i) deep += "</a>";
  EXPECT_THAT(ReadXclbin(WithSectionText(GoodXclbin(), xclbin_format::kEmbeddedMetadata, deep)),
              IsOk());
}

TEST(DamagedXclbinTest, ArraysMustBeKnownAndPossible) {
  constexpr SectionKind kJson = xclbin_format::kBitstream;
  EXPECT_THAT(ReadXclbin(Replaced(kJson, "\"sta_virtual_card\":1", "\"sta_virtual_card\":2")),
              Refused("BITSTREAM: key 'sta_virtual_card'"));
  EXPECT_THAT(ReadXclbin(Replaced(kJson, "\"config\"", "\"konfig\"")),
              Refused("BITSTREAM: key 'config' must be an object"));
  EXPECT_THAT(ReadXclbin(Replaced(kJson, "\"max_channels\":4096", "\"max_channels\":4097")),
              Refused("BITSTREAM: card: max_channels is 4097, allowed is 1..4096"));
  EXPECT_THAT(ReadXclbin(Replaced(kJson, "\"tile\":8", "\"tile\":8.5")),
              Refused("BITSTREAM: key 'tile'"));
  EXPECT_THAT(ReadXclbin(Replaced(kJson, "\"tile\":8", "\"tile\":9223372036854775808")),
              Refused("BITSTREAM: key 'tile'"));
  EXPECT_THAT(ReadXclbin(Replaced(kJson, "\"tile\":8,", "")), Refused("BITSTREAM: key 'tile'"));
  EXPECT_THAT(ReadXclbin(WithSectionText(GoodXclbin(), kJson, "{}")), Refused("BITSTREAM: key"));
  EXPECT_THAT(ReadXclbin(WithSectionText(GoodXclbin(), kJson, "{\"")), Refused("BITSTREAM: "));
}

TEST(DamagedXclbinTest, ABitstreamForARealCardIsNoArray) {
  for (const std::string& bits :
       {std::string("\0\x09\x0f\xf0", 4), "{" + std::string(70000, ' ')}) {
    STA_ASSERT_OK_AND_ASSIGN(
        const XclbinContents contents,
        ReadXclbin(WithSectionText(GoodXclbin(), xclbin_format::kBitstream, bits)));
    EXPECT_FALSE(contents.description.array.has_value());
    EXPECT_EQ(contents.description.kernels.size(), 1);
  }
}

}  // namespace
}  // namespace sta
