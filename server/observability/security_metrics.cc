// SPDX-License-Identifier: Apache-2.0
#include "server/observability/security_metrics.h"

#include <prometheus/collectable.h>

#include <atomic>
#include <string>
#include <utility>
#include <vector>

#include "server/observability/gauges.h"

namespace sta {
namespace {

prometheus::Counter& ReloadCounter(prometheus::Family<prometheus::Counter>& reloads,
                                   std::string_view files, bool is_in_effect) {
  return reloads.Add(
      {{"files", std::string(files)}, {"result", is_in_effect ? "in_effect" : "refused"}});
}

}  // namespace

class SecurityMetrics::Expiry final : public prometheus::Collectable {
 public:
  void Set(absl::Time expiry) { seconds_ = static_cast<double>(absl::ToUnixSeconds(expiry)); }

  std::vector<prometheus::MetricFamily> Collect() const override {
    if (seconds_ == 0) return {};
    prometheus::MetricFamily family =
        GaugeFamilyOf("sta_tls_certificate_expiry_timestamp_seconds",
                      "When the server's certificate expires, in seconds since the epoch.");
    AddGauge({}, seconds_, family);
    return {std::move(family)};
  }

 private:
  std::atomic<double> seconds_ = 0;
};

SecurityMetrics::SecurityMetrics(Metrics& metrics)
    : reloads_(metrics.AddCounters("sta_security_reloads_total",
                                   "Changes of the files of tokens and certificates.")),
      expiry_(std::make_shared<Expiry>()) {
  metrics.AddCollectable(expiry_);
  for (const char* files : {"tls", "tokens"}) {
    for (const bool is_in_effect : {true, false}) ReloadCounter(reloads_, files, is_in_effect);
  }
}

void SecurityMetrics::CountReload(std::string_view files, bool is_in_effect) {
  ReloadCounter(reloads_, files, is_in_effect).Increment();
}

void SecurityMetrics::SetCertificateExpiry(absl::Time expiry) { expiry_->Set(expiry); }

}  // namespace sta
