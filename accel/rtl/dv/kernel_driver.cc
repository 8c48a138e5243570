// SPDX-License-Identifier: Apache-2.0
#include "accel/rtl/dv/kernel_driver.h"

#include <cstdio>
#include <cstdlib>

namespace sta::rtl {
namespace {

constexpr int kResetCycles = 8;
constexpr int kLiteBound = 100;  // cycles that a register access may take

[[noreturn]] void Hang(const char* what, uint32_t offset) {
  std::fprintf(stderr, "s_axi_control: %s of 0x%x is not answered\n", what, offset);
  std::abort();
}

void Put64(KernelDriver& driver, uint32_t offset, uint64_t value) {
  driver.WriteRegister(offset, static_cast<uint32_t>(value));
  driver.WriteRegister(offset + 4, static_cast<uint32_t>(value >> 32));
}

}  // namespace

void KernelDriver::Tick(uint64_t cycles) {
  for (uint64_t i = 0; i < cycles; ++i) {
    outputs_ = kernel_->Settle(inputs_, memory_->slave());
    if (!inputs_.reset) memory_->Tick(outputs_.memory);
    kernel_->Clock();
    ++cycles_;
  }
}

void KernelDriver::Reset() {
  inputs_ = {};
  inputs_.reset = true;
  memory_->Reset();
  Tick(kResetCycles);
  inputs_.reset = false;
  WriteRegister(card::kGlobalInterruptRegister, 1);
  WriteRegister(card::kInterruptEnableRegister, 1);
}

void KernelDriver::WriteRegister(uint32_t offset, uint32_t value, uint8_t strobes) {
  inputs_.awvalid = true;
  inputs_.awaddr = offset;
  inputs_.wvalid = true;
  inputs_.wdata = value;
  inputs_.wstrb = strobes;
  inputs_.bready = true;
  for (int i = 0; i < kLiteBound; ++i) {
    Tick();
    if (outputs_.awready) inputs_.awvalid = false;
    if (outputs_.wready) inputs_.wvalid = false;
    if (outputs_.bvalid) {
      inputs_.bready = false;
      return;
    }
  }
  Hang("write", offset);
}

uint32_t KernelDriver::ReadRegister(uint32_t offset) {
  inputs_.arvalid = true;
  inputs_.araddr = offset;
  inputs_.rready = true;
  for (int i = 0; i < kLiteBound; ++i) {
    Tick();
    if (outputs_.arready) inputs_.arvalid = false;
    if (outputs_.rvalid) {
      inputs_.rready = false;
      return outputs_.rdata;
    }
  }
  Hang("read", offset);
}

void KernelDriver::SetArguments(const KernelArguments& arguments) {
  Put64(*this, card::kProgramRegister, arguments.program);
  Put64(*this, card::kInstructionsRegister, arguments.instructions);
  Put64(*this, card::kInputRegister, arguments.input);
  Put64(*this, card::kOutputRegister, arguments.output);
  WriteRegister(card::kInstructionCountRegister, arguments.instruction_count);
  WriteRegister(card::kProgramBeatsRegister, arguments.program_beats);
  WriteRegister(card::kInputBeatsRegister, arguments.input_beats);
  WriteRegister(card::kOutputBeatsRegister, arguments.output_beats);
}

bool KernelDriver::WaitForDone(uint64_t cycle_bound) {
  const uint64_t end = cycles_ + cycle_bound;
  while (!outputs_.interrupt) {
    if (cycles_ >= end) return false;
    Tick();
  }
  WriteRegister(card::kInterruptStatusRegister, ReadRegister(card::kInterruptStatusRegister));
  return (ReadRegister(card::kControlRegister) & card::kControlDone) != 0;
}

KernelError KernelDriver::Error() {
  const uint32_t value = ReadRegister(card::kErrorRegister);
  return {static_cast<int>(value & 0xFF), static_cast<int>(value >> 16)};
}

KernelCounters KernelDriver::Counters() {
  KernelCounters counters;
  counters.cycles = ReadRegister(card::kCyclesRegister);
  counters.cycles |= uint64_t{ReadRegister(card::kCyclesRegister + 4)} << 32;
  counters.engine_busy = ReadRegister(card::kEngineBusyRegister);
  counters.wait_units = ReadRegister(card::kWaitUnitsRegister);
  counters.wait_weights = ReadRegister(card::kWaitWeightsRegister);
  counters.wait_softmax = ReadRegister(card::kWaitSoftmaxRegister);
  counters.wait_epilogue = ReadRegister(card::kWaitEpilogueRegister);
  counters.engine_idle = ReadRegister(card::kEngineIdleRegister);
  counters.vector_busy = ReadRegister(card::kVectorBusyRegister);
  counters.beats_read = ReadRegister(card::kBeatsReadRegister);
  counters.beats_written = ReadRegister(card::kBeatsWrittenRegister);
  return counters;
}

KernelChecksums KernelDriver::Checksums() {
  return {ReadRegister(card::kProgramChecksumRegister), ReadRegister(card::kInputChecksumRegister),
          ReadRegister(card::kOutputChecksumRegister)};
}

}  // namespace sta::rtl
