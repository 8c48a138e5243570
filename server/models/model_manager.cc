// SPDX-License-Identifier: Apache-2.0
#include "server/models/model_manager.h"

#include <atomic>
#include <optional>
#include <thread>
#include <utility>

#include "server/models/lifecycle_engine.h"
#include "server/models/task_queue.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

absl::Status Stopping() { return absl::UnavailableError("the server is shutting down"); }

std::string Which(std::string_view name, int64_t version) {
  return StrCat("model '", name.substr(0, 128), "' version ", version);
}

// An order to have it loaded, which ends one to take it out.
void SwitchOn(VersionRecord& record) {
  record.is_switched_off = false;
  VersionRecord::Tell(record.unloaded_waiters,
                      absl::AbortedError(StrCat(Which(record.info.name, record.info.version),
                                                " was asked for again meanwhile")));
}

// What requests find out, as tasks of the manager's thread.
class DemandListener final : public ModelRegistry::Listener {
 public:
  DemandListener(std::shared_ptr<TaskQueue> queue, LifecycleEngine& engine)
      : queue_(std::move(queue)), engine_(engine) {}

  void OnWanted(std::string_view name, int64_t version) override {
    queue_->Post([this, name = std::string(name), version] { engine_.OnWanted(name, version); });
  }
  void OnDamaged(std::string_view name, int64_t version, std::string_view reason) override {
    queue_->Post([this, name = std::string(name), version, reason = std::string(reason)] {
      engine_.OnDamaged(name, version, reason);
    });
  }

 private:
  const std::shared_ptr<TaskQueue> queue_;  // closed before the engine goes
  LifecycleEngine& engine_;
};

}  // namespace

class ModelManager::Impl {
 public:
  Impl(const Parts& parts, const ModelManagerOptions& options);
  ~Impl();

  // The methods of ModelManager, on the manager's thread.
  void LoadModel(const std::string& name, int64_t version, Done done);
  void UnloadModel(const std::string& name, int64_t version, bool force, Done done);
  void SetAlias(const std::string& name, const std::string& alias, int64_t version,
                std::optional<int64_t> expected, AliasDone done);
  void RollBackAlias(const std::string& name, const std::string& alias,
                     std::optional<int64_t> expected, AliasDone done);
  void DeleteAlias(const std::string& name, const std::string& alias, Done done);
  void DeleteVersion(const std::string& name, int64_t version, bool force, Done done);
  void Sync() { engine_.Sync(); }

  // Runs `task` on that thread or, where that has ended, answers `done`.
  template <typename Callback, typename Task>
  void Post(Callback done, Task task) {
    queue_->Post([this, done = std::move(done), task = std::move(task)]() mutable {
      if (stopping_) {
        done(Stopping());
      } else {
        task(std::move(done));
      }
    });
  }
  TaskQueue& queue() { return *queue_; }

 private:
  void Loop();
  // The record, or why nothing can be done with it: NOT_FOUND, FAILED_PRECONDITION.
  absl::StatusOr<VersionRecord*> Find(std::string_view name, int64_t version);
  absl::Status CheckAlias(std::string_view name, std::string_view alias,
                          std::optional<int64_t> expected) const;

  Parts parts_;
  const std::shared_ptr<TaskQueue> queue_ = std::make_shared<TaskQueue>();
  bool stopping_ = false;  // the manager's thread, and the destructor after that
  LifecycleEngine engine_;
  std::thread thread_;
};

ModelManager::Impl::Impl(const Parts& parts, const ModelManagerOptions& options)
    : parts_(parts), engine_(parts, options, queue_) {
  engine_.Sync();
  parts_.registry.SetListener(std::make_shared<DemandListener>(queue_, engine_));
  thread_ = std::thread([this] { Loop(); });
}

ModelManager::Impl::~Impl() {
  queue_->Stop();
  thread_.join();
  stopping_ = true;
  engine_.StopLoading();
  parts_.registry.SetListener(nullptr);
  engine_.Abandon(Stopping());
  do {
    // Unloading shows a state again, and with it what the registry was to forget.
    parts_.registry.Clear();
    while (auto task = queue_->TryNext()) (*task)();
    parts_.registry.Clear();
  } while (!queue_->Close());
}

