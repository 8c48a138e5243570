// SPDX-License-Identifier: Apache-2.0
//
// Metrics: everything that the server tells Prometheus. docs/operations.md is the catalog of names;
// a test compares the two.
//
//   Metrics metrics(version);
//   metrics.RegisterModel("minilm", 1);                       // its series exist from here on
//   metrics.ForModel("minilm", 1).phases.tokenize.Observe(0.0002);
//   auto port = metrics.Serve("127.0.0.1", 8002);             // http://127.0.0.1:8002/metrics
//
// Label values come from the store and from our own names only, never from a client's string: a
// request for a model that is not there is counted under "unknown". Thread-safe; an observation is
// an atomic operation or two and a short lock.
#ifndef SERVER_OBSERVABILITY_METRICS_H_
#define SERVER_OBSERVABILITY_METRICS_H_

#include <prometheus/collectable.h>
#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "server/batching/batch_observer.h"
#include "server/observability/metrics_page.h"
#include "server/observability/model_statistics.h"

namespace sta {

// Where the time of a request goes, by model.
struct PhaseMetrics {
  prometheus::Histogram& tokenize;   // decode and tokenize
  prometheus::Histogram& queue;      // until its first batch was formed
  prometheus::Histogram& compute;    // on devices
  prometheus::Histogram& head;       // pooling, classifier
  prometheus::Histogram& serialize;  // writing the reply
};

struct ModelMetrics {
  PhaseMetrics phases;
  prometheus::Histogram& batch_tokens;
  prometheus::Histogram& batch_sequences;
  prometheus::Gauge& queue_requests;
  prometheus::Gauge& queue_tokens;
};

class Metrics final : public BatchObserver {
 public:
  explicit Metrics(std::string_view version);

  // Makes the series of a model. Its name comes from the store.
  void RegisterModel(std::string_view model, int64_t version);
  // The state that a version is in, of server/models/model_status.h; registers it where it is new.
  // An empty one: the version is gone, and with it what is counted of it alone.
  void SetModelState(std::string_view model, int64_t version, std::string_view state);

  // For parts with metrics of their own, before Serve. Handles are valid as long as this.
  prometheus::Family<prometheus::Counter>& AddCounters(const char* name, const char* help);
  prometheus::Family<prometheus::Gauge>& AddGauges(const char* name, const char* help);
  // What is read when the page is asked for, besides our own.
  void AddCollectable(std::shared_ptr<prometheus::Collectable> collectable);

  // Handles of a model that was registered; those of "unknown" otherwise. Valid as long as this.
  ModelMetrics& ForModel(std::string_view model);

  // One RPC is over. `code` is the gRPC code; a model that is not registered counts as "unknown",
  // version 0; RPCs about no model use "".
  void CountRequest(std::string_view model, int64_t version, std::string_view rpc,
                    absl::StatusCode code, absl::Duration duration);
  // A request that was refused, for a queue or before it reached one.
  void CountRejected(std::string_view model, RejectReason reason);
  void ObserveModelLoad(std::string_view model, absl::Duration duration, bool succeeded);

  // The same things once more, as Triton's statistics extension tells them.
  ModelStatistics& statistics() { return statistics_; }

  // Serves /metrics and returns the port (of `port` 0: the one that was taken). UNAVAILABLE where
  // the address cannot be listened on. At most once.
  absl::StatusOr<int> Serve(const std::string& host, int port);

  // The page as Prometheus would read it.
  std::string Text() const;

  // BatchObserver:
  void OnBatch(const ServedModel& model, const BatchRecord& record) override;
  void OnBatchDone(const ServedModel& model, const BatchRecord& record,
                   absl::Duration compute) override;
  void OnQueueChange(const ServedModel& model, int64_t requests, int64_t tokens) override;
  void OnRejected(const ServedModel& model, RejectReason reason) override;

 private:
  // Model, version, RPC. A request that is counted makes no string for it.
  using RequestKey = std::tuple<std::string, int64_t, std::string>;
  using RequestKeyView = std::tuple<std::string_view, int64_t, std::string_view>;
  // Keys and views of them; clang 14 cannot compare tuples of different types by itself.
  struct KeyOrder {
    using is_transparent = void;
    bool operator()(const RequestKeyView& a, const RequestKeyView& b) const;
  };
  struct RequestSeries {
    prometheus::Histogram* duration = nullptr;
    std::map<absl::StatusCode, prometheus::Counter*> by_code;
  };

  RequestSeries& SeriesOf(const RequestKeyView& key) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  prometheus::Counter& CounterOf(const RequestKeyView& key, RequestSeries& series,
                                 absl::StatusCode code) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void ForgetVersion(const std::string& model, int64_t version)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // The name itself if it is registered or empty, else "unknown".
  std::string_view Label(std::string_view model) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  ModelStatistics statistics_;
  std::shared_ptr<prometheus::Registry> registry_;
  prometheus::Family<prometheus::Histogram>& request_duration_;
  prometheus::Family<prometheus::Counter>& requests_;
  prometheus::Family<prometheus::Histogram>& phase_duration_;
  prometheus::Family<prometheus::Histogram>& batch_tokens_;
  prometheus::Family<prometheus::Histogram>& batch_sequences_;
  prometheus::Family<prometheus::Gauge>& queue_requests_;
  prometheus::Family<prometheus::Gauge>& queue_tokens_;
  prometheus::Family<prometheus::Counter>& rejected_;
  prometheus::Family<prometheus::Histogram>& load_duration_;
  prometheus::Family<prometheus::Counter>& load_failures_;
  prometheus::Family<prometheus::Gauge>& model_state_;

  mutable absl::Mutex mutex_;
  std::map<std::string, std::unique_ptr<ModelMetrics>, std::less<>> models_ ABSL_GUARDED_BY(mutex_);
  std::map<RequestKey, RequestSeries, KeyOrder> series_ ABSL_GUARDED_BY(mutex_);
  // By state.
  using StateGauges = std::map<std::string, prometheus::Gauge*, std::less<>>;
  std::map<std::pair<std::string, int64_t>, StateGauges> states_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::shared_ptr<prometheus::Collectable>> collectables_;
  std::unique_ptr<MetricsPage> page_;
};

}  // namespace sta

#endif  // SERVER_OBSERVABILITY_METRICS_H_
