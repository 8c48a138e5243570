// SPDX-License-Identifier: Apache-2.0
//
// Saboteur: injects the faults of a plan from a thread, and repairs them when their time is over
// and they have struck.
//
//   Saboteur saboteur(cards, plan);
//   ... load ...
//   saboteur.Stop();                        // all is repaired
//   for (const auto& [kind, count] : saboteur.counts()) ...
#ifndef TESTS_SOAK_SABOTEUR_H_
#define TESTS_SOAK_SABOTEUR_H_

#include <cstdint>
#include <map>
#include <string_view>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "tests/soak/fault_plan.h"
#include "tests/support/virtual_cards.h"

namespace sta::soak {

struct FaultCount {
  int64_t injected = 0;
  int64_t struck = 0;  // of these, those that met an operation, or took the card away
};

class Saboteur {
 public:
  // Both outlive this.
  Saboteur(const VirtualCards& cards, FaultPlan& plan);
  ~Saboteur() { Stop(); }
  Saboteur(const Saboteur&) = delete;
  Saboteur& operator=(const Saboteur&) = delete;

  void Stop();
  // After Stop.
  const std::map<std::string_view, FaultCount>& counts() const { return counts_; }

 private:
  struct Pending {
    PlannedFault fault;
    absl::Time repair_at;
    int64_t struck_before = 0;
  };

  void Loop();
  void RepairDue();
  void Inject(const PlannedFault& fault);
  void Repair(const Pending& pending);
  // Of all faults of the card.
  int64_t Struck(int card) const;
  // False when it is to stop.
  bool WaitUntil(absl::Time time) ABSL_LOCKS_EXCLUDED(mutex_);

  const VirtualCards& cards_;
  FaultPlan& plan_;
  std::map<int, Pending> pending_;  // by card: one at a time
  std::map<std::string_view, FaultCount> counts_;
  absl::Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace sta::soak

#endif  // TESTS_SOAK_SABOTEUR_H_
