// SPDX-License-Identifier: Apache-2.0
#include "client/load/length_distribution.h"

#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "strings/str_cat.h"

namespace sta::client {

absl::StatusOr<LengthDistribution> LengthDistribution::Parse(std::string_view text) {
  constexpr int64_t kLongest = 65536;
  const std::vector<std::string> parts = absl::StrSplit(AbslView(text), ':');
  LengthDistribution lengths;
  const bool is_fixed =
      parts.size() == 2 && parts[0] == "fixed" && absl::SimpleAtoi(parts[1], &lengths.shortest_);
  const bool is_uniform = parts.size() == 3 && parts[0] == "uniform" &&
                          absl::SimpleAtoi(parts[1], &lengths.shortest_) &&
                          absl::SimpleAtoi(parts[2], &lengths.longest_);
  if (is_fixed) lengths.longest_ = lengths.shortest_;
  if ((!is_fixed && !is_uniform) || lengths.shortest_ < 1 || lengths.shortest_ > lengths.longest_ ||
      lengths.longest_ > kLongest) {
    return absl::InvalidArgumentError(
        StrCat("lengths '", text,
               "' are not 'fixed:N' or 'uniform:LOW:HIGH' with 1 <= LOW <= HIGH"
               " <= ",
               kLongest));
  }
  return lengths;
}

}  // namespace sta::client
