// SPDX-License-Identifier: Apache-2.0
//
// The check that XRT's library has the tables that xrt_internals.h declares. Another version of it
// would call the wrong functions of a virtual card.
#ifndef ACCEL_VIRTUAL_CARD_SHIM_XRT_TABLES_H_
#define ACCEL_VIRTUAL_CARD_SHIM_XRT_TABLES_H_

#include <cstddef>
#include <span>
#include <string_view>

#include "absl/status/status.h"

namespace sta::virtual_xrt {

// The table of virtual functions of a class, as far as the library shows it.
struct ExpectedTable {
  struct Slot {
    size_t index;
    const char* symbol;
  };

  const char* class_name;
  const char* symbol;
  size_t bytes;
  std::span<const Slot> slots;  // those with a function; all others but `unset` are pure
  std::span<const size_t> unset;
};

// Of xrt_core::device and xrt_core::system.
std::span<const ExpectedTable> ExpectedXrtTables();

// FAILED_PRECONDITION says what differs in the library that this process has, and what to do.
absl::Status CheckXrtTable(const ExpectedTable& table);
absl::Status CheckXrtTables();

}  // namespace sta::virtual_xrt

#endif  // ACCEL_VIRTUAL_CARD_SHIM_XRT_TABLES_H_
