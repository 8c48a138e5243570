// SPDX-License-Identifier: Apache-2.0
#include "server/batching/batcher.h"

#include <utility>

#include "server/batching/batcher_core.h"

namespace sta {

Batcher::Batcher(std::unique_ptr<DevicePool> pool, const BatcherOptions& options, Clock& clock,
                 BatchObserver& observer)
    : core_(std::make_unique<BatcherCore>(std::move(pool), options, clock, observer)) {}
Batcher::~Batcher() = default;

absl::StatusOr<std::shared_ptr<ServedModel>> Batcher::Load(
    std::string name, int64_t version, std::shared_ptr<const LoadedModel> model) {
  return core_->Load(std::move(name), version, std::move(model));
}
void Batcher::Submit(InferenceJob job) { core_->Submit(std::move(job)); }
absl::Status Batcher::CheckEarly(const EarlyRequest& request) { return core_->CheckEarly(request); }
void Batcher::StopAccepting() { core_->StopAccepting(); }
bool Batcher::WaitUntilIdle(absl::Time deadline) { return core_->WaitUntilIdle(deadline); }
DevicePool& Batcher::pool() { return core_->pool(); }

}  // namespace sta
