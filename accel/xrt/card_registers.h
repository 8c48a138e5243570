// SPDX-License-Identifier: Apache-2.0
//
// What a card says of itself in its registers (accel/rtl/doc/registers.md). Internal to accel/xrt.
#ifndef ACCEL_XRT_CARD_REGISTERS_H_
#define ACCEL_XRT_CARD_REGISTERS_H_

#include "absl/status/statusor.h"
#include "accel/program/card/card_config.h"
#include "accel/xrt/xrt_card.h"

namespace sta {

// FAILED_PRECONDITION: the kernel has another instruction set version, or sizes that none of ours
// has; UNAVAILABLE: the card is gone.
absl::StatusOr<card::CardConfig> ReadCardConfig(XrtCard& card);

}  // namespace sta

#endif  // ACCEL_XRT_CARD_REGISTERS_H_
