// SPDX-License-Identifier: Apache-2.0
#include "accel/virtual_card/verilated/verilated_body.h"

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "accel/program/card/card_config.h"
#include "accel/program/card/kernel_registers.h"

namespace sta::card {
namespace {

// A memory that makes the kernel wait for it now and then, so that a unit that does not wait where
// it must reads the wrong bytes.
constexpr rtl::AxiMemory::Options kMemory = {
    .latency = 50, .latency_jitter = 20, .beats_a_cycle = 1, .stall_percent = 5};
constexpr uint32_t kMemorySeed = 1;

// What a register access, or a stop, may have to wait for: some tens of milliseconds.
constexpr uint64_t kCyclesAtATime = 2000;

}  // namespace

VerilatedBody::VerilatedBody(std::unique_ptr<rtl::KernelModel> kernel, const BoardMemory& memory)
    : kernel_(std::move(kernel)), memory_(kMemory, kMemorySeed), driver_(kernel_.get(), &memory_) {
  // Whole beats are what the bus can move.
  const size_t size = memory.bytes.size() / kBeatBytes * kBeatBytes;
  memory_.AddRegion(memory.base_address, memory.bytes.first(size));
  driver_.Reset();
}

uint32_t VerilatedBody::ReadRegister(uint32_t offset) {
  ++waiting_accesses_;
  absl::MutexLock lock(&mutex_);
  --waiting_accesses_;
  waiting_accesses_.notify_one();
  // Reading it in a run would clear ap_done, which Run waits for.
  if (offset == kControlRegister && is_running_) return kControlStart;
  return driver_.ReadRegister(offset);
}

void VerilatedBody::WriteRegister(uint32_t offset, uint32_t value) {
  // Start and interrupts are Run's.
  if (offset < kProgramRegister) return;
  ++waiting_accesses_;
  absl::MutexLock lock(&mutex_);
  --waiting_accesses_;
  waiting_accesses_.notify_one();
  driver_.WriteRegister(offset, value);
}

RunEnd VerilatedBody::Run(std::stop_token stop) {
  Start();
  while (!Advance()) {
    if (stop.stop_requested()) {
      Reset();
      return RunEnd::kStopped;
    }
    while (const int waiting = waiting_accesses_) waiting_accesses_.wait(waiting);
  }
  return RunEnd::kDone;
}

void VerilatedBody::Start() {
  absl::MutexLock lock(&mutex_);
  is_running_ = true;
  driver_.Start();
}

bool VerilatedBody::Advance() {
  absl::MutexLock lock(&mutex_);
  const bool is_done = driver_.WaitForDone(kCyclesAtATime);
  if (!memory_.violation().empty()) {
    std::fprintf(stderr, "the simulated kernel breaks the rules of AXI: %s\n",
                 memory_.violation().c_str());
    std::abort();
  }
  if (is_done) is_running_ = false;
  return is_done;
}

void VerilatedBody::Reset() {
  absl::MutexLock lock(&mutex_);
  driver_.Reset();
  is_running_ = false;
}

}  // namespace sta::card
