// SPDX-License-Identifier: Apache-2.0
#include "server/observability/latency_window.h"

#include <algorithm>

#include "histogram/bucket_counts.h"

namespace sta {
namespace {

constexpr absl::Duration kBetweenSnapshots = absl::Seconds(1);

}  // namespace

LatencyWindow::LatencyWindow(absl::Duration length, absl::Time start) : length_(length) {
  const absl::MutexLock lock(&mutex_);
  snapshots_.push_back({.time = start, .counts = {}});
}

LatencyWindow::View LatencyWindow::Look(const LatencyCounts& counts, absl::Time now) {
  const absl::MutexLock lock(&mutex_);
  // The youngest that is old enough, else the oldest.
  while (snapshots_.size() > 1 && now - snapshots_[1].time >= length_) snapshots_.pop_front();
  const Snapshot& base = snapshots_.front();
  View view{.length = std::max(now - base.time, absl::ZeroDuration()), .counts = {}};
  for (const auto& [version, durations] : counts) {
    const auto before = base.counts.find(version);
    // A version that was deleted and came again has begun anew.
    view.counts[version] =
        before == base.counts.end() ? durations : CountsSince(durations, before->second);
  }
  if (now - snapshots_.back().time >= kBetweenSnapshots) {
    snapshots_.push_back({.time = now, .counts = counts});
  }
  return view;
}

}  // namespace sta
