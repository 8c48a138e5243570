// SPDX-License-Identifier: Apache-2.0
//
// ComputeUnit: a card's kernel and the scheduler before it: runs one command after the other, each
// with the time, and the faults, that it is to have.
//
//   ComputeUnit unit(body, memory, timing, faults);
//   unit.Submit({.packet = packet, .registers = registers, .completions = completions});
//   unit.Abort(*packet);
//
// Thread-safe; one thread of its own, and nothing but the destructor waits for it.
#ifndef ACCEL_VIRTUAL_CARD_SHIM_COMPUTE_UNIT_H_
#define ACCEL_VIRTUAL_CARD_SHIM_COMPUTE_UNIT_H_

#include <ert.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <stop_token>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "accel/virtual_card/card_body.h"
#include "accel/virtual_card/shim/card_spec.h"
#include "accel/virtual_card/shim/completion_queue.h"
#include "accel/virtual_card/shim/device_memory.h"
#include "accel/virtual_card/shim/fault_injector.h"

namespace sta::virtual_xrt {

// The words of a packet, shared with the host.
using Packet = std::vector<uint32_t>;

struct UnitRun {
  std::shared_ptr<Packet> packet;
  std::vector<uint32_t> registers;
  std::shared_ptr<CompletionQueue> completions;
};

class ComputeUnit {
 public:
  // Everything outlives this.
  ComputeUnit(card::CardBody& body, DeviceMemory& memory, const CardSpec& timing,
              FaultInjector& faults);
  // Runs that have not ended are given up: nobody is told.
  ~ComputeUnit();

  void Submit(UnitRun run) ABSL_LOCKS_EXCLUDED(mutex_);

  // Ends the run of this packet, if it has not ended; nothing where it is not known.
  void Abort(const Packet* packet) ABSL_LOCKS_EXCLUDED(mutex_);

  // Power is gone: the present run ends at once, and none after it begins. With `tell`, as a driver
  // does when a card is removed, they end in the state ABORT; else nobody hears of them.
  void PowerOff(bool tell) ABSL_LOCKS_EXCLUDED(mutex_);

  uint32_t ReadRegister(uint32_t offset) ABSL_LOCKS_EXCLUDED(mutex_);

  int64_t in_flight() const ABSL_LOCKS_EXCLUDED(mutex_);
  int64_t runs() const ABSL_LOCKS_EXCLUDED(mutex_);  // that have ended, however

 private:
  // What faults make of the registers, until the next run.
  struct RegisterFault {
    uint32_t error = 0;
    uint32_t output_checksum_change = 0;
  };

  void Loop();
  // The run at the front of the queue, and the state in which it ends.
  ert_cmd_state Execute(const UnitRun& run, const std::stop_token& stop);
  // Blocks until a stop is requested, or for good: until power is gone.
  void Hang(bool hard) ABSL_LOCKS_EXCLUDED(mutex_);
  // False when a stop was requested before.
  bool WaitUntil(absl::Time deadline) ABSL_LOCKS_EXCLUDED(mutex_);
  void DamageImage();
  void DamageOutput();
  absl::Duration SimulatedTime();
  void End(const UnitRun& run, ert_cmd_state state) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  card::CardBody& body_;
  DeviceMemory& memory_;
  const CardSpec timing_;
  FaultInjector& faults_;

  mutable absl::Mutex mutex_;
  std::deque<UnitRun> queue_ ABSL_GUARDED_BY(mutex_);  // the first one is running
  bool is_stopping_ ABSL_GUARDED_BY(mutex_) = false;   // the first one
  bool has_power_ ABSL_GUARDED_BY(mutex_) = true;
  bool tell_ ABSL_GUARDED_BY(mutex_) = false;
  int64_t runs_ ABSL_GUARDED_BY(mutex_) = 0;
  std::stop_source stop_ ABSL_GUARDED_BY(mutex_);  // of the first one
  RegisterFault register_fault_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;  // last: it uses the others
};

}  // namespace sta::virtual_xrt

#endif  // ACCEL_VIRTUAL_CARD_SHIM_COMPUTE_UNIT_H_
