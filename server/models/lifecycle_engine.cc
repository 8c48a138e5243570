// SPDX-License-Identifier: Apache-2.0
#include "server/models/lifecycle_engine.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "model_store/store/retention.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

// A version that retention would delete is not to be loaded for being new.
LifecyclePolicy WithinRetention(const ModelManagerOptions& options) {
  LifecyclePolicy policy = options.policy;
  if (options.keep_versions > 0) {
    policy.load_newest = std::min(policy.load_newest, options.keep_versions);
  }
  return policy;
}

}  // namespace

LifecycleEngine::LifecycleEngine(const ModelManager::Parts& parts,
                                 const ModelManagerOptions& options,
                                 std::shared_ptr<TaskQueue> queue)
    : parts_(parts),
      options_(options),
      queue_(std::move(queue)),
      table_(parts.registry, parts.feed, parts.clock, WithinRetention(options)),
      loading_(std::make_unique<LoadingThread>(parts.host, parts.clock)) {}

void LifecycleEngine::Sync() {
  std::shared_ptr<const StoreSnapshot> store = parts_.store.Snapshot();
  if (store.get() != &table_.store()) table_.Sync(std::move(store));
}

bool LifecycleEngine::Step() {
  if (SettleOne()) return true;
  const std::optional<Action> action = NextAction(table_.Snapshot(), table_.policy());
  if (!action.has_value()) return RetireOne();
  VersionRecord& record = *table_.Find(action->name, action->version);
  switch (action->kind) {
    case Action::Kind::kLoad:
      Load(record);
      break;
    case Action::Kind::kUnload:
      Drain(record, /*evict=*/false);
      break;
    case Action::Kind::kEvict:
      Drain(record, /*evict=*/true);
      break;
    case Action::Kind::kRefuse:
      Refuse(record);
      break;
  }
  return true;
}

bool LifecycleEngine::SettleOne() {
  VersionRecord* record = table_.FindIf([](const VersionRecord& candidate) {
    return candidate.is_at_rest() && (candidate.is_gone || candidate.is_deleting ||
                                      candidate.is_stale || !candidate.unloaded_waiters.empty());
  });
  if (record != nullptr) Settle(*record);
  return record != nullptr;
}

void LifecycleEngine::Settle(VersionRecord& record) {
  VersionRecord::Tell(record.unloaded_waiters, absl::OkStatus());
  if (record.is_gone) {
    std::vector<VersionRecord::Waiter> ready = std::move(record.ready_waiters);
    std::vector<VersionRecord::Waiter> deleted = std::move(record.deleted_waiters);
    const std::string message = StrCat("model '", record.info.name, "' version ",
                                       record.info.version, " is not in the store any more");
    table_.Erase(record);
    VersionRecord::Tell(ready, absl::NotFoundError(message));
    VersionRecord::Tell(deleted, absl::OkStatus());
  } else if (record.is_deleting) {
    Delete(record);
  } else if (record.is_stale) {
    record.is_stale = record.is_verified = record.was_reloaded = false;
    record.memory_bytes = 0;
    record.summary = nullptr;
    record.may_retry = true;
    table_.Publish(record.info.name);
  }
}

void LifecycleEngine::Delete(VersionRecord& record) {
  const absl::Status status =
      parts_.store.DeleteVersion(record.info.name, record.info.version, /*force=*/true);
  if (status.ok()) {
    Sync();  // the record is gone from there, and settled next
    record.is_gone = true;
    return;
  }
  record.is_deleting = false;
  VersionRecord::Tell(record.deleted_waiters, status);
  table_.Publish(record.info.name);
}

