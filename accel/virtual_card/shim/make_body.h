// SPDX-License-Identifier: Apache-2.0
//
// Makes the body that a card's spec asks for.
#ifndef ACCEL_VIRTUAL_CARD_SHIM_MAKE_BODY_H_
#define ACCEL_VIRTUAL_CARD_SHIM_MAKE_BODY_H_

#include <memory>

#include "absl/status/statusor.h"
#include "accel/program/card/card_config.h"
#include "accel/virtual_card/card_body.h"
#include "accel/virtual_card/shim/card_spec.h"

namespace sta::virtual_xrt {

// `config` has passed Validate(); `memory` outlives the body. UNAVAILABLE where a body's library,
// libsta_verilated_card.so beside the shim's, cannot be loaded, and INVALID_ARGUMENT where it has
// no array of this config.
absl::StatusOr<std::unique_ptr<card::CardBody>> MakeBody(BodyKind kind,
                                                         const card::CardConfig& config,
                                                         const card::BoardMemory& memory);

}  // namespace sta::virtual_xrt

#endif  // ACCEL_VIRTUAL_CARD_SHIM_MAKE_BODY_H_
