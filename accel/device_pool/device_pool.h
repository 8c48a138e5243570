// SPDX-License-Identifier: Apache-2.0
//
// DevicePool: many devices that fail, behind one place to run a batch.
//
//   DevicePool pool(std::move(devices), {}, clock, observer);
//   auto program = pool.Load(model.program());                 // on every device that takes it
//   while (auto slot = pool.Choose(**program, offer)) {        // a device with room, or nothing
//     pool.Dispatch(*slot, MakeTask(slot->token_budget));      // PoolTask: the batch
//   }
//   ... task->Done(status) is called from the device's thread, and then on_room ...
//
// Behavior:
//  - One thread a device, which alone calls it (loads apart where caps().loads_beside_runs). A
//  device has room for caps().max_in_flight batches:
//    where that is two, transfers of one overlap with computing the other.
//  - Choose takes the device that will finish first by the devices' own estimates, corrected by
//    what their batches took. A device that is slower is chosen where it ends before the others
//    would have worked off all that waits (placement.h), so that it helps and is never in the way.
//  - A batch whose device fails (UNAVAILABLE, INTERNAL, DATA_LOSS) runs again on the device that
//    will finish first among those that it has not failed on, as long as its deadline allows.
//  - A batch that waits behind one that is late, or for a device that is not in service any more,
//    goes to another device if that would finish first now; so does one that waits for Choose.
//  - A device that failed is quarantined: recovered and probed with a known answer after a
//    back-off, which doubles with every failed attempt, and back in service when it answers right
//    (device_health.h). An operator can quarantine a device, and release it.
//  - A share of the batches (audit_fraction) is computed on a second device and compared before it
//    is answered: audit.h. What an emulator computes is taken to be right.
// A thread of the pool's own does what time alone, or an operator, gives reason for.
// Thread-safe. The destructor waits for what is running; tasks that are not are told UNAVAILABLE.
#ifndef ACCEL_DEVICE_POOL_DEVICE_POOL_H_
#define ACCEL_DEVICE_POOL_DEVICE_POOL_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "accel/device.h"
#include "accel/device_pool/clock.h"
#include "accel/device_pool/device_status.h"
#include "accel/device_pool/placement.h"
#include "accel/device_pool/pool_observer.h"

namespace sta {

struct DevicePoolOptions {
  // Share of the batches that are computed twice, 0 .. 1.
  double audit_fraction = 0;
  // Before the first attempt to bring a failed device back, and the longest.
  absl::Duration first_backoff = absl::Seconds(1);
  absl::Duration longest_backoff = absl::Minutes(5);
};

// A Program on the devices that take it.
class PooledProgram {
 public:
  virtual ~PooledProgram() = default;
  PooledProgram(const PooledProgram&) = delete;
  PooledProgram& operator=(const PooledProgram&) = delete;

  // Names of the devices that have it, in the pool's order.
  virtual std::vector<std::string> devices() const = 0;
  // Memory that it takes on them, beside the Program itself.
  virtual int64_t memory_bytes() const = 0;

 protected:
  PooledProgram() = default;
};

// A batch to run. Its methods are called from threads of the pool, one at a time, never with a lock
// held; Prepare and Done are a good place to work, not to wait.
class PoolTask {
 public:
  struct Work {
    PackedSequences batch;
    std::span<int16_t> output;
  };

  virtual ~PoolTask() = default;

  // Of the batch, as PackedSequences has them; called by Dispatch. Valid until Done has returned.
  virtual std::span<const int32_t> sequence_offsets() const = 0;
  // Before the first run; the result stays valid until Done has returned. `device` runs it.
  virtual Work Prepare(std::string_view device) = 0;
  virtual absl::Time deadline() const = 0;
  // Exactly once: OK (output of Prepare is written), DEADLINE_EXCEEDED, INVALID_ARGUMENT, or
  // UNAVAILABLE where no device could run it. Destroyed right after.
  virtual void Done(const absl::Status& status) = 0;
};

class PoolCore;

class DevicePool {
 public:
  // At least one device, names distinct. `clock` and `observer` outlive the pool.
  DevicePool(std::vector<std::unique_ptr<Device>> devices, const DevicePoolOptions& options,
             Clock& clock, PoolObserver& observer);
  ~DevicePool();
  DevicePool(const DevicePool&) = delete;
  DevicePool& operator=(const DevicePool&) = delete;

  // Loads `program` on every device; blocks for as long as that takes, while batches of other
  // programs go on between the devices' loads. A device that cannot take it (UNIMPLEMENTED: does
  // not fit its array; RESOURCE_EXHAUSTED) or is not ready now is left out; where all are, the
  // status of the last, with the device's name. The result outlives its batches and is destroyed
  // before the pool, or by the last task that the pool destroys.
  absl::StatusOr<std::unique_ptr<PooledProgram>> Load(std::shared_ptr<const Program> program);

  // What waits: a batch that might be dispatched, and all that waits with it.
  struct Offer {
    std::span<const int32_t> sequence_offsets;  // of the batch, as PackedSequences has them
    int64_t waiting_tokens = 0;                 // of all queues, those of the batch among them
  };
  struct Slot {
    size_t device = 0;
    // Most tokens that the batch should have: fewer than offered where other devices have room,
    // too, and would finish their share at the same time. At least 1.
    int64_t token_budget = 0;
    absl::Duration estimate;  // of such a batch
    absl::Duration begin;     // until the device is free for it
  };
  // A device with room that should take the batch now; nothing where it should wait for one that is
  // busy, or no device is ready. Does not block. Its answer holds until the next Dispatch, or
  // failure; a slot that has become invalid is no error of the caller's: see Dispatch.
  std::optional<Slot> Choose(const PooledProgram& program, const Offer& offer) const;

  // When a batch would be done that comes to the devices after so many other tokens of its kind:
  // from now on, at the best. Nothing where no device is ready for it. Does not block.
  std::optional<Outlook> LookAhead(const PooledProgram& program,
                                   std::span<const int32_t> sequence_offsets,
                                   int64_t tokens_before) const;

  // Hands a batch to a device of Choose; where that is not ready any more, to another. Does not
  // block and runs nothing itself: Done is always called from another thread. `program` stays valid
  // until Done; the task may own it.
  void Dispatch(const Slot& slot, const PooledProgram& program, std::unique_ptr<PoolTask> task);

  // Called from a thread of the pool, without locks, whenever Choose may have a new answer: a batch
  // was finished, a device came back, failed or was quarantined, or is late where Choose has said
  // to wait. Set once, before the first Load.
  void SetOnRoom(absl::AnyInvocable<void()> on_room);

  // Largest batch that every device takes.
  int64_t max_tokens() const;

  std::vector<DeviceStatus> Devices() const;
  // Blocks until something in Devices() other than a counter has changed since `seen` (0: returns
  // at once), or `deadline`; returns what to pass the next time.
  uint64_t WaitForChange(uint64_t seen, absl::Time deadline) const;
  // Lets every WaitForChange return as if something had changed.
  void WakeWaiters();

  // Takes a device out of service until Release; what runs on it goes on, what waits for it goes
  // elsewhere. NOT_FOUND names the
  // devices that there are; FAILED_PRECONDITION where no other device is ready, unless `force`.
  absl::Status Quarantine(std::string_view device, std::string_view reason, bool force);
  // Puts a device on probation at once, whoever quarantined it; NOT_FOUND as above. A device that
  // is ready stays so.
  absl::Status Release(std::string_view device);

 private:
  std::unique_ptr<PoolCore> core_;
};

}  // namespace sta

#endif  // ACCEL_DEVICE_POOL_DEVICE_POOL_H_
