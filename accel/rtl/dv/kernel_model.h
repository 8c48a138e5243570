// SPDX-License-Identifier: Apache-2.0
//
// The pins of a simulated sta_kernel, whatever its configuration: see verilated_kernel.h.
#ifndef ACCEL_RTL_DV_KERNEL_MODEL_H_
#define ACCEL_RTL_DV_KERNEL_MODEL_H_

#include <cstdint>

#include "accel/rtl/dv/axi_memory.h"

namespace sta::rtl {

class KernelModel {
 public:
  struct Inputs {
    bool reset = false;
    // s_axi_control.
    bool awvalid = false;
    uint32_t awaddr = 0;
    bool wvalid = false;
    uint32_t wdata = 0;
    uint8_t wstrb = 0;
    bool bready = false;
    bool arvalid = false;
    uint32_t araddr = 0;
    bool rready = false;
  };
  struct Outputs {
    bool interrupt = false;
    bool awready = false;
    bool wready = false;
    bool bvalid = false;
    bool arready = false;
    bool rvalid = false;
    uint32_t rdata = 0;
    AxiMemory::Master memory;
  };

  virtual ~KernelModel() = default;

  // Sets the inputs and gives the outputs as they stand before the rising edge.
  virtual Outputs Settle(const Inputs& inputs, const AxiMemory::Slave& memory) = 0;
  // The rising edge.
  virtual void Clock() = 0;
};

}  // namespace sta::rtl

#endif  // ACCEL_RTL_DV_KERNEL_MODEL_H_
