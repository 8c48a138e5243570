// SPDX-License-Identifier: Apache-2.0
//
// Reads and writes xclbins, the files that XRT puts on a card. We write them for virtual cards: one
// has, where a bitstream would be, the array that a card is to become. We read those of Vitis too.
//
//   absl::StatusOr<std::vector<uint8_t>> bytes = MakeStaXclbin({.array = config});
//   absl::StatusOr<XclbinContents> contents = ReadXclbin(*bytes);
//   contents->description.array->Name();  // "8x8x8"
//
// Pure functions; thread-safe. What is read is untrusted. Needs no XRT.
#ifndef ACCEL_XRT_XCLBIN_XCLBIN_H_
#define ACCEL_XRT_XCLBIN_XCLBIN_H_

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "accel/program/card/card_config.h"
#include "accel/xrt/xclbin/section_table.h"

namespace sta {

struct XclbinPort {
  std::string name;
  bool is_master = false;
  uint64_t range = 0;
  uint32_t data_bits = 0;

  friend bool operator==(const XclbinPort&, const XclbinPort&) = default;
};

struct XclbinArgument {
  int32_t index = 0;
  std::string name;
  std::string port;
  std::string type;  // of the host, such as "void*"
  uint64_t offset = 0;
  uint64_t size_bytes = 0;
  bool is_pointer = false;

  friend bool operator==(const XclbinArgument&, const XclbinArgument&) = default;
};

// The memory bank that a pointer argument of a compute unit reaches.
struct XclbinConnection {
  int32_t argument = 0;  // its index
  int32_t memory = 0;    // place in `memories`

  friend bool operator==(const XclbinConnection&, const XclbinConnection&) = default;
};

struct XclbinComputeUnit {
  std::string name;
  uint64_t base_address = 0;
  std::vector<XclbinConnection> connections;

  friend bool operator==(const XclbinComputeUnit&, const XclbinComputeUnit&) = default;
};

struct XclbinKernel {
  std::string name;
  std::vector<XclbinPort> ports;
  std::vector<XclbinArgument> arguments;
  std::vector<XclbinComputeUnit> compute_units;

  friend bool operator==(const XclbinKernel&, const XclbinKernel&) = default;
};

struct XclbinMemory {
  std::string tag;
  uint8_t type = 0;  // MEM_TYPE of xclbin.h
  bool is_used = false;
  uint64_t base_address = 0;
  uint64_t size_kb = 0;

  friend bool operator==(const XclbinMemory&, const XclbinMemory&) = default;
};

struct XclbinClock {
  std::string name;
  uint8_t type = 0;  // CLOCK_TYPE of xclbin.h
  uint16_t mhz = 0;

  friend bool operator==(const XclbinClock&, const XclbinClock&) = default;
};

struct XclbinDescription {
  std::string platform;
  std::vector<XclbinKernel> kernels;
  std::vector<XclbinMemory> memories;
  std::vector<XclbinClock> clocks;
  // What a virtual card becomes; nothing where there is a bitstream for a real one, or none.
  std::optional<card::CardConfig> array;

  friend bool operator==(const XclbinDescription&, const XclbinDescription&) = default;
};

using XclbinUuid = std::array<uint8_t, 16>;

struct XclbinContents {
  XclbinUuid uuid = {};
  std::vector<XclbinSection> sections;
  XclbinDescription description;
};

// INVALID_ARGUMENT says what is damaged, or there twice.
absl::StatusOr<XclbinContents> ReadXclbin(std::span<const uint8_t> file);

// An xclbin of XRT's mode hw_emu. The same description gives the same bytes, and its uuid is made
// from them. INVALID_ARGUMENT: a name does not fit its field or is no printable ASCII, a connection
// names no pointer argument or no memory, the array is none, or there are too many of something.
absl::StatusOr<std::vector<uint8_t>> WriteXclbin(const XclbinDescription& description);

struct StaXclbinOptions {
  card::CardConfig array;
  int64_t memory_mb = 1024;
  int64_t clock_mhz = 300;
};

// The STA kernel with one compute unit, on a card with one memory bank. INVALID_ARGUMENT: the array
// is none, or a number is out of its range.
absl::StatusOr<std::vector<uint8_t>> MakeStaXclbin(const StaXclbinOptions& options);

// "DDR4", "kernel" (of a clock), "3fe24ad0-...".
std::string MemoryTypeName(uint8_t type);
std::string ClockTypeName(uint8_t type);
std::string UuidText(const XclbinUuid& uuid);

}  // namespace sta

#endif  // ACCEL_XRT_XCLBIN_XCLBIN_H_
