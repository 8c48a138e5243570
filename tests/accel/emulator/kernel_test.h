// SPDX-License-Identifier: Apache-2.0
//
// What the tests of all kernels share: they run once for every instruction set of this machine.
#ifndef TESTS_ACCEL_EMULATOR_KERNEL_TEST_H_
#define TESTS_ACCEL_EMULATOR_KERNEL_TEST_H_

#include <gtest/gtest.h>

#include <ostream>
#include <string>

#include "accel/emulator/dispatch.h"
#include "accel/emulator/kernels.h"

namespace sta::emulator {

// How GoogleTest prints the parameter.
inline void PrintTo(const KernelTable* kernels, std::ostream* out) { *out << kernels->name; }

class KernelTest : public testing::TestWithParam<const KernelTable*> {};

// Instantiates a suite of KernelTests.
#define STA_FOR_EVERY_INSTRUCTION_SET(suite)                                                    \
  INSTANTIATE_TEST_SUITE_P(Sets, suite, testing::ValuesIn(::sta::emulator::SupportedKernels()), \
                           [](const auto& set) { return std::string(set.param->name); })

}  // namespace sta::emulator

#endif  // TESTS_ACCEL_EMULATOR_KERNEL_TEST_H_
