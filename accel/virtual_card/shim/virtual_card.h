// SPDX-License-Identifier: Apache-2.0
//
// VirtualCard: a card in its slot: opened by one process at a time, removed and put back, and what
// the control channel does to it.
//
// Thread-safe.
#ifndef ACCEL_VIRTUAL_CARD_SHIM_VIRTUAL_CARD_H_
#define ACCEL_VIRTUAL_CARD_SHIM_VIRTUAL_CARD_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "accel/virtual_card/shim/card_session.h"
#include "accel/virtual_card/shim/card_spec.h"
#include "accel/virtual_card/shim/fault_injector.h"
#include "accel/virtual_card/shim/file_lock.h"

namespace sta::virtual_xrt {

class VirtualCard {
 public:
  VirtualCard(int index, const CardSpec& spec, std::string lock_path)
      : spec_(spec), lock_path_(std::move(lock_path)), faults_(static_cast<uint64_t>(index)) {}

  // The session that others in this process have, or a new one. It ends when nobody holds it.
  // UNAVAILABLE: the card is not there; FAILED_PRECONDITION: another process has it.
  absl::StatusOr<std::shared_ptr<CardSession>> Open() ABSL_LOCKS_EXCLUDED(mutex_);

  // Nothing answers any more, until PutBack and another Open. With `tell` the driver notices and
  // ends runs in the state ABORT; without, they stay as they are.
  void TakeAway(bool tell) ABSL_LOCKS_EXCLUDED(mutex_);
  void PutBack() ABSL_LOCKS_EXCLUDED(mutex_);
  bool is_present() const ABSL_LOCKS_EXCLUDED(mutex_);

  FaultInjector& faults() { return faults_; }

  // {"present":true,"open":true,"runs":17,"in_flight":0,"faults":2,"buffers":1,"memory_used":8192};
  // runs, buffers and memory are those of the present session.
  std::string StatusJson() const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  // Deletes a session that was the last to be held.
  void End(CardSession* session) ABSL_LOCKS_EXCLUDED(mutex_);

  const CardSpec spec_;
  const std::string lock_path_;
  FaultInjector faults_;
  mutable absl::Mutex mutex_;
  bool is_present_ ABSL_GUARDED_BY(mutex_) = true;
  std::weak_ptr<CardSession> session_ ABSL_GUARDED_BY(mutex_);
  // Held as long as there is any session: one without power may last long.
  std::unique_ptr<FileLock> lock_ ABSL_GUARDED_BY(mutex_);
  int sessions_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace sta::virtual_xrt

#endif  // ACCEL_VIRTUAL_CARD_SHIM_VIRTUAL_CARD_H_
