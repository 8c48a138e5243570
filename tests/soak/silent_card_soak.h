// SPDX-License-Identifier: Apache-2.0
//
// The soak of a card that computes wrong and says nothing: only an audit finds it.
#ifndef TESTS_SOAK_SILENT_CARD_SOAK_H_
#define TESTS_SOAK_SILENT_CARD_SOAK_H_

#include <string>
#include <vector>

#include "tests/soak/soak_run.h"

namespace sta::soak {

// One card computes wrong from now on, again and again. Checks that it is quarantined within as
// many batches as the audit fraction f says: each batch is audited with probability f, so more than
// n wrong ones pass unnoticed with probability (1 - f)^n, and n is chosen for 1e-6; and so for all
// rounds together. (The cards audit each other, and it is found out as the one that is asked, too.)
// Where f is 1 no answer may be wrong. Checks further that a probe keeps it out for as long as it
// is wrong, and that it comes back when it is right. Prints what it measures; returns what is
// wrong.
std::vector<std::string> RunSilentCardSoak(SoakRun& run, const SoakOptions& options);

}  // namespace sta::soak

#endif  // TESTS_SOAK_SILENT_CARD_SOAK_H_
