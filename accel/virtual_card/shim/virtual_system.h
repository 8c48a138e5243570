// SPDX-License-Identifier: Apache-2.0
//
// VirtualSystem: the process's virtual cards, as XRT's library finds them: constructing it is what
// makes it the system that the library has.
//
// Thread-safe.
#ifndef ACCEL_VIRTUAL_CARD_SHIM_VIRTUAL_SYSTEM_H_
#define ACCEL_VIRTUAL_CARD_SHIM_VIRTUAL_SYSTEM_H_

#include <deque>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "accel/virtual_card/shim/virtual_card.h"
#include "accel/virtual_card/shim/virtual_device.h"
#include "accel/virtual_card/shim/xrt_internals.h"

namespace sta::virtual_xrt {

class VirtualSystem final : public xrt_core::system {
 public:
  // The cards outlive this. Without them every call throws the status: a library that is loaded has
  // no other way to say what is wrong. Throws where XRT has a system already.
  explicit VirtualSystem(const absl::StatusOr<std::vector<VirtualCard*>>& cards);

  std::pair<unsigned int, unsigned int> get_total_devices(bool is_user) const override;
  std::shared_ptr<xrt_core::device> get_userpf_device(unsigned int index) const override;
  std::shared_ptr<xrt_core::device> get_userpf_device(void* handle,
                                                      unsigned int index) const override;
  std::shared_ptr<xrt_core::device> get_mgmtpf_device(unsigned int index) const override;

 private:
  // A place for an opened device. Its address is the handle by which XRT knows the device, and is
  // used again: XRT looks handles up without a lock, in a map that grows with every new one.
  struct Opening {
    std::shared_ptr<VirtualDevice> device;  // nothing: it is free
  };

  void Close(Opening& opening) const ABSL_LOCKS_EXCLUDED(mutex_);

  const absl::StatusOr<std::vector<VirtualCard*>> cards_;
  mutable absl::Mutex mutex_;
  // Of each card.
  mutable std::map<unsigned int, std::deque<Opening>> openings_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace sta::virtual_xrt

#endif  // ACCEL_VIRTUAL_CARD_SHIM_VIRTUAL_SYSTEM_H_