bool LifecycleEngine::RetireOne() {
  if (options_.keep_versions == 0 || parts_.store.read_only()) return false;
  for (const RetentionVictim& victim :
       ChooseRetentionVictims(table_.store(), options_.keep_versions)) {
    VersionRecord* record = table_.Find(victim.name, victim.version);
    if (record == nullptr || !record->is_at_rest() || record->is_leaving() || record->is_pinned ||
        record->is_spared || record->is_demanded()) {
      continue;
    }
    // A good version may be the last that can be served: not before a newer one has shown that it
    // can.
    const VersionRecord* newer = table_.FindIf([&](const VersionRecord& other) {
      return other.info.name == victim.name && other.info.version > victim.version &&
             other.state == ModelState::kReady;
    });
    if (newer == nullptr) continue;
    record->is_deleting = true;
    record->deleted_waiters.push_back([this, victim](const absl::Status& status) {
      VersionRecord* kept = table_.Find(victim.name, victim.version);
      if (kept != nullptr) kept->is_spared = true;
      parts_.observer.OnRetention(victim.name, victim.version, status);
    });
    return true;
  }
  return false;
}

void LifecycleEngine::Load(VersionRecord& record) {
  is_loading_ = true;
  record.is_evicted = record.is_refused = record.may_retry = false;
  record.retry_at = absl::InfiniteFuture();
  const bool beside_others = table_.FindIf([](const VersionRecord& other) {
    return other.state == ModelState::kReady;
  }) != nullptr;
  table_.SetState(record, record.is_verified ? ModelState::kLoading : ModelState::kVerifying);
  const auto post = [this, name = record.info.name, version = record.info.version](auto task) {
    queue_->Post([name, version, task = std::move(task)]() mutable { task(name, version); });
  };
  loading_->Start({.version = record.info,
                   .verify = !record.is_verified,
                   .beside_others = beside_others,
                   .on_stage =
                       [this, post](ModelState state) {
                         post([this, state](const std::string& name, int64_t version) {
                           table_.SetState(*table_.Find(name, version), state);
                         });
                       },
                   .on_done =
                       [this, post](LoadResult result) {
                         post([this, result = std::move(result)](const std::string& name,
                                                                 int64_t version) mutable {
                           OnLoaded(name, version, std::move(result));
                         });
                       }});
}

void LifecycleEngine::OnLoaded(const std::string& name, int64_t version, LoadResult result) {
  is_loading_ = false;
  VersionRecord& record = *table_.Find(name, version);  // not at rest: it was not erased
  record.is_verified = result.is_verified;
  const absl::Status status = result.served.status();
  if (!status.ok()) {
    Fail(record, status);
  } else if (record.is_taken_out() || record.is_leaving() || is_stopping_) {
    parts_.host.Unload(*std::move(result.served));
    table_.SetState(record, ModelState::kUnloaded);
  } else {
    BecomeReady(record, *std::move(result.served));
  }
  const absl::StatusOr<ModelStatus> shown = parts_.registry.Describe(name, StrCat(version));
  if (shown.ok()) parts_.observer.OnLoad(*shown, result.duration, status);
}

void LifecycleEngine::BecomeReady(VersionRecord& record,
                                  std::shared_ptr<const ServedModel> served) {
  record.failures = 0;
  record.is_asked_for = false;
  record.is_held = true;
  record.memory_bytes = served->memory_bytes;
  record.summary = std::make_shared<ModelSummary>(Summarize(*served));
  table_.SetReady(record, MakeLease(std::move(served)));
  VersionRecord::Tell(record.ready_waiters, absl::OkStatus());
}

void LifecycleEngine::Fail(VersionRecord& record, const absl::Status& status) {
  record.is_asked_for = false;
  // A device may come back; nothing else gets better by itself.
  if (absl::IsUnavailable(status)) {
    const int doublings = std::min(record.failures++, 30);
    record.retry_at = parts_.clock.Now() + std::min(options_.first_backoff * (1LL << doublings),
                                                    options_.longest_backoff);
  }
  const std::string reason(status.message());
  table_.SetState(record, ModelState::kFailed, reason);
  VersionRecord::Tell(
      record.ready_waiters,
      absl::FailedPreconditionError(StrCat("model '", record.info.name, "' version ",
                                           record.info.version, " could not be loaded: ", reason)));
}

