// SPDX-License-Identifier: Apache-2.0
//
// The pins of a Verilated sta_kernel.
//
//   VerilatedKernel<Vsta_kernel_8x8> kernel(seed);
//   KernelDriver driver(&kernel, &memory);
#ifndef ACCEL_RTL_DV_VERILATED_KERNEL_H_
#define ACCEL_RTL_DV_VERILATED_KERNEL_H_

#include <cstdint>

#include "accel/rtl/dv/axi_memory.h"
#include "accel/rtl/dv/axi_signals.h"
#include "accel/rtl/dv/kernel_model.h"
#include "accel/rtl/dv/simulation.h"

namespace sta::rtl {

template <typename Model>
class VerilatedKernel : public KernelModel {
 public:
  explicit VerilatedKernel(uint32_t seed) : model_(seed) {}

  Outputs Settle(const Inputs& inputs, const AxiMemory::Slave& memory) override {
    model_.context().assertOn(!inputs.reset);  // the reset takes two cycles to reach everything
    if (is_reset_ && !inputs.reset) model_.OnResetEnd();
    is_reset_ = inputs.reset;
    model_->ap_clk = 0;
    model_->ap_rst_n = !inputs.reset;
    model_->s_axi_control_awvalid = inputs.awvalid;
    model_->s_axi_control_awaddr = static_cast<uint16_t>(inputs.awaddr);
    model_->s_axi_control_wvalid = inputs.wvalid;
    model_->s_axi_control_wdata = inputs.wdata;
    model_->s_axi_control_wstrb = inputs.wstrb;
    model_->s_axi_control_bready = inputs.bready;
    model_->s_axi_control_arvalid = inputs.arvalid;
    model_->s_axi_control_araddr = static_cast<uint16_t>(inputs.araddr);
    model_->s_axi_control_rready = inputs.rready;
    model_->m_axi_gmem_awready = memory.awready;
    model_->m_axi_gmem_wready = memory.wready;
    model_->m_axi_gmem_bvalid = memory.bvalid;
    model_->m_axi_gmem_bresp = static_cast<uint8_t>(memory.bresp);
    model_->m_axi_gmem_arready = memory.arready;
    model_->m_axi_gmem_rvalid = memory.rvalid;
    AssignBeat(memory.rdata, model_->m_axi_gmem_rdata);
    model_->m_axi_gmem_rresp = static_cast<uint8_t>(memory.rresp);
    model_->m_axi_gmem_rlast = memory.rlast;
    model_->eval();

    Outputs outputs;
    outputs.interrupt = model_->__SYM__interrupt != 0;  // Verilator's name for a word of C++
    outputs.awready = model_->s_axi_control_awready != 0;
    outputs.wready = model_->s_axi_control_wready != 0;
    outputs.bvalid = model_->s_axi_control_bvalid != 0;
    outputs.arready = model_->s_axi_control_arready != 0;
    outputs.rvalid = model_->s_axi_control_rvalid != 0;
    outputs.rdata = model_->s_axi_control_rdata;
    outputs.memory.awvalid = model_->m_axi_gmem_awvalid != 0;
    outputs.memory.awaddr = model_->m_axi_gmem_awaddr;
    outputs.memory.awlen = model_->m_axi_gmem_awlen;
    outputs.memory.wvalid = model_->m_axi_gmem_wvalid != 0;
    outputs.memory.wdata = ToBeat(model_->m_axi_gmem_wdata);
    outputs.memory.wstrb = model_->m_axi_gmem_wstrb;
    outputs.memory.wlast = model_->m_axi_gmem_wlast != 0;
    outputs.memory.bready = model_->m_axi_gmem_bready != 0;
    outputs.memory.arvalid = model_->m_axi_gmem_arvalid != 0;
    outputs.memory.araddr = model_->m_axi_gmem_araddr;
    outputs.memory.arlen = model_->m_axi_gmem_arlen;
    outputs.memory.rready = model_->m_axi_gmem_rready != 0;
    return outputs;
  }

  void Clock() override {
    model_->ap_clk = 1;
    model_->eval();
  }

 private:
  Simulation<Model> model_;
  bool is_reset_ = false;
};

}  // namespace sta::rtl

#endif  // ACCEL_RTL_DV_VERILATED_KERNEL_H_
