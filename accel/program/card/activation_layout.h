// SPDX-License-Identifier: Apache-2.0
//
// The input and output regions of a run: int16 rows in the order of the residual buffer
// (accel/rtl/doc/instruction-set.md, "Buffers on the chip"), with zeros where a sequence does not
// fill its last token group and where a row is padded to a multiple of 16 channels.
//
//   std::vector<uint8_t> input = PackRows(image, run, batch.rows);
//   ... run the card ...
//   absl::Status status = UnpackRows(image, run, output_region, output);
//
// Pure functions.
#ifndef ACCEL_PROGRAM_CARD_ACTIVATION_LAYOUT_H_
#define ACCEL_PROGRAM_CARD_ACTIVATION_LAYOUT_H_

#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "accel/program/card/batch_schedule.h"
#include "accel/program/card/card_image.h"

namespace sta::card {

// `rows` are all rows of the batch that the run was scheduled from, [tokens][hidden_size].
// Returns run.region_beats() beats.
std::vector<uint8_t> PackRows(const CardImage& image, const ScheduledRun& run,
                              std::span<const int16_t> rows);
// The same into `region`, of that size; what was in it does not matter.
void PackRows(const CardImage& image, const ScheduledRun& run, std::span<const int16_t> rows,
              std::span<uint8_t> region);

// Writes the rows of the run's sequences, and no others, of `rows`. INVALID_ARGUMENT where `region`
// has another size than run.region_beats().
absl::Status UnpackRows(const CardImage& image, const ScheduledRun& run,
                        std::span<const uint8_t> region, std::span<int16_t> rows);

}  // namespace sta::card

#endif  // ACCEL_PROGRAM_CARD_ACTIVATION_LAYOUT_H_
