// SPDX-License-Identifier: Apache-2.0
//
// The kernel's registers at its s_axi_control, as accel/rtl/doc/registers.md has them: the one list
// of their offsets in C++, for the host, for virtual cards and for the benches of the circuit.
#ifndef ACCEL_PROGRAM_CARD_KERNEL_REGISTERS_H_
#define ACCEL_PROGRAM_CARD_KERNEL_REGISTERS_H_

#include <cstdint>

namespace sta::card {

inline constexpr uint32_t kControlRegister = 0x00;
inline constexpr uint32_t kGlobalInterruptRegister = 0x04;
inline constexpr uint32_t kInterruptEnableRegister = 0x08;
inline constexpr uint32_t kInterruptStatusRegister = 0x0C;

// Arguments. Addresses have two registers, the low half first.
inline constexpr uint32_t kProgramRegister = 0x10;
inline constexpr uint32_t kInstructionsRegister = 0x1C;
inline constexpr uint32_t kInputRegister = 0x28;
inline constexpr uint32_t kOutputRegister = 0x34;
inline constexpr uint32_t kInstructionCountRegister = 0x40;
inline constexpr uint32_t kProgramBeatsRegister = 0x48;
inline constexpr uint32_t kInputBeatsRegister = 0x50;
inline constexpr uint32_t kOutputBeatsRegister = 0x58;

// The error of the last run, and what the array is.
inline constexpr uint32_t kErrorRegister = 0x80;
inline constexpr uint32_t kConfigurationRegister = 0x84;
inline constexpr uint32_t kActivationRowsRegister = 0x88;
inline constexpr uint32_t kResidualBeatsRegister = 0x8C;
inline constexpr uint32_t kKeyValueTilesRegister = 0x90;
inline constexpr uint32_t kMaxTokensRegister = 0x94;
inline constexpr uint32_t kMaxChannelsRegister = 0x98;

// Counters. Cycles have two registers, the low half first.
inline constexpr uint32_t kCyclesRegister = 0xA0;
inline constexpr uint32_t kEngineBusyRegister = 0xA8;
inline constexpr uint32_t kWaitUnitsRegister = 0xAC;
inline constexpr uint32_t kWaitWeightsRegister = 0xB0;
inline constexpr uint32_t kWaitSoftmaxRegister = 0xB4;
inline constexpr uint32_t kWaitEpilogueRegister = 0xB8;
inline constexpr uint32_t kEngineIdleRegister = 0xBC;
inline constexpr uint32_t kVectorBusyRegister = 0xC0;
inline constexpr uint32_t kBeatsReadRegister = 0xC4;
inline constexpr uint32_t kBeatsWrittenRegister = 0xC8;

inline constexpr uint32_t kProgramChecksumRegister = 0xD0;
inline constexpr uint32_t kInputChecksumRegister = 0xD4;
inline constexpr uint32_t kOutputChecksumRegister = 0xD8;

// Bits of kControlRegister.
inline constexpr uint32_t kControlStart = 1U << 0;
inline constexpr uint32_t kControlDone = 1U << 1;
inline constexpr uint32_t kControlIdle = 1U << 2;
inline constexpr uint32_t kControlReady = 1U << 3;
inline constexpr uint32_t kControlAutoRestart = 1U << 7;

}  // namespace sta::card

#endif  // ACCEL_PROGRAM_CARD_KERNEL_REGISTERS_H_
