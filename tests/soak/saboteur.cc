// SPDX-License-Identifier: Apache-2.0
#include "tests/soak/saboteur.h"

#include <nlohmann/json.hpp>
#include <string>

#include "absl/time/clock.h"
#include "strings/str_cat.h"

namespace sta::soak {
namespace {

constexpr absl::Duration kTick = absl::Milliseconds(10);
// A card that is out of service runs nothing that a fault could strike.
constexpr absl::Duration kPatienceForStrikes = absl::Seconds(5);

}  // namespace

Saboteur::Saboteur(const VirtualCards& cards, FaultPlan& plan)
    : cards_(cards), plan_(plan), thread_([this] { Loop(); }) {}

void Saboteur::Stop() {
  {
    const absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  if (thread_.joinable()) thread_.join();
}

bool Saboteur::WaitUntil(absl::Time time) {
  const absl::MutexLock lock(&mutex_);
  return !mutex_.AwaitWithDeadline(absl::Condition(&stopping_), time);
}

void Saboteur::Loop() {
  bool goes_on = true;
  while (goes_on) {
    const PlannedFault next = plan_.Next();
    const absl::Time begin = absl::Now() + next.pause;
    // A card is repaired before it gets its next fault: "clear" clears all that it has.
    while (goes_on && (absl::Now() < begin || pending_.contains(next.card))) {
      goes_on = WaitUntil(absl::Now() + kTick);
      RepairDue();
    }
    if (goes_on) Inject(next);
  }
  for (const auto& [card, pending] : pending_) Repair(pending);
  pending_.clear();
}

void Saboteur::RepairDue() {
  const absl::Time now = absl::Now();
  std::erase_if(pending_, [&](const auto& entry) {
    const Pending& pending = entry.second;
    const bool has_struck =
        Struck(pending.fault.card) - pending.struck_before >= pending.fault.least_strikes;
    if (now < pending.repair_at + (has_struck ? absl::ZeroDuration() : kPatienceForStrikes))
      return false;
    Repair(pending);
    return true;
  });
}

void Saboteur::Inject(const PlannedFault& fault) {
  pending_[fault.card] = {
      .fault = fault, .repair_at = absl::Now() + fault.lasts, .struck_before = Struck(fault.card)};
  if (!fault.lead.empty()) cards_.Control(fault.lead);
  cards_.Control(fault.inject);
  ++counts_[fault.kind].injected;
}

void Saboteur::Repair(const Pending& pending) {
  const int64_t strikes = Struck(pending.fault.card) - pending.struck_before;
  if (strikes >= pending.fault.least_strikes) ++counts_[pending.fault.kind].struck;
  cards_.Control(pending.fault.repair);
}

int64_t Saboteur::Struck(int card) const {
  return nlohmann::json::parse(cards_.Control(StrCat("status ", card)))["faults"].get<int64_t>();
}

}  // namespace sta::soak
