// SPDX-License-Identifier: Apache-2.0
//
// CardSession: a card from the moment that a process opens it until nobody has it open any more:
// what is lost when it is opened again. Its memory, and, once an xclbin is loaded, its kernel.
//
// Thread-safe. Errors are Status here; VirtualDevice makes exceptions of them, as XRT wants them.
#ifndef ACCEL_VIRTUAL_CARD_SHIM_CARD_SESSION_H_
#define ACCEL_VIRTUAL_CARD_SHIM_CARD_SESSION_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "accel/virtual_card/card_body.h"
#include "accel/virtual_card/shim/array_design.h"
#include "accel/virtual_card/shim/card_spec.h"
#include "accel/virtual_card/shim/compute_unit.h"
#include "accel/virtual_card/shim/device_memory.h"
#include "accel/virtual_card/shim/fault_injector.h"

namespace sta::virtual_xrt {

class CardSession {
 public:
  // `faults` outlives this.
  CardSession(const CardSpec& spec, FaultInjector& faults) : spec_(spec), faults_(faults) {}

  // UNAVAILABLE when the card is dead or gone.
  absl::Status Check() const ABSL_LOCKS_EXCLUDED(mutex_);

  // Makes an array of the card. Once: the same xclbin again changes nothing, and another is refused
  // with FAILED_PRECONDITION. INVALID_ARGUMENT and UNAVAILABLE as ReadArrayDesign and MakeBody.
  // Says on stderr where the card has less memory than the xclbin's bank.
  absl::Status Load(const axlf& xclbin) ABSL_LOCKS_EXCLUDED(mutex_);
  std::optional<ArrayDesign> design() const ABSL_LOCKS_EXCLUDED(mutex_);

  // FAILED_PRECONDITION before an xclbin is loaded; RESOURCE_EXHAUSTED.
  absl::StatusOr<uint64_t> Allocate(uint64_t bytes) ABSL_LOCKS_EXCLUDED(mutex_);
  void Free(uint64_t address) ABSL_LOCKS_EXCLUDED(mutex_);

  // Transfers to and from allocated memory. They block for as long as the simulated bus takes,
  // after those that began before in the same direction.
  absl::Status Upload(std::span<const uint8_t> host, uint64_t address) ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Status Download(uint64_t address, std::span<uint8_t> host) ABSL_LOCKS_EXCLUDED(mutex_);

  // FAILED_PRECONDITION before an xclbin is loaded.
  absl::Status Submit(UnitRun run) ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Status Abort(const Packet* packet) ABSL_LOCKS_EXCLUDED(mutex_);
  absl::StatusOr<uint32_t> ReadRegister(uint32_t offset) ABSL_LOCKS_EXCLUDED(mutex_);

  // From now on every call fails with UNAVAILABLE. With `tell`, runs end in the state ABORT.
  void PowerOff(bool tell) ABSL_LOCKS_EXCLUDED(mutex_);

  int64_t in_flight() const ABSL_LOCKS_EXCLUDED(mutex_);
  int64_t runs() const ABSL_LOCKS_EXCLUDED(mutex_);
  uint64_t used_bytes() const ABSL_LOCKS_EXCLUDED(mutex_);
  size_t buffer_count() const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  // What an xclbin makes of the card. Set once.
  struct Array {
    ArrayDesign design;
    DeviceMemory memory;
    std::unique_ptr<card::CardBody> body;
    std::unique_ptr<ComputeUnit> unit;
  };

  // The array, where there is power and an xclbin.
  absl::StatusOr<Array*> Ready() const ABSL_LOCKS_EXCLUDED(mutex_);
  // Blocks until a transfer of so much is over that begins at `bus_free`, or now.
  void WaitForBus(absl::Time& bus_free, uint64_t bytes) ABSL_LOCKS_EXCLUDED(mutex_);

  const CardSpec spec_;
  FaultInjector& faults_;
  mutable absl::Mutex mutex_;
  bool has_power_ ABSL_GUARDED_BY(mutex_) = true;
  std::unique_ptr<Array> array_ ABSL_GUARDED_BY(mutex_);
  absl::Time upload_bus_free_ = absl::InfinitePast();
  absl::Time download_bus_free_ = absl::InfinitePast();
};

}  // namespace sta::virtual_xrt

#endif  // ACCEL_VIRTUAL_CARD_SHIM_CARD_SESSION_H_
