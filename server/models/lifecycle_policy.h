// SPDX-License-Identifier: Apache-2.0
//
// What to do next about the versions of a store: a pure function from what there is to at most one
// action. Called again after every action and every change, it brings all versions to where they
// are wanted, and then has nothing to say.
//
// Wanted are, of every model, the versions that an alias names, the newest `load_newest`, and those
// that LoadModel asked for; not those that UnloadModel took out, or that the memory budget put out
// until a request asks for them (`is_demanded`). A version that leaves the store is not wanted and
// not counted: the next one is in its place.
//
// Rules, the first that applies:
//  1. What UnloadModel took out is unloaded; what leaves the store, when none of the wanted
//  versions
//     of its model is still on its way.
//  2. A version that is ready and not wanted is unloaded when at least one that is wanted is ready,
//     or none is wanted, and none of the wanted is still on its way. So a failed load keeps the old
//     version serving.
//  3. A wanted version that is not in memory is loaded, one at a time: first those that somebody
//     waits for, then those of `prod`, other aliases, newer versions.
//  4. Where that does not fit into the memory budget, idle versions are unloaded until it does, the
//     least recently used first; where it would not fit even then, the load is refused. Idle is
//     what is ready, without leases, wanted, not asked for by LoadModel and not `prod`.
//  5. Where more is loaded than the budget allows (an estimate was too low), idle versions are
//     unloaded likewise.
#ifndef SERVER_MODELS_LIFECYCLE_POLICY_H_
#define SERVER_MODELS_LIFECYCLE_POLICY_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "server/models/model_status.h"

namespace sta {

struct LifecyclePolicy {
  // Newest versions of each model that are loaded without being asked for; >= 0.
  int64_t load_newest = 1;
  // What all versions in memory may take together; 0: no bound.
  int64_t memory_budget_bytes = 0;
};

struct VersionSnapshot {
  int64_t version = 0;
  ModelState state = ModelState::kUnloaded;
  bool has_alias = false;
  bool is_prod = false;       // one of its aliases is `prod`
  bool is_pinned = false;     // LoadModel asked for it
  bool is_taken_out = false;  // by UnloadModel, or its content is not what was loaded
  bool is_leaving = false;    // is to be deleted, or gone from the store
  bool is_evicted = false;    // by the memory budget
  bool is_demanded = false;   // a request or a call of the operator waits for it
  bool may_retry = false;     // of kFailed: something has changed since
  bool is_leased = false;     // requests use it
  uint64_t last_use = 0;      // a larger number is later
  int64_t memory_bytes = 0;   // that it takes, or would take as far as is known
};

struct ModelSnapshot {
  std::string name;
  std::vector<VersionSnapshot> versions;  // newest first
};

struct LifecycleSnapshot {
  std::vector<ModelSnapshot> models;
};

struct Action {
  enum class Kind {
    kLoad,
    kUnload,
    kEvict,   // unload for want of memory
    kRefuse,  // do not load: it does not fit
  };
  Kind kind = Kind::kLoad;
  std::string name;
  int64_t version = 0;

  friend bool operator==(const Action&, const Action&) = default;
};

// Of the versions of a model, by their place in it.
std::vector<bool> Wanted(const ModelSnapshot& model, const LifecyclePolicy& policy);

std::optional<Action> NextAction(const LifecycleSnapshot& snapshot, const LifecyclePolicy& policy);

}  // namespace sta

#endif  // SERVER_MODELS_LIFECYCLE_POLICY_H_
