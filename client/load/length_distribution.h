// SPDX-License-Identifier: Apache-2.0
//
// Lengths of generated inputs: "fixed:128" or "uniform:16:128" (both ends included). Plain value.
#ifndef CLIENT_LOAD_LENGTH_DISTRIBUTION_H_
#define CLIENT_LOAD_LENGTH_DISTRIBUTION_H_

#include <cstdint>
#include <random>
#include <string_view>

#include "absl/status/statusor.h"

namespace sta::client {

class LengthDistribution {
 public:
  // INVALID_ARGUMENT says what is allowed; lengths are 1..65536.
  static absl::StatusOr<LengthDistribution> Parse(std::string_view text);

  int64_t Draw(std::mt19937_64& engine) const {
    return std::uniform_int_distribution<int64_t>(shortest_, longest_)(engine);
  }
  int64_t shortest() const { return shortest_; }
  int64_t longest() const { return longest_; }

 private:
  int64_t shortest_ = 1;
  int64_t longest_ = 1;
};

}  // namespace sta::client

#endif  // CLIENT_LOAD_LENGTH_DISTRIBUTION_H_
