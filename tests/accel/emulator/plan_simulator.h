// SPDX-License-Identifier: Apache-2.0
//
// Runs Programs and ExecutionPlans on symbols in place of numbers: a value is a hash of how it came
// about, so two equal results mean the same computation. A batch is some chunks of rows; an
// attention reads the keys and values of all of them.
#ifndef TESTS_ACCEL_EMULATOR_PLAN_SIMULATOR_H_
#define TESTS_ACCEL_EMULATOR_PLAN_SIMULATOR_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "accel/emulator/execution_plan.h"
#include "accel/program/program.h"

namespace sta::emulator {

// Each chunk's output rows, instruction after instruction.
std::vector<uint64_t> SimulateProgram(const Program& program, size_t chunks);

// The same by a plan. Inside a segment chunks advance a step at a time in an order that the seed
// decides, each with local slots of its own, which hold nothing of use when a segment begins.
std::vector<uint64_t> SimulatePlan(const ExecutionPlan& plan, size_t chunks, uint64_t seed);

}  // namespace sta::emulator

#endif  // TESTS_ACCEL_EMULATOR_PLAN_SIMULATOR_H_
