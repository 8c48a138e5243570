// SPDX-License-Identifier: Apache-2.0
//
// ModelHost: where the manager has models loaded: packages and devices in the server, a fake in
// tests.
//
// Obligations of an implementation:
//  1. Verify, Load and Warm block, for minutes if need be. They are called one after another from
//     the manager's loading thread, which runs at the lowest priority: they do their work on it.
//  2. Unload is called from another thread, also while a Load is running. ReturnMemory is called
//     from the loading thread.
//  3. Load gives a ServedModel that only it holds: the manager hands out leases of its own.
#ifndef SERVER_MODELS_MODEL_HOST_H_
#define SERVER_MODELS_MODEL_HOST_H_

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model_store/store/store_snapshot.h"
#include "server/models/served_model.h"

namespace sta {

class ModelHost {
 public:
  virtual ~ModelHost() = default;

  // Compares every byte of the version with its manifest. DATA_LOSS says what is wrong.
  virtual absl::Status Verify(const VersionInfo& version) = 0;

  // Statuses of Package::Open, of LoadedModel::Load and of Batcher::Load.
  virtual absl::StatusOr<std::shared_ptr<const ServedModel>> Load(const VersionInfo& version) = 0;

  // Runs batches of real shapes through `served`, so that no request has to be the first one.
  // `beside_others`: other models serve, whose requests must not wait for this.
  virtual absl::Status Warm(const std::shared_ptr<const ServedModel>& served,
                            bool beside_others) = 0;

  // Destroys what Load gave, which nobody uses any more.
  virtual void Unload(std::shared_ptr<const ServedModel> served) = 0;

  // Gives the system back what loads and unloads have freed: none has ended for a while.
  virtual void ReturnMemory() = 0;
};

}  // namespace sta

#endif  // SERVER_MODELS_MODEL_HOST_H_
