// SPDX-License-Identifier: Apache-2.0
//
// Joins an AxiMemory to the AXI ports of one Verilated unit (m_axi_<signal>_i and _o). Call before
// Settle(), then again after it what reads the master.
#ifndef ACCEL_RTL_DV_AXI_SIGNALS_H_
#define ACCEL_RTL_DV_AXI_SIGNALS_H_

#include <cstddef>
#include <cstdint>

#include "accel/rtl/dv/axi_memory.h"

namespace sta::rtl {

// Between a 512-bit port (VlWide) and a Beat.
template <typename Wide>
void AssignBeat(const Beat& beat, Wide& wide) {
  for (size_t i = 0; i < beat.size(); ++i) wide[i] = beat[i];
}

template <typename Wide>
Beat ToBeat(const Wide& wide) {
  Beat beat;
  for (size_t i = 0; i < beat.size(); ++i) beat[i] = wide[i];
  return beat;
}

template <typename Model>
void DriveReadPort(const AxiMemory::Slave& slave, Model& model) {
  model.m_axi_arready_i = slave.arready;
  model.m_axi_rvalid_i = slave.rvalid;
  AssignBeat(slave.rdata, model.m_axi_rdata_i);
  model.m_axi_rresp_i = static_cast<uint8_t>(slave.rresp);
  model.m_axi_rlast_i = slave.rlast;
}

template <typename Model>
void SampleReadPort(const Model& model, AxiMemory::Master& master) {
  master.arvalid = model.m_axi_arvalid_o != 0;
  master.araddr = model.m_axi_araddr_o;
  master.arlen = model.m_axi_arlen_o;
  master.rready = model.m_axi_rready_o != 0;
}

template <typename Model>
void DriveWritePort(const AxiMemory::Slave& slave, Model& model) {
  model.m_axi_awready_i = slave.awready;
  model.m_axi_wready_i = slave.wready;
  model.m_axi_bvalid_i = slave.bvalid;
  model.m_axi_bresp_i = static_cast<uint8_t>(slave.bresp);
}

template <typename Model>
void SampleWritePort(const Model& model, AxiMemory::Master& master) {
  master.awvalid = model.m_axi_awvalid_o != 0;
  master.awaddr = model.m_axi_awaddr_o;
  master.awlen = model.m_axi_awlen_o;
  master.wvalid = model.m_axi_wvalid_o != 0;
  master.wdata = ToBeat(model.m_axi_wdata_o);
  master.wstrb = model.m_axi_wstrb_o;
  master.wlast = model.m_axi_wlast_o != 0;
  master.bready = model.m_axi_bready_o != 0;
}

}  // namespace sta::rtl

#endif  // ACCEL_RTL_DV_AXI_SIGNALS_H_