void ModelManager::Impl::Loop() {
  while (!queue_->stopped()) {
    while (auto task = queue_->TryNext()) (*task)();
    engine_.RetryWhatIsDue();
    if (engine_.Step()) continue;
    auto task = queue_->Next(parts_.clock, engine_.next_retry(), !engine_.is_loading());
    if (task.has_value()) (*task)();
  }
}

absl::StatusOr<VersionRecord*> ModelManager::Impl::Find(std::string_view name, int64_t version) {
  // What was uploaded a moment ago is there, whether StoreChanged has come yet or not.
  engine_.Sync();
  VersionRecord* record = engine_.table().Find(name, version);
  if (record == nullptr || record->is_gone) {
    return absl::NotFoundError(
        StrCat("there is no ", Which(name, version), "; 'stactl model list' shows what there is"));
  }
  if (record->is_deleting) {
    return absl::FailedPreconditionError(StrCat(Which(name, version), " is being deleted"));
  }
  return record;
}

void ModelManager::Impl::LoadModel(const std::string& name, int64_t version, Done done) {
  const absl::StatusOr<VersionRecord*> found = Find(name, version);
  if (!found.ok()) return done(found.status());
  VersionRecord& record = **found;
  record.is_pinned = true;
  SwitchOn(record);
  engine_.WhenReady(record,
                    [done = std::move(done)](const absl::Status& status) mutable { done(status); });
}

void ModelManager::Impl::UnloadModel(const std::string& name, int64_t version, bool force,
                                     Done done) {
  const absl::StatusOr<VersionRecord*> found = Find(name, version);
  if (!found.ok()) return done(found.status());
  VersionRecord& record = **found;
  if (!force && engine_.table().HasAlias(record)) {
    return done(absl::FailedPreconditionError(
        StrCat("an alias names ", Which(name, version), "; move it first, or force")));
  }
  record.is_switched_off = true;
  record.is_pinned = record.is_evicted = record.is_refused = record.is_asked_for = false;
  VersionRecord::Tell(record.ready_waiters,
                      absl::AbortedError(StrCat(Which(name, version), " was unloaded meanwhile")));
  record.unloaded_waiters.push_back(
      [done = std::move(done)](const absl::Status& status) mutable { done(status); });
  engine_.table().Publish(name);
}

absl::Status ModelManager::Impl::CheckAlias(std::string_view name, std::string_view alias,
                                            std::optional<int64_t> expected) const {
  if (!IsAliasName(alias)) {
    return absl::InvalidArgumentError(
        StrCat("alias '", alias.substr(0, 128),
               "' is none: a letter, then letters, digits, '.', '_' and '-', at most 128"));
  }
  if (parts_.store.read_only()) {
    return absl::FailedPreconditionError("the store is read-only");
  }
  const AliasInfo* info = parts_.store.Snapshot()->FindAlias(name, alias);
  const int64_t now = info != nullptr ? info->version : 0;
  if (expected.has_value() && *expected != now) {
    return absl::AbortedError(StrCat("alias '", alias, "' of model '", name, "' is at ",
                                     now == 0 ? "no version" : StrCat("version ", now), ", not at ",
                                     *expected));
  }
  return absl::OkStatus();
}

void ModelManager::Impl::SetAlias(const std::string& name, const std::string& alias,
                                  int64_t version, std::optional<int64_t> expected,
                                  AliasDone done) {
  if (absl::Status checked = CheckAlias(name, alias, expected); !checked.ok()) {
    return done(std::move(checked));
  }
  const absl::StatusOr<VersionRecord*> found = Find(name, version);
  if (!found.ok()) return done(found.status());
  SwitchOn(**found);
  engine_.WhenReady(**found, [this, name, alias, version, expected,
                              done = std::move(done)](const absl::Status& ready) mutable {
    if (!ready.ok()) return done(ready);
    const absl::StatusOr<AliasChange> change =
        parts_.store.SetAlias(name, alias, version, expected);
    engine_.Sync();
    done(change);
  });
}

