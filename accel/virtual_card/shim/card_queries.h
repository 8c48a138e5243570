// SPDX-License-Identifier: Apache-2.0
//
// What a virtual card answers when XRT asks what it is.
#ifndef ACCEL_VIRTUAL_CARD_SHIM_CARD_QUERIES_H_
#define ACCEL_VIRTUAL_CARD_SHIM_CARD_QUERIES_H_

#include "accel/virtual_card/shim/xrt_internals.h"

namespace sta::virtual_xrt {

// Throws no_such_key for what a virtual card does not have. The request takes VirtualDevices.
const xrt_core::query::request& CardQuery(xrt_core::query::key_type key);

}  // namespace sta::virtual_xrt

#endif  // ACCEL_VIRTUAL_CARD_SHIM_CARD_QUERIES_H_
