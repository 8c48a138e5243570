// SPDX-License-Identifier: Apache-2.0
//
// FaultPlan: an endless random sequence of faults of virtual cards, the same for the same seed.
//
//   FaultPlan plan(/*seed=*/7, /*cards=*/4, /*with_wrong=*/true);
//   PlannedFault fault = plan.Next();
//   ... fault.inject is "fault 2 hang count=3", fault.repair "clear 2" ...
#ifndef TESTS_SOAK_FAULT_PLAN_H_
#define TESTS_SOAK_FAULT_PLAN_H_

#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"

namespace sta::soak {

struct PlannedFault {
  int card = 0;
  std::string_view kind;
  // Operations that it strikes before it may be repaired; 0 where it strikes the card at once.
  int64_t least_strikes = 1;
  std::string lead;  // lines of the control channel; this one may be empty
  std::string inject;
  std::string repair;    // after `lasts`, and its strikes
  absl::Duration pause;  // before it, after the last one
  absl::Duration lasts;
};

class FaultPlan {
 public:
  // `with_wrong`: cards also compute wrong, which only an audit finds.
  FaultPlan(uint64_t seed, int cards, bool with_wrong);

  PlannedFault Next();
  const std::vector<std::string_view>& kinds() const { return kinds_; }

 private:
  std::mt19937_64 random_;
  const int cards_;
  std::vector<std::string_view> kinds_;
  // Of the present round: every kind once before any comes again.
  std::vector<std::string_view> left_;
};

}  // namespace sta::soak

#endif  // TESTS_SOAK_FAULT_PLAN_H_
