// SPDX-License-Identifier: Apache-2.0
//
// The first beat of a program image: what it is, for which array, and a checksum of the rest. The
// hardware does not read it; whoever loads an image checks it (CheckCardImage in card_image.h).
// Internal to accel/program/card.
#ifndef ACCEL_PROGRAM_CARD_IMAGE_HEADER_H_
#define ACCEL_PROGRAM_CARD_IMAGE_HEADER_H_

#include <cstdint>
#include <vector>

#include "accel/program/card/card_config.h"

namespace sta::card {

// `image` is complete but for its first beat.
void WriteImageHeader(const CardConfig& config, std::vector<uint8_t>& image);

}  // namespace sta::card

#endif  // ACCEL_PROGRAM_CARD_IMAGE_HEADER_H_
