// SPDX-License-Identifier: Apache-2.0
#include "tests/soak/fault_plan.h"

#include <algorithm>

#include "strings/str_cat.h"

namespace sta::soak {
namespace {

constexpr std::string_view kAlloc = "alloc";
constexpr std::string_view kDead = "dead";
constexpr std::string_view kRemove = "remove";
constexpr std::string_view kWrong = "wrong";

}  // namespace

FaultPlan::FaultPlan(uint64_t seed, int cards, bool with_wrong)
    : random_(seed),
      cards_(cards),
      kinds_({"hang", "hang-hard", "error", "abort", "slow=20", "corrupt-upload",
              "corrupt-download", "corrupt-memory", kAlloc, kDead, kRemove}) {
  if (with_wrong) kinds_.push_back(kWrong);
}

PlannedFault FaultPlan::Next() {
  const auto draw = [this](int64_t least, int64_t most) {
    return std::uniform_int_distribution<int64_t>(least, most)(random_);
  };
  if (left_.empty()) {
    left_ = kinds_;
    std::ranges::shuffle(left_, random_);
  }
  PlannedFault fault = {.card = static_cast<int>(draw(0, cards_ - 1)), .kind = left_.back()};
  left_.pop_back();
  fault.pause = absl::Milliseconds(draw(10, 200));
  fault.lasts = absl::Milliseconds(draw(50, 600));
  fault.inject = StrCat("fault ", fault.card, " ", fault.kind);
  if (fault.kind == kDead || fault.kind == kRemove) {
    fault.least_strikes = 0;
    fault.repair = StrCat("return ", fault.card);
    return fault;
  }
  fault.repair = StrCat("clear ", fault.card);
  if (fault.kind == kAlloc) {
    // Buffers stay: a card allocates when it recovers.
    fault.lead = StrCat("fault ", fault.card, " abort");
    fault.least_strikes = 2;
  }
  // Some for as long as they last, so that they meet probes too; else some operations.
  if (draw(0, 3) == 0) {
    fault.inject += " forever";
  } else {
    StrAppend(&fault.inject, " count=", draw(1, 3), " after=", draw(0, 5));
  }
  return fault;
}

}  // namespace sta::soak
