// SPDX-License-Identifier: Apache-2.0
//
// ModelFollower: tells the log, the metrics and the health board what becomes of models.
//
//   auto follower = std::make_shared<ModelFollower>(feed, registry, health, metrics);
//   feed.AddWatcher(follower);                       // and as observer of the ModelManager
//
// "" and the inference service are healthy when every wanted model serves, a model's name when a
// request without a version would be answered, "sta/live" until the server drains: what a probe may
// ask to know whether the process is to be started anew. Thread-safe.
#ifndef SERVER_PROCESS_MODEL_FOLLOWER_H_
#define SERVER_PROCESS_MODEL_FOLLOWER_H_

#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "server/models/model_feed.h"
#include "server/models/model_manager.h"
#include "server/models/model_registry.h"
#include "server/observability/metrics.h"
#include "server/services/health_board.h"

namespace sta {

class ModelFollower final : public ModelFeed::Watcher, public ModelManagerObserver {
 public:
  // All outlive the follower. Starts with what the feed has now.
  ModelFollower(ModelFeed& feed, const ModelRegistry& registry, HealthBoard& health,
                Metrics& metrics);

  // ModelFeed::Watcher:
  void Changed() override;
  void Closed() override {}

  // ModelManagerObserver:
  void OnLoad(const ModelStatus& status, absl::Duration duration,
              const absl::Status& result) override;
  void OnRetention(std::string_view name, int64_t version, const absl::Status& result) override;

 private:
  void Follow(const ModelEvent& event);
  // Whether something that is wanted will come without anybody doing anything.
  bool IsLoading() const;
  void ShowServer() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  ModelFeed& feed_;
  const ModelRegistry& registry_;
  HealthBoard& health_;
  Metrics& metrics_;

  absl::Mutex mutex_;
  ModelFeed::Cursor cursor_ ABSL_GUARDED_BY(mutex_);
  std::string_view logged_ ABSL_GUARDED_BY(mutex_);  // the last that was said of the server
};

}  // namespace sta

#endif  // SERVER_PROCESS_MODEL_FOLLOWER_H_
