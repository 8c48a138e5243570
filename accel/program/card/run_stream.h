// SPDX-License-Identifier: Apache-2.0
//
// The instructions of one run, in the order and with the waits that batch_schedule.h explains.
// Internal to accel/program/card.
#ifndef ACCEL_PROGRAM_CARD_RUN_STREAM_H_
#define ACCEL_PROGRAM_CARD_RUN_STREAM_H_

#include <span>
#include <vector>

#include "accel/program/card/batch_schedule.h"
#include "accel/program/card/card_image.h"
#include "accel/program/card/card_layout.h"
#include "accel/program/card/instruction.h"

namespace sta::card {

std::vector<CardInstruction> MakeRunStream(const CardImage& image, const CardLayout& layout,
                                           std::span<const RunSequence> sequences);

}  // namespace sta::card

#endif  // ACCEL_PROGRAM_CARD_RUN_STREAM_H_