std::shared_ptr<const ServedModel> LifecycleEngine::MakeLease(
    std::shared_ptr<const ServedModel> served) {
  const ServedModel* model = served.get();
  // Whoever drops the last lease does no more than to hand it back: what it takes to destroy a
  // model is not a request's to wait for.
  return {
      model,
      [this, queue = queue_, owner = std::move(served)](const ServedModel* /*model*/) mutable {
        queue->Post([this, owner = std::move(owner)]() mutable { OnReturned(std::move(owner)); });
      }};
}

void LifecycleEngine::OnReturned(std::shared_ptr<const ServedModel> served) {
  VersionRecord* record = table_.Find(served->name, served->version);
  parts_.host.Unload(std::move(served));
  if (loading_ != nullptr) loading_->NoteUnload();
  if (record == nullptr) return;  // the manager is going
  record->is_held = false;
  if (record->state == ModelState::kDraining) table_.SetState(*record, ModelState::kUnloaded);
}

void LifecycleEngine::Drain(VersionRecord& record, bool evict) {
  record.is_evicted = evict;
  // What did not fit may do so now.
  if (!evict) {
    table_.ForEach([](VersionRecord& other) {
      if (std::exchange(other.is_refused, false)) other.is_evicted = false;
    });
  }
  table_.SetState(record, ModelState::kDraining);
}

void LifecycleEngine::Refuse(VersionRecord& record) {
  const int64_t bytes = record.memory_bytes > 0 ? record.memory_bytes : record.info.size_bytes;
  record.is_evicted = record.is_refused = true;
  record.is_asked_for = record.is_pinned = record.may_retry = false;
  const std::string reason =
      StrCat("it takes about ", bytes, " bytes, and versions that are in use leave less of the ",
             table_.policy().memory_budget_bytes, " bytes of --model-memory");
  std::vector<VersionRecord::Waiter> waiters = std::move(record.ready_waiters);
  record.ready_waiters.clear();
  table_.SetState(record, ModelState::kUnloaded, reason);
  VersionRecord::Tell(waiters, absl::ResourceExhaustedError(
                                   StrCat("model '", record.info.name, "' version ",
                                          record.info.version, " does not fit: ", reason)));
}

absl::Time LifecycleEngine::next_retry() {
  absl::Time next = absl::InfiniteFuture();
  table_.ForEach([&](const VersionRecord& record) { next = std::min(next, record.retry_at); });
  return next;
}

void LifecycleEngine::RetryWhatIsDue() {
  const absl::Time now = parts_.clock.Now();
  table_.ForEach([&](VersionRecord& record) {
    if (record.retry_at > now) return;
    record.retry_at = absl::InfiniteFuture();
    record.may_retry = true;
  });
}

void LifecycleEngine::WhenReady(VersionRecord& record, VersionRecord::Waiter waiter) {
  if (record.state == ModelState::kReady && !record.is_taken_out() && !record.is_leaving()) {
    waiter(absl::OkStatus());
    return;
  }
  record.ready_waiters.push_back(std::move(waiter));
  if (record.state == ModelState::kFailed) {
    record.may_retry = true;
    record.was_reloaded = false;
  }
  table_.Publish(record.info.name);
}

void LifecycleEngine::OnWanted(const std::string& name, int64_t version) {
  VersionRecord* record = table_.Find(name, version);
  if (record == nullptr || !record->is_evicted) return;
  record->is_asked_for = true;
  table_.Publish(name);
}

void LifecycleEngine::OnDamaged(const std::string& name, int64_t version, std::string_view reason) {
  VersionRecord* record = table_.Find(name, version);
  if (record == nullptr || record->state != ModelState::kReady) return;
  record->is_verified = false;
  record->may_retry = !std::exchange(record->was_reloaded, true);
  table_.SetState(*record, ModelState::kFailed, reason);
}

void LifecycleEngine::Abandon(const absl::Status& status) {
  table_.ForEach([&](VersionRecord& record) {
    VersionRecord::Tell(record.ready_waiters, status);
    VersionRecord::Tell(record.unloaded_waiters, status);
    VersionRecord::Tell(record.deleted_waiters, status);
  });
}

}  // namespace sta
