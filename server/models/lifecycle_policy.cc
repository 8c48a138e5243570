// SPDX-License-Identifier: Apache-2.0
#include "server/models/lifecycle_policy.h"

#include <algorithm>
#include <cstddef>
#include <tuple>

namespace sta {
namespace {

using Kind = Action::Kind;

// A version of the snapshot, and what follows from the policy for it.
struct Candidate {
  const ModelSnapshot* model;
  const VersionSnapshot* version;
  bool is_wanted;

  Action Do(Kind kind) const {
    return {.kind = kind, .name = model->name, .version = version->version};
  }
};

bool IsBeingLoaded(const VersionSnapshot& version) {
  return version.state == ModelState::kVerifying || version.state == ModelState::kLoading ||
         version.state == ModelState::kWarming;
}

bool CanBeLoaded(const VersionSnapshot& version) {
  return version.state == ModelState::kUnloaded ||
         (version.state == ModelState::kFailed && version.may_retry);
}

// Which versions the policy names, be there memory for them or not.
std::vector<bool> Named(const ModelSnapshot& model, const LifecyclePolicy& policy) {
  std::vector<bool> named;
  int64_t newer = 0;  // that stay
  for (const VersionSnapshot& version : model.versions) {
    const bool is_new = newer < policy.load_newest;
    named.push_back(!version.is_taken_out && !version.is_leaving &&
                    (version.has_alias || version.is_pinned || version.is_demanded || is_new));
    if (!version.is_leaving) ++newer;
  }
  return named;
}

// What has become of the versions of a model that are wanted.
enum class Outcome {
  kOpen,    // one is still on its way
  kReady,   // one is ready, or none is asked for
  kFailed,  // none could be made ready
};

Outcome OutcomeOf(const ModelSnapshot& model, const std::vector<bool>& wanted,
                  const LifecyclePolicy& policy) {
  bool is_any_ready = false;
  for (size_t i = 0; i < model.versions.size(); ++i) {
    if (!wanted[i]) continue;
    const VersionSnapshot& version = model.versions[i];
    is_any_ready = is_any_ready || version.state == ModelState::kReady;
    const bool is_on_its_way =
        IsBeingLoaded(version) || CanBeLoaded(version) || version.state == ModelState::kDraining;
    if (is_on_its_way) return Outcome::kOpen;
  }
  const bool is_any_named = std::ranges::count(Named(model, policy), true) > 0;
  return is_any_ready || !is_any_named ? Outcome::kReady : Outcome::kFailed;
}

std::optional<Action> ChooseUnload(const ModelSnapshot& model, const std::vector<bool>& wanted,
                                   const LifecyclePolicy& policy) {
  const Outcome outcome = OutcomeOf(model, wanted, policy);
  for (size_t i = 0; i < model.versions.size(); ++i) {
    const VersionSnapshot& version = model.versions[i];
    if (version.state != ModelState::kReady) continue;
    if (version.is_taken_out || (version.is_leaving && outcome != Outcome::kOpen) ||
        (!wanted[i] && outcome == Outcome::kReady)) {
      return Action{.kind = Kind::kUnload, .name = model.name, .version = version.version};
    }
  }
  return std::nullopt;
}

bool IsIdle(const Candidate& candidate) {
  const VersionSnapshot& version = *candidate.version;
  return version.state == ModelState::kReady && candidate.is_wanted && !version.is_leased &&
         !version.is_pinned && !version.is_prod && !version.is_demanded;
}

// What is in memory, by what becomes of it.
struct Memory {
  int64_t used_bytes = 0;
  int64_t draining_bytes = 0;  // soon free
};

Memory Sum(const std::vector<Candidate>& all) {
  Memory memory;
  for (const Candidate& candidate : all) {
    const VersionSnapshot& version = *candidate.version;
    if (version.state == ModelState::kReady || IsBeingLoaded(version)) {
      memory.used_bytes += version.memory_bytes;
    } else if (version.state == ModelState::kDraining) {
      memory.draining_bytes += version.memory_bytes;
    }
  }
  return memory;
}

// The idle version that was not used for the longest, if all idle ones together have `bytes`.
std::optional<Action> ChooseEviction(const std::vector<Candidate>& all, int64_t bytes) {
  const Candidate* oldest = nullptr;
  int64_t idle_bytes = 0;
  for (const Candidate& candidate : all) {
    if (!IsIdle(candidate)) continue;
    idle_bytes += candidate.version->memory_bytes;
    if (oldest == nullptr || candidate.version->last_use < oldest->version->last_use) {
      oldest = &candidate;
    }
  }
  if (oldest == nullptr || idle_bytes < bytes) return std::nullopt;
  return oldest->Do(Kind::kEvict);
}

const Candidate* ChooseLoad(const std::vector<Candidate>& all) {
  // A smaller one comes first; versions of equal rank come in the order of the snapshot.
  const auto rank = [](const Candidate& candidate) {
    const VersionSnapshot& version = *candidate.version;
    return std::tuple(!version.is_demanded, !version.is_prod, !version.has_alias,
                      !version.is_pinned);
  };
  const Candidate* best = nullptr;
  for (const Candidate& candidate : all) {
    if (!candidate.is_wanted || !CanBeLoaded(*candidate.version)) continue;
    if (best == nullptr || rank(candidate) < rank(*best)) best = &candidate;
  }
  return best;
}

std::optional<Action> MakeRoomAndLoad(const std::vector<Candidate>& all, const Candidate& load,
                                      int64_t budget_bytes) {
  if (budget_bytes == 0) return load.Do(Kind::kLoad);
  const Memory memory = Sum(all);
  const int64_t needed = memory.used_bytes + load.version->memory_bytes;
  if (needed + memory.draining_bytes <= budget_bytes) return load.Do(Kind::kLoad);
  if (needed <= budget_bytes) return std::nullopt;  // when what is draining has gone
  if (std::optional<Action> evict = ChooseEviction(all, needed - budget_bytes)) return evict;
  return load.Do(Kind::kRefuse);
}

}  // namespace

std::vector<bool> Wanted(const ModelSnapshot& model, const LifecyclePolicy& policy) {
  std::vector<bool> wanted = Named(model, policy);
  for (size_t i = 0; i < model.versions.size(); ++i) {
    const VersionSnapshot& version = model.versions[i];
    wanted[i] = wanted[i] && (!version.is_evicted || version.is_demanded);
  }
  return wanted;
}

std::optional<Action> NextAction(const LifecycleSnapshot& snapshot, const LifecyclePolicy& policy) {
  std::vector<Candidate> all;
  bool is_loading = false;
  for (const ModelSnapshot& model : snapshot.models) {
    const std::vector<bool> wanted = Wanted(model, policy);
    if (std::optional<Action> unload = ChooseUnload(model, wanted, policy)) return unload;
    for (size_t i = 0; i < model.versions.size(); ++i) {
      all.push_back({.model = &model, .version = &model.versions[i], .is_wanted = wanted[i]});
      is_loading = is_loading || IsBeingLoaded(model.versions[i]);
    }
  }
  if (!is_loading) {
    if (const Candidate* load = ChooseLoad(all)) {
      return MakeRoomAndLoad(all, *load, policy.memory_budget_bytes);
    }
  }
  const int64_t excess =
      policy.memory_budget_bytes == 0 ? 0 : Sum(all).used_bytes - policy.memory_budget_bytes;
  // Even where that is not enough, what is idle goes.
  return excess > 0 ? ChooseEviction(all, 0) : std::nullopt;
}

}  // namespace sta
