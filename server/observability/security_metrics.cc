// SPDX-License-Identifier: Apache-2.0
#include "server/observability/security_metrics.h"

#include <string>

namespace sta {
namespace {

prometheus::Counter& ReloadCounter(prometheus::Family<prometheus::Counter>& reloads,
                                   std::string_view files, bool is_in_effect) {
  return reloads.Add(
      {{"files", std::string(files)}, {"result", is_in_effect ? "in_effect" : "refused"}});
}

}  // namespace

SecurityMetrics::SecurityMetrics(Metrics& metrics)
    : reloads_(metrics.AddCounters("sta_security_reloads_total",
                                   "Changes of the files of tokens and certificates.")) {
  for (const char* files : {"tls", "tokens"}) {
    for (const bool is_in_effect : {true, false}) ReloadCounter(reloads_, files, is_in_effect);
  }
}

void SecurityMetrics::CountReload(std::string_view files, bool is_in_effect) {
  ReloadCounter(reloads_, files, is_in_effect).Increment();
}

}  // namespace sta
