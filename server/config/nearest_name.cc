// SPDX-License-Identifier: Apache-2.0
#include "server/config/nearest_name.h"

#include <algorithm>
#include <numeric>
#include <vector>

namespace sta {

size_t EditDistance(std::string_view a, std::string_view b) {
  // row[j] is the distance between the first i letters of `a` and the first j of `b`.
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

std::string_view NearestName(std::string_view name, std::span<const std::string_view> known) {
  std::string_view nearest;
  size_t limit = std::max<size_t>(2, name.size() / 3) + 1;
  for (std::string_view candidate : known) {
    // Lengths apart bound the distance from below, so a hostile long name costs nothing.
    const size_t apart =
        std::max(name.size(), candidate.size()) - std::min(name.size(), candidate.size());
    if (apart >= limit) continue;
    const size_t distance = EditDistance(name, candidate);
    if (distance < limit) {
      limit = distance;
      nearest = candidate;
    }
  }
  return nearest;
}

}  // namespace sta