void ModelManager::Impl::RollBackAlias(const std::string& name, const std::string& alias,
                                       std::optional<int64_t> expected, AliasDone done) {
  if (absl::Status checked = CheckAlias(name, alias, expected); !checked.ok()) {
    return done(std::move(checked));
  }
  const auto store = parts_.store.Snapshot();
  const AliasInfo* info = store->FindAlias(name, alias);
  if (info == nullptr || info->previous == 0) {
    return done(info == nullptr
                    ? absl::NotFoundError(
                          StrCat("model '", name.substr(0, 128), "' has no alias '", alias, "'"))
                    : absl::FailedPreconditionError(StrCat("alias '", alias, "' of model '", name,
                                                           "' named no version before")));
  }
  absl::StatusOr<VersionRecord*> found = Find(name, info->previous);
  if (absl::IsNotFound(found.status())) {
    found =
        absl::FailedPreconditionError(StrCat(Which(name, info->previous), ", which alias '", alias,
                                             "' named before, is not in the store any more"));
  }
  if (!found.ok()) return done(found.status());
  SwitchOn(**found);
  // Where it is rolled back from is part of what was asked for.
  engine_.WhenReady(**found, [this, name, alias, from = info->version,
                              done = std::move(done)](const absl::Status& ready) mutable {
    if (!ready.ok()) return done(ready);
    const absl::StatusOr<AliasChange> change = parts_.store.RollBackAlias(name, alias, from);
    engine_.Sync();
    done(change);
  });
}

void ModelManager::Impl::DeleteAlias(const std::string& name, const std::string& alias, Done done) {
  const absl::Status status = parts_.store.DeleteAlias(name, alias);
  engine_.Sync();
  done(status);
}

void ModelManager::Impl::DeleteVersion(const std::string& name, int64_t version, bool force,
                                       Done done) {
  if (parts_.store.read_only()) {
    return done(absl::FailedPreconditionError("the store is read-only"));
  }
  const absl::StatusOr<VersionRecord*> found = Find(name, version);
  if (!found.ok()) return done(found.status());
  VersionRecord& record = **found;
  const bool is_leased = parts_.registry.UseOf(name, version).is_leased;
  if (!force && (is_leased || engine_.table().HasAlias(record))) {
    return done(absl::FailedPreconditionError(
        StrCat(is_leased ? "requests use " : "an alias names ", Which(name, version),
               is_leased ? "; wait for them, or force" : "; move it first, or force")));
  }
  record.is_deleting = true;
  VersionRecord::Tell(record.ready_waiters,
                      absl::AbortedError(StrCat(Which(name, version), " was deleted meanwhile")));
  record.deleted_waiters.push_back(
      [done = std::move(done)](const absl::Status& status) mutable { done(status); });
  engine_.table().Publish(name);
}

ModelManager::ModelManager(const Parts& parts, const ModelManagerOptions& options)
    : impl_(std::make_unique<Impl>(parts, options)) {}
ModelManager::~ModelManager() = default;

void ModelManager::LoadModel(std::string name, int64_t version, Done done) {
  impl_->Post(std::move(done), [this, name = std::move(name), version](Done then) {
    impl_->LoadModel(name, version, std::move(then));
  });
}

void ModelManager::UnloadModel(std::string name, int64_t version, bool force, Done done) {
  impl_->Post(std::move(done), [this, name = std::move(name), version, force](Done then) {
    impl_->UnloadModel(name, version, force, std::move(then));
  });
}

void ModelManager::SetAlias(std::string name, std::string alias, int64_t version,
                            std::optional<int64_t> expected, AliasDone done) {
  impl_->Post(std::move(done), [this, name = std::move(name), alias = std::move(alias), version,
                                expected](AliasDone then) {
    impl_->SetAlias(name, alias, version, expected, std::move(then));
  });
}

void ModelManager::RollBackAlias(std::string name, std::string alias,
                                 std::optional<int64_t> expected, AliasDone done) {
  impl_->Post(std::move(done),
              [this, name = std::move(name), alias = std::move(alias), expected](AliasDone then) {
                impl_->RollBackAlias(name, alias, expected, std::move(then));
              });
}

void ModelManager::DeleteAlias(std::string name, std::string alias, Done done) {
  impl_->Post(std::move(done), [this, name = std::move(name), alias = std::move(alias)](Done then) {
    impl_->DeleteAlias(name, alias, std::move(then));
  });
}

void ModelManager::DeleteVersion(std::string name, int64_t version, bool force, Done done) {
  impl_->Post(std::move(done), [this, name = std::move(name), version, force](Done then) {
    impl_->DeleteVersion(name, version, force, std::move(then));
  });
}

void ModelManager::StoreChanged() {
  impl_->Post([](const absl::Status& /*stopping*/) {},
              [this](const auto& /*done*/) { impl_->Sync(); });
}

void ModelManager::WaitUntilIdleForTest() { impl_->queue().WaitUntilIdleForTest(); }

}  // namespace sta
