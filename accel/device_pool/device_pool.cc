// SPDX-License-Identifier: Apache-2.0
#include "accel/device_pool/device_pool.h"

#include <utility>

#include "accel/device_pool/pool_core.h"

namespace sta {

DevicePool::DevicePool(std::vector<std::unique_ptr<Device>> devices,
                       const DevicePoolOptions& options, Clock& clock, PoolObserver& observer)
    : core_(std::make_unique<PoolCore>(std::move(devices), options, clock, observer)) {}
DevicePool::~DevicePool() = default;

absl::StatusOr<std::unique_ptr<PooledProgram>> DevicePool::Load(
    std::shared_ptr<const Program> program) {
  return core_->Load(std::move(program));
}
std::optional<DevicePool::Slot> DevicePool::Choose(const PooledProgram& program,
                                                   const Offer& offer) const {
  return core_->Choose(*static_cast<const ProgramOfPool&>(program).copies(), offer);
}
std::optional<Outlook> DevicePool::LookAhead(const PooledProgram& program,
                                             std::span<const int32_t> sequence_offsets,
                                             int64_t tokens_before) const {
  return core_->LookAhead(*static_cast<const ProgramOfPool&>(program).copies(), sequence_offsets,
                          tokens_before);
}
void DevicePool::Dispatch(const Slot& slot, const PooledProgram& program,
                          std::unique_ptr<PoolTask> task) {
  auto job = std::make_unique<PoolJob>();
  job->sequence_offsets = task->sequence_offsets();
  job->task = std::move(task);
  job->program = static_cast<const ProgramOfPool&>(program).copies();
  core_->Dispatch(slot, std::move(job));
}
void DevicePool::SetOnRoom(absl::AnyInvocable<void()> on_room) {
  core_->SetOnRoom(std::move(on_room));
}
int64_t DevicePool::max_tokens() const { return core_->max_tokens(); }
std::vector<DeviceStatus> DevicePool::Devices() const { return core_->Devices(); }
uint64_t DevicePool::WaitForChange(uint64_t seen, absl::Time deadline) const {
  return core_->WaitForChange(seen, deadline);
}
void DevicePool::WakeWaiters() { core_->WakeWaiters(); }
absl::Status DevicePool::Quarantine(std::string_view device, std::string_view reason, bool force) {
  return core_->Quarantine(device, reason, force);
}
absl::Status DevicePool::Release(std::string_view device) { return core_->Release(device); }

}  // namespace sta
