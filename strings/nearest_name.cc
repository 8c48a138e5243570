// SPDX-License-Identifier: Apache-2.0
#include "strings/nearest_name.h"

#include <algorithm>
#include <string_view>
#include <vector>

namespace sta {
namespace {

// Optimal string alignment distance.
size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<std::vector<size_t>> cost(a.size() + 1, std::vector<size_t>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); ++i) cost[i][0] = i;
  for (size_t j = 0; j <= b.size(); ++j) cost[0][j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replace = cost[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, replace});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
    }
  }
  return cost[a.size()][b.size()];
}

bool OneBeginsTheOther(std::string_view a, std::string_view b) {
  constexpr size_t kShortestBeginning = 3;
  const size_t length = std::min(a.size(), b.size());
  return length >= kShortestBeginning && a.substr(0, length) == b.substr(0, length);
}

}  // namespace

std::string NearestName(const std::string& name, std::span<const std::string> known) {
  constexpr size_t kLongestName = 64;  // the distance is quadratic
  if (name.empty() || name.size() > kLongestName) return "";
  std::string nearest;
  size_t least = std::max<size_t>(2, name.size() / 3) + 1;
  for (const std::string& candidate : known) {
    const size_t edits = EditDistance(name, candidate);
    const size_t distance = OneBeginsTheOther(name, candidate) ? std::min<size_t>(1, edits) : edits;
    // Two edits turn any two letters into any others: that is no likeness.
    if (distance < least && distance < candidate.size()) {
      least = distance;
      nearest = candidate;
    }
  }
  return nearest;
}

}  // namespace sta
