// SPDX-License-Identifier: Apache-2.0
//
// The STA kernel as XRT sees it: its ports, and its arguments in order, at the offsets of
// kernel_registers.h. accel/rtl/packaging/kernel.xml says the same to Vitis; a test compares them.
#ifndef ACCEL_XRT_XCLBIN_KERNEL_INTERFACE_H_
#define ACCEL_XRT_XCLBIN_KERNEL_INTERFACE_H_

#include <array>
#include <cstdint>
#include <string_view>

#include "accel/program/card/kernel_registers.h"

namespace sta::kernel_interface {

inline constexpr std::string_view kName = "sta";
inline constexpr std::string_view kComputeUnit = "sta_1";

struct Port {
  std::string_view name;
  bool is_master = false;
  uint64_t range = 0;  // highest address that it has, or bytes of its registers
  uint32_t data_bits = 0;
};

inline constexpr Port kControlPort = {"s_axi_control", false, 0x1000, 32};
inline constexpr Port kMemoryPort = {"m_axi_gmem", true, UINT64_MAX, 512};

struct Argument {
  std::string_view name;
  uint32_t offset = 0;
  bool is_pointer = false;

  constexpr const Port& port() const { return is_pointer ? kMemoryPort : kControlPort; }
  constexpr uint32_t size_bytes() const { return is_pointer ? 8 : 4; }
  constexpr std::string_view type() const { return is_pointer ? "void*" : "unsigned int"; }
};

// An argument's index, which XRT calls its id, is its place here.
inline constexpr std::array kArguments = {
    Argument{"program", card::kProgramRegister, true},
    Argument{"instructions", card::kInstructionsRegister, true},
    Argument{"input", card::kInputRegister, true},
    Argument{"output", card::kOutputRegister, true},
    Argument{"instruction_count", card::kInstructionCountRegister},
    Argument{"program_beats", card::kProgramBeatsRegister},
    Argument{"input_beats", card::kInputBeatsRegister},
    Argument{"output_beats", card::kOutputBeatsRegister},
};

}  // namespace sta::kernel_interface

#endif  // ACCEL_XRT_XCLBIN_KERNEL_INTERFACE_H_
