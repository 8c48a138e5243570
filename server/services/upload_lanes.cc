// SPDX-License-Identifier: Apache-2.0
#include "server/services/upload_lanes.h"

#include <utility>

namespace sta {

void UploadLanes::Lane::Post(WorkerPool& pool, absl::AnyInvocable<void()> task) {
  const absl::MutexLock lock(&mutex_);
  waiting_.push_back({.pool = &pool, .task = std::move(task)});
  if (waiting_.size() == 1) SubmitFirst();
}

void UploadLanes::Lane::SubmitFirst() {
  waiting_.front().pool->Submit([self = shared_from_this()] { self->RunFirst(); });
}

void UploadLanes::Lane::RunFirst() {
  absl::AnyInvocable<void()> task;
  {
    const absl::MutexLock lock(&mutex_);
    task = std::move(waiting_.front().task);
  }
  task();
  task = nullptr;  // what it holds may end here, before the next begins
  const absl::MutexLock lock(&mutex_);
  waiting_.pop_front();
  if (!waiting_.empty()) SubmitFirst();
}

void UploadLanes::Lane::TakeOver(const std::shared_ptr<Owner>& owner) {
  const std::shared_ptr<Owner> before = owner_.lock();
  owner_ = owner;
  if (before != nullptr && before != owner) before->TakenOver();
}

std::shared_ptr<UploadLanes::Lane> UploadLanes::Of(const std::string& upload_id) {
  const absl::MutexLock lock(&mutex_);
  // There are no more entries than streams, so that looking at all of them is cheap.
  std::erase_if(lanes_, [](const auto& entry) { return entry.second.expired(); });
  std::weak_ptr<Lane>& known = lanes_[upload_id];
  std::shared_ptr<Lane> lane = known.lock();
  if (lane == nullptr) {
    lane = std::make_shared<Lane>();
    known = lane;
  }
  return lane;
}

}  // namespace sta
