// SPDX-License-Identifier: Apache-2.0
//
// The bytes of an xclbin: those structures of XRT's public xclbin.h that we read and write, so that
// neither needs XRT. A test compares them with xclbin.h. Little-endian. Internal to
// accel/xrt/xclbin.
#ifndef ACCEL_XRT_XCLBIN_XCLBIN_FORMAT_H_
#define ACCEL_XRT_XCLBIN_XCLBIN_FORMAT_H_

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sta::xclbin_format {

static_assert(std::endian::native == std::endian::little, "xclbins are little-endian");

inline constexpr std::string_view kMagic("xclbin2\0", 8);
inline constexpr int32_t kUnsigned = -1;
inline constexpr uint16_t kModeHardwareEmulation = 4;
inline constexpr uint32_t kMaxSections = 0x10000;
inline constexpr size_t kSectionAlignment = 8;

enum SectionKind : uint32_t {
  kBitstream = 0,
  kEmbeddedMetadata = 2,
  kMemTopology = 6,
  kConnectivity = 7,
  kIpLayout = 8,
  kClockFreqTopology = 11,
};

// Section headers follow it, then, anywhere, the sections.
struct FileHeader {
  char magic[8] = {};
  int32_t signature_length = kUnsigned;
  uint8_t reserved[28] = {};  // 0xFF
  uint8_t key_block[256] = {};
  uint64_t unique_id = 0;
  uint64_t length = 0;  // of the file
  uint64_t timestamp = 0;
  uint64_t feature_rom_timestamp = 0;
  uint16_t version_patch = 0;
  uint8_t version_major = 0;
  uint8_t version_minor = 0;
  uint16_t mode = 0;
  uint16_t action_mask = 0;
  uint8_t rom_uuid[16] = {};
  char platform[64] = {};
  uint8_t uuid[16] = {};
  char debug_bin[16] = {};
  uint32_t section_count = 0;
  uint32_t padding = 0;
};
static_assert(sizeof(FileHeader) == 456);

struct SectionHeader {
  uint32_t kind = 0;
  char name[16] = {};
  uint32_t padding = 0;
  uint64_t offset = 0;
  uint64_t size = 0;
};
static_assert(sizeof(SectionHeader) == 40);

// A section that is a table has a count, and then, from `kFirst` on, so many entries.
struct MemoryEntry {
  static constexpr size_t kFirst = 8;
  using Count = int32_t;

  uint8_t type = 0;
  uint8_t used = 0;
  uint8_t padding[6] = {};
  uint64_t size_kb = 0;
  uint64_t base_address = 0;
  char tag[16] = {};
};
static_assert(sizeof(MemoryEntry) == 40);

struct IpEntry {
  static constexpr size_t kFirst = 8;
  using Count = int32_t;
  static constexpr uint32_t kKernel = 1;
  // `properties` of a kernel that is controlled by ap_ctrl_hs, which is 0 in bits 15:8.
  static constexpr uint32_t kInterruptEnabled = 1;
  static constexpr uint32_t kInterruptIdShift = 1;
  static constexpr uint32_t kMaxInterruptId = 127;

  uint32_t type = 0;
  uint32_t properties = 0;
  uint64_t base_address = 0;
  char name[64] = {};
};
static_assert(sizeof(IpEntry) == 80);

struct ConnectionEntry {
  static constexpr size_t kFirst = 4;
  using Count = int32_t;

  int32_t argument = 0;
  int32_t ip = 0;
  int32_t memory = 0;
};
static_assert(sizeof(ConnectionEntry) == 12);

struct ClockEntry {
  static constexpr size_t kFirst = 2;
  using Count = int16_t;

  uint16_t mhz = 0;
  uint8_t type = 0;
  uint8_t padding[5] = {};
  char name[128] = {};
};
static_assert(sizeof(ClockEntry) == 136);

}  // namespace sta::xclbin_format

#endif  // ACCEL_XRT_XCLBIN_XCLBIN_FORMAT_H_
