// SPDX-License-Identifier: Apache-2.0
//
// The soak of faults: cards fail in every way under load, and no client notices.
#ifndef TESTS_SOAK_FAULT_SOAK_H_
#define TESTS_SOAK_FAULT_SOAK_H_

#include <string>
#include <vector>

#include "tests/soak/soak_run.h"

namespace sta::soak {

// Prints what it measures; returns what is wrong. With an audit fraction of 1 cards also compute
// wrong.
std::vector<std::string> RunFaultSoak(SoakRun& run, const SoakOptions& options);

}  // namespace sta::soak

#endif  // TESTS_SOAK_FAULT_SOAK_H_
