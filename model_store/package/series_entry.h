// SPDX-License-Identifier: Apache-2.0
//
// SeriesEntry: a package's place in a series: the candidates of one model that differ in their
// patterns (docs/pruning.md), and the scores that it had when it was trained. Part of a package's
// provenance, so that they are known wherever the package goes. Plain values.
#ifndef MODEL_STORE_PACKAGE_SERIES_ENTRY_H_
#define MODEL_STORE_PACKAGE_SERIES_ENTRY_H_

#include <cstdint>
#include <map>
#include <string>

namespace sta {

// By metric: "accuracy", "spearman". -100..100.
using Scores = std::map<std::string, double>;

struct SeriesEntry {
  std::string series;
  std::string candidate;  // "2-8"
  std::string task;       // "sst2": what it was scored on
  std::string split;      // "dev": which part of that
  int64_t steps = 0;      // of training, from the dense model on
  std::string metric;     // the one of `scores` that counts most
  Scores scores;
  Scores dense_scores;  // of the dense model; empty: not known

  friend bool operator==(const SeriesEntry&, const SeriesEntry&) = default;
};

}  // namespace sta

#endif  // MODEL_STORE_PACKAGE_SERIES_ENTRY_H_
