// SPDX-License-Identifier: Apache-2.0
#include "bench/kernels/results.h"

namespace sta::bench {
namespace {

const Peaks* FindPeaks(const std::vector<Peaks>& peaks, const Entry& entry) {
  for (const Peaks& peak : peaks) {
    if (peak.instruction_set == entry.set && peak.threads == entry.threads) return &peak;
  }
  return nullptr;
}

}  // namespace

std::vector<Result> ResultsOf(const std::vector<Entry>& entries,
                              const std::map<std::string, double>& rates,
                              const std::vector<Peaks>& peaks) {
  std::vector<Result> results;
  for (const Entry& entry : entries) {
    const auto found = rates.find(entry.Name());
    if (found == rates.end()) continue;
    const double rate = found->second;
    const auto times_as_fast_as = [&](const std::string& peer) -> std::optional<double> {
      const auto other = rates.find(peer);
      if (other == rates.end() || other == found) return std::nullopt;
      return rate / other->second;
    };
    Result result = {.name = entry.Name(), .value = 1e9 / rate, .unit = "ns/row"};
    if (entry.pattern.has_value()) {
      result.value = rate;
      result.unit = "GOP/s";
      const Peaks* const peak = FindPeaks(peaks, entry);
      if (peak != nullptr) result.of_ceiling = rate / peak->CeilingGops(*entry.pattern);
      result.over_dense = times_as_fast_as(entry.NameWith(entry.set, Pattern::Dense()));
    }
    if (entry.set != kOneDnn) {
      result.over_generic = times_as_fast_as(entry.NameWith("generic", entry.pattern));
      result.over_onednn = times_as_fast_as(entry.NameWith(kOneDnn, entry.pattern));
    }
    results.push_back(result);
  }
  return results;
}

}  // namespace sta::bench
