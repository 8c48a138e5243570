// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <string_view>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "accel/xrt/xclbin/kernel_interface.h"
#include "accel/xrt/xclbin/xclbin.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

constexpr const char* kPlatform = "sta_virtual_card";
// As on an Alveo U250.
constexpr uint64_t kBankAddress = 0x4000000000;
constexpr uint64_t kKernelAddress = 0x1800000;

constexpr int64_t kMaxMemoryMb = int64_t{1} << 20;
constexpr int64_t kMaxClockMhz = 1000;

// MEM_TYPE and CLOCK_TYPE of xclbin.h.
constexpr std::array<std::string_view, 12> kMemoryTypes = {
    "DDR3", "DDR4", "DRAM", "streaming", "preallocated", "ARE",
    "HBM",  "BRAM", "URAM", "stream",    "host",         "PS kernel"};
constexpr std::array<std::string_view, 4> kClockTypes = {"unused", "data", "kernel", "system"};
constexpr uint8_t kDdr4 = 1;
constexpr uint8_t kDataClock = 1;
constexpr uint8_t kKernelClock = 2;

XclbinPort PortOf(const kernel_interface::Port& port) {
  return {std::string(port.name), port.is_master, port.range, port.data_bits};
}

XclbinKernel StaKernel() {
  XclbinKernel kernel = {
      .name = std::string(kernel_interface::kName),
      .ports = {PortOf(kernel_interface::kControlPort), PortOf(kernel_interface::kMemoryPort)}};
  XclbinComputeUnit unit = {.name = std::string(kernel_interface::kComputeUnit),
                            .base_address = kKernelAddress};
  int32_t index = 0;
  for (const kernel_interface::Argument& argument : kernel_interface::kArguments) {
    kernel.arguments.push_back({.index = index,
                                .name = std::string(argument.name),
                                .port = std::string(argument.port().name),
                                .type = std::string(argument.type()),
                                .offset = argument.offset,
                                .size_bytes = argument.size_bytes(),
                                .is_pointer = argument.is_pointer});
    if (argument.is_pointer) unit.connections.push_back({.argument = index, .memory = 0});
    ++index;
  }
  kernel.compute_units.push_back(std::move(unit));
  return kernel;
}

absl::Status CheckRange(std::string_view name, int64_t value, int64_t most) {
  if (value >= 1 && value <= most) return absl::OkStatus();
  return absl::InvalidArgumentError(StrCat(name, " is ", value, ", allowed is 1..", most));
}

}  // namespace

absl::StatusOr<std::vector<uint8_t>> MakeStaXclbin(const StaXclbinOptions& options) {
  absl::Status status = CheckRange("memory_mb", options.memory_mb, kMaxMemoryMb);
  status.Update(CheckRange("clock_mhz", options.clock_mhz, kMaxClockMhz));
  if (!status.ok()) return status;
  const auto mhz = static_cast<uint16_t>(options.clock_mhz);
  return WriteXclbin({.platform = kPlatform,
                      .kernels = {StaKernel()},
                      .memories = {{.tag = "bank0",
                                    .type = kDdr4,
                                    .is_used = true,
                                    .base_address = kBankAddress,
                                    .size_kb = static_cast<uint64_t>(options.memory_mb) * 1024}},
                      .clocks = {{.name = "DATA_CLK", .type = kDataClock, .mhz = mhz},
                                 {.name = "KERNEL_CLK", .type = kKernelClock, .mhz = mhz}},
                      .array = options.array});
}

std::string MemoryTypeName(uint8_t type) {
  return type < kMemoryTypes.size() ? std::string(kMemoryTypes[type]) : StrCat("type ", type);
}

std::string ClockTypeName(uint8_t type) {
  return type < kClockTypes.size() ? std::string(kClockTypes[type]) : StrCat("type ", type);
}

std::string UuidText(const XclbinUuid& uuid) {
  std::string text =
      absl::BytesToHexString({reinterpret_cast<const char*>(uuid.data()), uuid.size()});
  for (const size_t dash : {8, 13, 18, 23}) text.insert(dash, 1, '-');
  return text;
}

}  // namespace sta
