// SPDX-License-Identifier: Apache-2.0
//
// ModelRegistry: which versions of which models the server has, in what state, and by what names
// requests find them. The one place that a request asks.
//
//   absl::StatusOr<std::shared_ptr<const ServedModel>> lease = registry.Find("minilm", "prod");
//
//   registry.Set(status);                          // the manager alone changes it
//   registry.SetReady(status, served);
//   registry.SetAliases("minilm", {{"prod", 3}});
//
// A lease keeps its version in memory, and a version that is drained waits for the last one: hold
// it until the reply is written, and no longer.
//
// Thread-safe; no call blocks for longer than a map look-up, or a copy of what it returns.
#ifndef SERVER_MODELS_MODEL_REGISTRY_H_
#define SERVER_MODELS_MODEL_REGISTRY_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "server/models/model_status.h"
#include "server/models/served_model.h"

namespace sta {

// The alias that requests without a version get, where a model has it.
inline constexpr std::string_view kDefaultAlias = "prod";

class ModelRegistry {
 public:
  // What requests find out; called from their threads, without a lock held. Must not block.
  class Listener {
   public:
    virtual ~Listener() = default;
    // A request asked for a version that was evicted: called once until the next Set of it.
    virtual void OnWanted(std::string_view name, int64_t version) = 0;
    // A file of the version was changed or cut under the server. May be called many times.
    virtual void OnDamaged(std::string_view name, int64_t version, std::string_view reason) = 0;
  };
  void SetListener(std::shared_ptr<Listener> listener);

  // `version` is a positive decimal number, an alias, or empty: the version that the alias `prod`
  // names, else the newest ready one. No allocation where there is one.
  // NOT_FOUND: no such model, version or alias; UNAVAILABLE: it is being loaded (by this very call
  // where it was evicted) or drained; FAILED_PRECONDITION: it could not be loaded, or is not loaded
  // and not wanted; RESOURCE_EXHAUSTED: it does not fit into the memory budget;
  // INVALID_ARGUMENT: `version` is neither a number nor an alias.
  absl::StatusOr<std::shared_ptr<const ServedModel>> Find(std::string_view name,
                                                          std::string_view version) const;

  // As Find, for those who want to know about a version and not to use it: answers in every state,
  // holds nothing and brings nothing back. Where `version` is empty and none is ready: the newest.
  // NOT_FOUND, INVALID_ARGUMENT.
  absl::StatusOr<ModelStatus> Describe(std::string_view name, std::string_view version) const;

  // All versions, by name, newest version first; those of one model.
  std::vector<ModelStatus> List() const;
  std::vector<ModelStatus> List(std::string_view name) const;

  // Whether Find(name, "") would give a lease.
  bool IsServing(std::string_view name) const;
  // Whether every model of which a version is wanted is serving. A version that failed beside one
  // that serves, or was evicted, does not count.
  bool AllReady() const;

  // A request has found that the files of its model were changed under it.
  void ReportDamage(const ServedModel& served, std::string_view reason) const;

  // The methods from here on are the manager's.

  // The status of a version as it is now. Drops the registry's lease of it, unless the version was
  // ready and still is. Aliases and is_default are the registry's own and not read.
  void Set(ModelStatus status);
  // As Set, of a version that has become ready.
  void SetReady(ModelStatus status, std::shared_ptr<const ServedModel> served);
  void Remove(std::string_view name, int64_t version);
  // All aliases of a model. They may name versions that are not there.
  void SetAliases(std::string_view name, std::map<std::string, int64_t, std::less<>> aliases);

  // How requests use a version that is ready.
  struct Use {
    // Of the last lease; a larger number is later. 0: it is not ready.
    uint64_t last = 0;
    bool is_leased = false;
  };
  Use UseOf(std::string_view name, int64_t version) const;

  // Drops every lease that the registry itself holds.
  void Clear();

 private:
  struct Entry {
    ModelStatus status;
    std::shared_ptr<const ServedModel> served;  // of kReady
    mutable uint64_t last_use = 0;
    mutable bool is_demanded = false;  // the listener was told
  };
  using Versions = std::map<int64_t, Entry, std::greater<>>;
  struct Model {
    Versions versions;
    std::map<std::string, int64_t, std::less<>> aliases;
  };

  absl::StatusOr<const Entry*> Resolve(std::string_view name, std::string_view version) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  static const Entry* DefaultOf(const Model& model);
  static ModelStatus StatusOf(const Model& model, const Entry& entry);
  void Put(ModelStatus status, std::shared_ptr<const ServedModel> served);

  mutable absl::Mutex mutex_;
  std::shared_ptr<Listener> listener_ ABSL_GUARDED_BY(mutex_);
  mutable uint64_t uses_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<std::string, Model, std::less<>> models_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace sta

#endif  // SERVER_MODELS_MODEL_REGISTRY_H_
