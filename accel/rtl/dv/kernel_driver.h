// SPDX-License-Identifier: Apache-2.0
//
// Runs programs on a simulated kernel the way XRT does on a card: registers over s_axi_control,
// then ap_start, then the wait for ap_done.
//
//   KernelDriver driver(&kernel, &memory);
//   driver.Reset();
//   driver.SetArguments({.program = 0x10000, ...});
//   driver.Start();
//   ASSERT_TRUE(driver.WaitForDone(100'000));
//   EXPECT_EQ(driver.Error().code, 0);
#ifndef ACCEL_RTL_DV_KERNEL_DRIVER_H_
#define ACCEL_RTL_DV_KERNEL_DRIVER_H_

#include <cstdint>

#include "accel/program/card/kernel_registers.h"
#include "accel/rtl/dv/axi_memory.h"
#include "accel/rtl/dv/kernel_model.h"

namespace sta::rtl {

struct KernelArguments {
  uint64_t program = 0;
  uint64_t instructions = 0;
  uint64_t input = 0;
  uint64_t output = 0;
  uint32_t instruction_count = 0;
  uint32_t program_beats = 0;
  uint32_t input_beats = 0;
  uint32_t output_beats = 0;
};

struct KernelError {
  int code = 0;
  int instruction = 0;
};

struct KernelCounters {
  uint64_t cycles = 0;
  uint32_t engine_busy = 0;
  uint32_t wait_units = 0;
  uint32_t wait_weights = 0;
  uint32_t wait_softmax = 0;
  uint32_t wait_epilogue = 0;
  uint32_t engine_idle = 0;
  uint32_t vector_busy = 0;
  uint32_t beats_read = 0;
  uint32_t beats_written = 0;
};

struct KernelChecksums {
  uint32_t program = 0;
  uint32_t input = 0;
  uint32_t output = 0;

  bool operator==(const KernelChecksums&) const = default;
};

class KernelDriver {
 public:
  // Both must outlive the driver.
  KernelDriver(KernelModel* kernel, AxiMemory* memory) : kernel_(kernel), memory_(memory) {}

  // ap_rst_n for eight cycles, of the memory's transfers as well; then interrupts are enabled.
  void Reset();

  void WriteRegister(uint32_t offset, uint32_t value, uint8_t strobes = 0xF);
  uint32_t ReadRegister(uint32_t offset);

  void SetArguments(const KernelArguments& arguments);
  void Start() { WriteRegister(card::kControlRegister, card::kControlStart); }

  // Clocks until the interrupt, acknowledges it and reads ap_done; false after `cycle_bound`.
  bool WaitForDone(uint64_t cycle_bound);

  void Tick(uint64_t cycles = 1);

  bool interrupt() const { return outputs_.interrupt; }
  uint64_t cycles() const { return cycles_; }

  KernelError Error();
  KernelCounters Counters();
  KernelChecksums Checksums();

 private:
  KernelModel* kernel_;
  AxiMemory* memory_;
  KernelModel::Inputs inputs_;
  KernelModel::Outputs outputs_;  // before the last edge
  uint64_t cycles_ = 0;
};

}  // namespace sta::rtl

#endif  // ACCEL_RTL_DV_KERNEL_DRIVER_H_
