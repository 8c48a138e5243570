// SPDX-License-Identifier: Apache-2.0
//
// VerilatedBody: the circuit itself behind the registers of a virtual card: a simulated sta_kernel
// whose s_axi_control the host reads and writes, and whose memory port sees the card's memory.
//
// It simulates some hundred thousand of the kernel's cycles a second. What is a bug of the circuit
// (a failed assertion, a transfer against the rules of AXI) ends the process, as in the benches.
#ifndef ACCEL_VIRTUAL_CARD_VERILATED_VERILATED_BODY_H_
#define ACCEL_VIRTUAL_CARD_VERILATED_VERILATED_BODY_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <stop_token>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "accel/rtl/dv/axi_memory.h"
#include "accel/rtl/dv/kernel_driver.h"
#include "accel/rtl/dv/kernel_model.h"
#include "accel/virtual_card/card_body.h"

namespace sta::card {

class VerilatedBody final : public CardBody {
 public:
  // Reset, as a card is that was just programmed. The bytes of `memory` outlive this.
  VerilatedBody(std::unique_ptr<rtl::KernelModel> kernel, const BoardMemory& memory);

  uint32_t ReadRegister(uint32_t offset) override ABSL_LOCKS_EXCLUDED(mutex_);
  void WriteRegister(uint32_t offset, uint32_t value) override ABSL_LOCKS_EXCLUDED(mutex_);
  RunEnd Run(std::stop_token stop) override ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  void Start() ABSL_LOCKS_EXCLUDED(mutex_);
  // Some cycles of a run; true when it has ended.
  bool Advance() ABSL_LOCKS_EXCLUDED(mutex_);
  void Reset() ABSL_LOCKS_EXCLUDED(mutex_);

  const std::unique_ptr<rtl::KernelModel> kernel_;
  // Register accesses that want the lock: a run lets them have it before it goes on.
  std::atomic<int> waiting_accesses_ = 0;
  absl::Mutex mutex_;
  rtl::AxiMemory memory_ ABSL_GUARDED_BY(mutex_);
  rtl::KernelDriver driver_ ABSL_GUARDED_BY(mutex_);
  bool is_running_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace sta::card

#endif  // ACCEL_VIRTUAL_CARD_VERILATED_VERILATED_BODY_H_
