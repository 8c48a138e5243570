// SPDX-License-Identifier: Apache-2.0
#include "accel/xrt/xclbin/section_table.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "accel/xrt/xclbin/xclbin_format.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

using xclbin_format::FileHeader;
using xclbin_format::SectionHeader;

// axlf_section_kind of xclbin.h.
constexpr std::array<std::string_view, 32> kKindNames = {"BITSTREAM",
                                                         "CLEARING_BITSTREAM",
                                                         "EMBEDDED_METADATA",
                                                         "FIRMWARE",
                                                         "DEBUG_DATA",
                                                         "SCHED_FIRMWARE",
                                                         "MEM_TOPOLOGY",
                                                         "CONNECTIVITY",
                                                         "IP_LAYOUT",
                                                         "DEBUG_IP_LAYOUT",
                                                         "DESIGN_CHECK_POINT",
                                                         "CLOCK_FREQ_TOPOLOGY",
                                                         "MCS",
                                                         "BMC",
                                                         "BUILD_METADATA",
                                                         "KEYVALUE_METADATA",
                                                         "USER_METADATA",
                                                         "DNA_CERTIFICATE",
                                                         "PDI",
                                                         "BITSTREAM_PARTIAL_PDI",
                                                         "PARTITION_METADATA",
                                                         "EMULATION_DATA",
                                                         "SYSTEM_METADATA",
                                                         "SOFT_KERNEL",
                                                         "ASK_FLASH",
                                                         "AIE_METADATA",
                                                         "ASK_GROUP_TOPOLOGY",
                                                         "ASK_GROUP_CONNECTIVITY",
                                                         "SMARTNIC",
                                                         "AIE_RESOURCES",
                                                         "OVERLAY",
                                                         "VENDER_METADATA"};

absl::Status Invalid(const std::string& what) { return absl::InvalidArgumentError(what); }

absl::Status CheckHeader(const FileHeader& header, uint64_t file_bytes) {
  if (std::string_view(header.magic, sizeof(header.magic)) != xclbin_format::kMagic) {
    return Invalid("it does not begin with 'xclbin2'");
  }
  if (header.length != file_bytes) {
    return Invalid(StrCat("it has ", file_bytes, " bytes, its header says ", header.length));
  }
  const uint64_t room = (file_bytes - sizeof(FileHeader)) / sizeof(SectionHeader);
  if (header.section_count > std::min<uint64_t>(room, xclbin_format::kMaxSections)) {
    return Invalid(StrCat("its ", header.section_count, " section headers do not lie in it"));
  }
  return absl::OkStatus();
}

// Of sections that each lie in the file.
absl::Status CheckOverlaps(const std::vector<XclbinSection>& sections) {
  std::vector<size_t> order;
  for (size_t i = 0; i < sections.size(); ++i) {
    if (sections[i].size_bytes > 0) order.push_back(i);
  }
  std::ranges::sort(order, {}, [&](size_t i) { return std::pair(sections[i].offset, i); });
  for (size_t i = 1; i < order.size(); ++i) {
    const XclbinSection& before = sections[order[i - 1]];
    if (before.offset + before.size_bytes > sections[order[i]].offset) {
      return Invalid(StrCat("its sections ", order[i - 1], " and ", order[i], " overlap"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<XclbinSection>> ReadSectionTable(std::span<const uint8_t> file) {
  FileHeader header;
  if (file.size() < sizeof(header)) return Invalid("it is too short");
  std::memcpy(&header, file.data(), sizeof(header));
  absl::Status status = CheckHeader(header, file.size());
  if (!status.ok()) return status;
  const uint64_t first_byte =
      sizeof(FileHeader) + uint64_t{header.section_count} * sizeof(SectionHeader);
  std::vector<XclbinSection> sections;
  for (size_t i = 0; i < header.section_count; ++i) {
    SectionHeader section;
    std::memcpy(&section, &file[sizeof(FileHeader) + i * sizeof(section)], sizeof(section));
    if (section.offset > file.size() || section.size > file.size() - section.offset) {
      return Invalid(StrCat("its section ", i, " does not lie in it"));
    }
    if (section.size > 0 && section.offset < first_byte) {
      return Invalid(StrCat("its section ", i, " begins inside its headers"));
    }
    sections.push_back({.kind = section.kind,
                        .name = {section.name, strnlen(section.name, sizeof(section.name))},
                        .offset = section.offset,
                        .size_bytes = section.size});
  }
  status = CheckOverlaps(sections);
  if (!status.ok()) return status;
  return sections;
}

std::string SectionKindName(uint32_t kind) {
  return kind < kKindNames.size() ? std::string(kKindNames[kind]) : StrCat("kind ", kind);
}

}  // namespace sta
