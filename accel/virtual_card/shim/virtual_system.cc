// SPDX-License-Identifier: Apache-2.0
#include "accel/virtual_card/shim/virtual_system.h"

#include <algorithm>
#include <cerrno>
#include <stdexcept>
#include <system_error>

#include "accel/virtual_card/shim/device_map.h"
#include "strings/str_cat.h"

namespace sta::virtual_xrt {

VirtualSystem::VirtualSystem(const absl::StatusOr<std::vector<VirtualCard*>>& cards)
    : cards_(cards) {}

std::pair<unsigned int, unsigned int> VirtualSystem::get_total_devices(bool /*is_user*/) const {
  if (!cards_.ok()) throw std::runtime_error(std::string(cards_.status().message()));
  const auto count = static_cast<unsigned int>(cards_->size());
  return {count, count};
}

std::shared_ptr<xrt_core::device> VirtualSystem::get_userpf_device(unsigned int index) const {
  const unsigned int count = get_total_devices(true).first;
  if (index >= count) {
    throw std::system_error(ENODEV, std::system_category(),
                            StrCat("there is no card ", index, ", but ", count));
  }
  absl::StatusOr<std::shared_ptr<CardSession>> session = (*cards_)[index]->Open();
  if (!session.ok()) {
    throw std::system_error(absl::IsFailedPrecondition(session.status()) ? EBUSY : ENODEV,
                            std::system_category(),
                            StrCat("card ", index, ": ", StdView(session.status().message())));
  }
  Opening* opening = nullptr;
  {
    absl::MutexLock lock(&mutex_);
    std::deque<Opening>& openings = openings_[index];
    const auto free = std::ranges::find(openings, nullptr, &Opening::device);
    opening = free == openings.end() ? &openings.emplace_back() : &*free;
    opening->device = std::shared_ptr<VirtualDevice>(new VirtualDevice(
        index, opening, *std::move(session), [this, opening] { Close(*opening); }));
  }
  ShowDeviceMapWritten();
  return xrt_core::get_userpf_device(opening, index);
}

std::shared_ptr<xrt_core::device> VirtualSystem::get_userpf_device(void* handle,
                                                                   unsigned int /*index*/) const {
  absl::MutexLock lock(&mutex_);
  return static_cast<Opening*>(handle)->device;
}

std::shared_ptr<xrt_core::device> VirtualSystem::get_mgmtpf_device(unsigned int /*index*/) const {
  throw std::system_error(ENOTSUP, std::system_category(), "virtual cards have no management");
}

void VirtualSystem::Close(Opening& opening) const {
  std::shared_ptr<VirtualDevice> closed;  // destroyed after the lock is released
  absl::MutexLock lock(&mutex_);
  closed = std::move(opening.device);
}

}  // namespace sta::virtual_xrt
