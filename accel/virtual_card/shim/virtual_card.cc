// SPDX-License-Identifier: Apache-2.0
#include "accel/virtual_card/shim/virtual_card.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "absl/status/status.h"

namespace sta::virtual_xrt {

absl::StatusOr<std::shared_ptr<CardSession>> VirtualCard::Open() {
  absl::MutexLock lock(&mutex_);
  if (!is_present_) return absl::UnavailableError("the card is not there");
  if (std::shared_ptr<CardSession> session = session_.lock()) return session;
  if (lock_ == nullptr) {
    absl::StatusOr<std::unique_ptr<FileLock>> acquired = FileLock::Acquire(lock_path_);
    if (!acquired.ok()) return acquired.status();
    lock_ = *std::move(acquired);
  }
  ++sessions_;
  std::shared_ptr<CardSession> session(new CardSession(spec_, faults_),
                                       [this](CardSession* ended) { End(ended); });
  session_ = session;
  return session;
}

void VirtualCard::End(CardSession* session) {
  delete session;  // blocks until its present run has stopped
  absl::MutexLock lock(&mutex_);
  if (--sessions_ == 0) lock_.reset();
}

void VirtualCard::TakeAway(bool tell) {
  std::shared_ptr<CardSession> session;  // may be the last to hold it, and ends without the lock
  {
    absl::MutexLock lock(&mutex_);
    is_present_ = false;
    session = session_.lock();
    session_.reset();
  }
  if (session != nullptr) session->PowerOff(tell);
}

void VirtualCard::PutBack() {
  absl::MutexLock lock(&mutex_);
  is_present_ = true;
}

bool VirtualCard::is_present() const {
  absl::MutexLock lock(&mutex_);
  return is_present_;
}

std::string VirtualCard::StatusJson() const {
  std::shared_ptr<CardSession> session;
  bool is_present = false;
  {
    absl::MutexLock lock(&mutex_);
    session = session_.lock();
    is_present = is_present_;
  }
  const nlohmann::json status = {
      {"present", is_present},
      {"open", session != nullptr},
      {"runs", session == nullptr ? 0 : session->runs()},
      {"in_flight", session == nullptr ? 0 : session->in_flight()},
      {"faults", faults_.injected()},
      {"buffers", session == nullptr ? 0 : session->buffer_count()},
      {"memory_used", session == nullptr ? 0 : session->used_bytes()},
  };
  return status.dump();
}

}  // namespace sta::virtual_xrt
