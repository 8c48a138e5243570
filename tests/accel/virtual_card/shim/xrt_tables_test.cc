// SPDX-License-Identifier: Apache-2.0
//
// The guard against another version of XRT. If the first test fails, the message of the check says
// what to do.
#include "accel/virtual_card/shim/xrt_tables.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <version.h>
#include <xrt/xrt_device.h>

#include <string>
#include <vector>

#include "tests/support/status_matchers.h"

namespace sta::virtual_xrt {
namespace {

using testing::AllOf;
using testing::HasSubstr;

TEST(XrtTablesTest, AreThoseThatTheShimWasWrittenFor) {
  const xrt::uuid uuid;  // so that the program needs the library
  EXPECT_THAT(CheckXrtTables(), IsOk());
  EXPECT_EQ(std::string(xrt_build_version), "2.13.0")
      << "XRT's headers are of another version: check accel/virtual_card/shim/xrt_internals.h, "
         "then change this";
}

TEST(XrtTablesTest, AnotherSizeIsNoticed) {
  ExpectedTable table = ExpectedXrtTables()[0];
  table.bytes += 8;
  EXPECT_THAT(CheckXrtTable(table),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       AllOf(HasSubstr("the table of xrt_core::device has 584 bytes, not 592"),
                             HasSubstr("install that version, or bring"))));
}

TEST(XrtTablesTest, AnotherOrderIsNoticed) {
  for (const ExpectedTable& expected : ExpectedXrtTables()) {
    for (size_t i = 0; i < expected.slots.size(); ++i) {
      std::vector<ExpectedTable::Slot> slots(expected.slots.begin(), expected.slots.end());
      slots[i].symbol = expected.slots[(i + 1) % slots.size()].symbol;
      ExpectedTable table = expected;
      table.slots = slots;
      EXPECT_THAT(CheckXrtTable(table),
                  StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr(slots[i].symbol)));
    }
  }
}

TEST(XrtTablesTest, AFunctionThatGotABodyIsNoticed) {
  for (const ExpectedTable& expected : ExpectedXrtTables()) {
    ExpectedTable table = expected;
    table.slots = expected.slots.subspan(1);
    EXPECT_THAT(CheckXrtTable(table), StatusIs(absl::StatusCode::kFailedPrecondition,
                                               HasSubstr("is not __cxa_pure_virtual")));
  }
}

}  // namespace
}  // namespace sta::virtual_xrt
