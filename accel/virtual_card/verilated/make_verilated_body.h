// SPDX-License-Identifier: Apache-2.0
//
// Makes the VerilatedBody of the array that an xclbin describes, if it is one of those that were
// built: an array in simulation is as fixed as one in a bitstream.
#ifndef ACCEL_VIRTUAL_CARD_VERILATED_MAKE_VERILATED_BODY_H_
#define ACCEL_VIRTUAL_CARD_VERILATED_MAKE_VERILATED_BODY_H_

#include <memory>

#include "absl/status/statusor.h"
#include "accel/program/card/card_config.h"
#include "accel/virtual_card/card_body.h"

namespace sta::card {

// The bytes of `memory` outlive the body. INVALID_ARGUMENT names what differs from the arrays that
// there are.
absl::StatusOr<std::unique_ptr<CardBody>> MakeVerilatedBody(const CardConfig& config,
                                                            const BoardMemory& memory);

}  // namespace sta::card

#endif  // ACCEL_VIRTUAL_CARD_VERILATED_MAKE_VERILATED_BODY_H_
