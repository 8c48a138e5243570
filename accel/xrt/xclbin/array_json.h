// SPDX-License-Identifier: Apache-2.0
//
// The section BITSTREAM of an xclbin for virtual cards: the array that a card becomes, as JSON.
// Internal to accel/xrt/xclbin. Pure functions; what is read is untrusted.
#ifndef ACCEL_XRT_XCLBIN_ARRAY_JSON_H_
#define ACCEL_XRT_XCLBIN_ARRAY_JSON_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "absl/status/statusor.h"
#include "accel/program/card/card_config.h"

namespace sta {

// Nothing where it is no JSON: a bitstream for a real card. INVALID_ARGUMENT: JSON of something
// else, of a later release, or of an array that cannot be.
absl::StatusOr<std::optional<card::CardConfig>> ReadArrayJson(std::span<const uint8_t> section);

std::string WriteArrayJson(const card::CardConfig& array);

}  // namespace sta

#endif  // ACCEL_XRT_XCLBIN_ARRAY_JSON_H_
