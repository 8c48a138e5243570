// SPDX-License-Identifier: Apache-2.0
//
// Our structures are those of XRT's public header.
#include "accel/xrt/xclbin/xclbin_format.h"

#include <gtest/gtest.h>
#include <xclbin.h>

#include "accel/xrt/xclbin/section_table.h"

namespace sta::xclbin_format {
namespace {

TEST(XclbinFormatTest, HeadersLieAsInXrt) {
  EXPECT_EQ(sizeof(FileHeader), offsetof(axlf, m_sections));
  EXPECT_EQ(offsetof(FileHeader, signature_length), offsetof(axlf, m_signature_length));
  EXPECT_EQ(offsetof(FileHeader, reserved), offsetof(axlf, reserved));
  EXPECT_EQ(offsetof(FileHeader, length), offsetof(axlf, m_header.m_length));
  EXPECT_EQ(offsetof(FileHeader, mode), offsetof(axlf, m_header.m_mode));
  EXPECT_EQ(offsetof(FileHeader, platform), offsetof(axlf, m_header.m_platformVBNV));
  EXPECT_EQ(offsetof(FileHeader, uuid), offsetof(axlf, m_header.uuid));
  EXPECT_EQ(offsetof(FileHeader, section_count), offsetof(axlf, m_header.m_numSections));
  EXPECT_EQ(sizeof(SectionHeader), sizeof(axlf_section_header));
  EXPECT_EQ(offsetof(SectionHeader, kind), offsetof(axlf_section_header, m_sectionKind));
  EXPECT_EQ(offsetof(SectionHeader, name), offsetof(axlf_section_header, m_sectionName));
  EXPECT_EQ(offsetof(SectionHeader, offset), offsetof(axlf_section_header, m_sectionOffset));
  EXPECT_EQ(offsetof(SectionHeader, size), offsetof(axlf_section_header, m_sectionSize));
}

TEST(XclbinFormatTest, TablesLieAsInXrt) {
  EXPECT_EQ(MemoryEntry::kFirst, offsetof(mem_topology, m_mem_data));
  EXPECT_EQ(sizeof(MemoryEntry), sizeof(mem_data));
  EXPECT_EQ(offsetof(MemoryEntry, used), offsetof(mem_data, m_used));
  EXPECT_EQ(offsetof(MemoryEntry, size_kb), offsetof(mem_data, m_size));
  EXPECT_EQ(offsetof(MemoryEntry, base_address), offsetof(mem_data, m_base_address));
  EXPECT_EQ(offsetof(MemoryEntry, tag), offsetof(mem_data, m_tag));
  EXPECT_EQ(IpEntry::kFirst, offsetof(ip_layout, m_ip_data));
  EXPECT_EQ(sizeof(IpEntry), sizeof(ip_data));
  EXPECT_EQ(offsetof(IpEntry, properties), offsetof(ip_data, properties));
  EXPECT_EQ(offsetof(IpEntry, base_address), offsetof(ip_data, m_base_address));
  EXPECT_EQ(offsetof(IpEntry, name), offsetof(ip_data, m_name));
  EXPECT_EQ(ConnectionEntry::kFirst, offsetof(connectivity, m_connection));
  EXPECT_EQ(sizeof(ConnectionEntry), sizeof(connection));
  EXPECT_EQ(offsetof(ConnectionEntry, ip), offsetof(connection, m_ip_layout_index));
  EXPECT_EQ(offsetof(ConnectionEntry, memory), offsetof(connection, mem_data_index));
  EXPECT_EQ(ClockEntry::kFirst, offsetof(clock_freq_topology, m_clock_freq));
  EXPECT_EQ(sizeof(ClockEntry), sizeof(clock_freq));
  EXPECT_EQ(offsetof(ClockEntry, type), offsetof(clock_freq, m_type));
  EXPECT_EQ(offsetof(ClockEntry, name), offsetof(clock_freq, m_name));
}

TEST(XclbinFormatTest, NumbersMeanWhatTheyMeanInXrt) {
  EXPECT_EQ(kModeHardwareEmulation, XCLBIN_HW_EMU);
  EXPECT_EQ(kMaxSections, XCLBIN_MAX_NUM_SECTION);
  EXPECT_EQ(kBitstream, static_cast<uint32_t>(BITSTREAM));
  EXPECT_EQ(kEmbeddedMetadata, static_cast<uint32_t>(EMBEDDED_METADATA));
  EXPECT_EQ(kMemTopology, static_cast<uint32_t>(MEM_TOPOLOGY));
  EXPECT_EQ(kConnectivity, static_cast<uint32_t>(CONNECTIVITY));
  EXPECT_EQ(kIpLayout, static_cast<uint32_t>(IP_LAYOUT));
  EXPECT_EQ(kClockFreqTopology, static_cast<uint32_t>(CLOCK_FREQ_TOPOLOGY));
  EXPECT_EQ(IpEntry::kKernel, static_cast<uint32_t>(IP_KERNEL));
  EXPECT_EQ(IpEntry::kInterruptEnabled, IP_INT_ENABLE_MASK);
  EXPECT_EQ(IpEntry::kMaxInterruptId << IpEntry::kInterruptIdShift, IP_INTERRUPT_ID_MASK);
  EXPECT_EQ(AP_CTRL_HS, 0);
  EXPECT_EQ(SectionKindName(SOFT_KERNEL), "SOFT_KERNEL");
  EXPECT_EQ(SectionKindName(VENDER_METADATA), "VENDER_METADATA");
}

}  // namespace
}  // namespace sta::xclbin_format
