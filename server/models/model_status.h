// SPDX-License-Identifier: Apache-2.0
//
// ModelStatus: what the server tells about one version of a model. Plain values; holds no lease.
#ifndef SERVER_MODELS_MODEL_STATUS_H_
#define SERVER_MODELS_MODEL_STATUS_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "server/models/served_model.h"

namespace sta {

// The life of a version, in this order; from each state before kDraining also to kFailed, and from
// kFailed to kVerifying.
enum class ModelState {
  kUnloaded,   // in the store, and not in memory
  kVerifying,  // its bytes are compared with its manifest
  kLoading,    // is put on the devices
  kWarming,    // runs its first batches, which nobody waits for
  kReady,      // answers requests
  kDraining,   // takes no new requests; those it has are finished
  kFailed,     // cannot be served
};

// "UNLOADED", "READY", ...
std::string_view ModelStateName(ModelState state);

// What a package says of itself, as far as lists show it.
struct ModelSummary {
  std::string task;  // of a diagnostic model its operation; it has nothing else of these
  std::map<std::string, int32_t> patterns;  // "2:8" -> matrices that have it
  int64_t max_sequence_tokens = 0;
  int64_t hidden_size = 0;
  int32_t arithmetic_version = 0;

  friend bool operator==(const ModelSummary&, const ModelSummary&) = default;
};

ModelSummary Summarize(const ServedModel& served);

struct ModelStatus {
  std::string name;
  int64_t version = 0;
  ModelState state = ModelState::kUnloaded;
  absl::Time since;  // when it came into this state
  // Of kFailed, why. Of kUnloaded, why it is not loaded although it was wanted (it does not fit
  // into the memory budget); else empty.
  std::string reason;

  std::vector<std::string> aliases;  // sorted
  bool is_default = false;           // requests without a version get it
  // Whether the policy wants it in memory: it counts for the readiness of the server.
  bool is_wanted = false;
  // Put out by the memory budget; a request for it brings it back.
  bool is_evicted = false;

  std::string digest;        // SHA-256 of manifest.json, lower-case hex
  int64_t size_bytes = 0;    // on disk
  absl::Time created;        // when it came into the store
  int64_t memory_bytes = 0;  // that it takes, mapped files apart; 0: it is not loaded
  // Null until the package was opened once.
  std::shared_ptr<const ModelSummary> summary;

  friend bool operator==(const ModelStatus&, const ModelStatus&) = default;
};

}  // namespace sta

#endif  // SERVER_MODELS_MODEL_STATUS_H_
