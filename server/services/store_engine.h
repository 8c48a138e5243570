// SPDX-License-Identifier: Apache-2.0
//
// StoreEngine: what the calls of sta.v1.ModelStore work with: the parts of the server, threads for
// the disk, and bounds.
//
// No thread of gRPC's ever waits for a disk. Four groups of threads do, so that none is kept from
// its work by another's:
//   chunks         one chunk of a stream at a time; never refused: an admitted stream has one task
//   commits        uploads that are whole; likewise
//   calls          unary calls that read or write the disk; refused when too many wait
//   verifications  those that read all of a version; likewise
// All yield to the threads that answer requests for models.
#ifndef SERVER_SERVICES_STORE_ENGINE_H_
#define SERVER_SERVICES_STORE_ENGINE_H_

#include <cstdint>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "accel/device_pool/clock.h"
#include "model_store/store/file_system.h"
#include "model_store/store/version_store.h"
#include "server/models/model_feed.h"
#include "server/models/model_manager.h"
#include "server/models/model_registry.h"
#include "server/models/thread_priority.h"
#include "server/observability/metrics.h"
#include "server/observability/store_metrics.h"
#include "server/services/open_streams.h"
#include "server/services/open_uploads.h"
#include "server/services/rpc_access.h"
#include "server/services/stream_admission.h"
#include "server/services/stream_timer.h"
#include "server/services/upload_lanes.h"
#include "server/services/upload_session.h"
#include "server/services/worker_pool.h"
#include "sta/v1/model_store.pb.h"

namespace sta {

// All outlive the service.
struct ModelStoreParts {
  VersionStore& store;
  FileSystem& files;  // the store's
  ModelManager& manager;
  ModelRegistry& registry;
  ModelFeed& feed;
  StoreMetrics& store_metrics;
  Metrics& metrics;
  const RpcAccess& access;
  Clock& clock;
};

struct ModelStoreOptions {
  UploadSessionLimits upload_limits;
  // How long a reader of an Export may leave a chunk.
  absl::Duration export_patience = absl::Seconds(60);
  StreamAdmission::Limits uploads = {.kind = "uploads", .most = 32, .most_of_a_client = 16};
  StreamAdmission::Limits exports = {.kind = "exports", .most = 16, .most_of_a_client = 8};
  int most_open_uploads_of_a_client = 32;
};

struct StoreEngine {
  StoreEngine(const ModelStoreParts& its_parts, const ModelStoreOptions& its_options)
      : parts(its_parts),
        options(its_options),
        uploads(options.uploads),
        exports(options.exports),
        open_uploads(parts.store, options.most_open_uploads_of_a_client),
        timer(parts.clock) {}

  // The version that a request names: a number, an alias, or neither for the one that requests
  // without a version get. NOT_FOUND, INVALID_ARGUMENT.
  absl::StatusOr<VersionInfo> Resolve(std::string_view name, int64_t version,
                                      std::string_view alias) const;
  // The newest version of a model. NOT_FOUND.
  absl::StatusOr<VersionInfo> Newest(std::string_view name) const;
  // As the server sees it now.
  v1::ModelVersion Describe(const VersionInfo& version) const;

  const ModelStoreParts parts;
  const ModelStoreOptions options;
  StreamAdmission uploads;
  StreamAdmission exports;
  OpenUploads open_uploads;
  OpenStreams streams;
  UploadLanes lanes;
  StreamTimer timer;
  // Last, so that they are joined first.
  WorkerPool chunks{{.threads = 4, .nice = kStorePriority}};
  WorkerPool commits{{.threads = 2, .nice = kStorePriority}};
  WorkerPool calls{{.threads = 2, .max_waiting = 64, .nice = kStorePriority}};
  WorkerPool verifications{{.threads = 1, .max_waiting = 16, .nice = kLowestPriority}};
};

}  // namespace sta

#endif  // SERVER_SERVICES_STORE_ENGINE_H_
