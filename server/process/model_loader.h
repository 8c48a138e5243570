// SPDX-License-Identifier: Apache-2.0
//
// ModelLoader: brings the newest version of every package in the store into the registry, on a
// thread of its own, so that the server answers (not ready yet) from the start.
//
//   ModelLoader loader(listing, {registry, batcher, health, metrics});
//
// A package that fails is logged and listed as failed; the others go on. The destructor stops after
// the model in hand and joins.
#ifndef SERVER_PROCESS_MODEL_LOADER_H_
#define SERVER_PROCESS_MODEL_LOADER_H_

#include <atomic>
#include <thread>
#include <vector>

#include "model_store/store/directory_store.h"
#include "server/batching/batcher.h"
#include "server/models/model_registry.h"
#include "server/observability/metrics.h"
#include "server/services/health_board.h"

namespace sta {

class ModelLoader {
 public:
  struct Parts {
    ModelRegistry& registry;
    Batcher& batcher;
    HealthBoard& health;
    Metrics& metrics;
  };

  // Registers every version as loading before it returns; the parts outlive the loader. When all
  // are through, the health of "" and of the inference service is set.
  ModelLoader(std::vector<StoredVersion> versions, const Parts& parts);
  ~ModelLoader();
  ModelLoader(const ModelLoader&) = delete;
  ModelLoader& operator=(const ModelLoader&) = delete;

 private:
  void LoadAll();
  void LoadOne(const StoredVersion& stored);

  const std::vector<StoredVersion> versions_;
  Parts parts_;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

}  // namespace sta

#endif  // SERVER_PROCESS_MODEL_LOADER_H_
