// SPDX-License-Identifier: Apache-2.0
//
// ModelRegistry: which versions of which models the server has, and in what state.
//
//   registry.SetLoading("minilm", 3);
//   registry.SetReady(served);                              // or SetFailed("minilm", 3, "why")
//   absl::StatusOr<std::shared_ptr<const ServedModel>> lease = registry.Find("minilm", "");
//
// Thread-safe; no call blocks for longer than a map look-up.
#ifndef SERVER_MODELS_MODEL_REGISTRY_H_
#define SERVER_MODELS_MODEL_REGISTRY_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "server/models/served_model.h"

namespace sta {

enum class ModelState { kLoading, kReady, kFailed };

struct ModelStatus {
  std::string name;
  int64_t version = 0;
  ModelState state = ModelState::kLoading;
  std::string reason;                         // of kFailed
  std::shared_ptr<const ServedModel> served;  // of kReady
};

class ModelRegistry {
 public:
  void SetLoading(std::string_view name, int64_t version);
  void SetReady(std::shared_ptr<const ServedModel> served);
  void SetFailed(std::string_view name, int64_t version, std::string_view reason);

  // `version` is a positive decimal number, or empty for the newest ready version.
  // NOT_FOUND: no such model or version; UNAVAILABLE: it is still loading; FAILED_PRECONDITION: it
  // could not be loaded; INVALID_ARGUMENT: `version` is no number.
  absl::StatusOr<std::shared_ptr<const ServedModel>> Find(std::string_view name,
                                                          std::string_view version) const;

  // All versions, by name, newest version first.
  std::vector<ModelStatus> List() const;
  // Whether no version is loading, and none failed that has no ready version beside it.
  bool AllReady() const;
  // Drops every lease that the registry itself holds.
  void Clear();

 private:
  using Versions = std::map<int64_t, ModelStatus, std::greater<>>;

  mutable absl::Mutex mutex_;
  std::map<std::string, Versions, std::less<>> models_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace sta

#endif  // SERVER_MODELS_MODEL_REGISTRY_H_
