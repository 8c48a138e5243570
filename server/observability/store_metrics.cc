// SPDX-License-Identifier: Apache-2.0
#include "server/observability/store_metrics.h"

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "server/observability/gauges.h"

namespace sta {
namespace {

constexpr std::array<const char*, 5> kResults = {"stored", "existing", "refused", "failed",
                                                 "aborted"};

}  // namespace

class StoreMetrics::Levels final : public prometheus::Collectable {
 public:
  void Follow(const VersionStore* store) {
    const absl::MutexLock lock(&mutex_);
    store_ = store;
  }

  std::vector<prometheus::MetricFamily> Collect() const override {
    prometheus::MetricFamily bytes = GaugeFamilyOf(
        "sta_store_bytes",
        "Bytes of versions and open uploads on the disk; what versions share counts once.");
    prometheus::MetricFamily versions =
        GaugeFamilyOf("sta_store_versions", "Whole versions in the store.");
    prometheus::MetricFamily uploads =
        GaugeFamilyOf("sta_uploads_open", "Uploads that have begun and not ended.");
    const absl::MutexLock lock(&mutex_);
    if (store_ != nullptr) {
      AddGauge({}, static_cast<double>(store_->StoreBytes()), bytes);
      AddGauge({}, static_cast<double>(store_->Snapshot()->versions.size()), versions);
      AddGauge({}, static_cast<double>(store_->ListUploads().size()), uploads);
    }
    return {std::move(bytes), std::move(versions), std::move(uploads)};
  }

 private:
  mutable absl::Mutex mutex_;
  const VersionStore* store_ ABSL_GUARDED_BY(mutex_) = nullptr;
};

StoreMetrics::StoreMetrics(Metrics& metrics)
    : bytes_(&metrics.AddCounters("sta_upload_bytes_total", "Bytes of uploads that were written.")
                  .Add({})),
      levels_(std::make_shared<Levels>()) {
  auto& uploads = metrics.AddCounters("sta_uploads_total", "Uploads that have ended, by result.");
  for (size_t i = 0; i < kResults.size(); ++i) {
    uploads_[i] = &uploads.Add({{"result", kResults[i]}});
  }
  metrics.AddCollectable(levels_);
}

StoreMetrics::~StoreMetrics() { Follow(nullptr); }

void StoreMetrics::Follow(const VersionStore* store) { levels_->Follow(store); }

void StoreMetrics::CountUpload(UploadResult result) {
  uploads_[static_cast<size_t>(result)]->Increment();
}

}  // namespace sta
