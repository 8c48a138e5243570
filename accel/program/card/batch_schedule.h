// SPDX-License-Identifier: Apache-2.0
//
// From sequence lengths to instruction streams. A batch becomes one run or, where its sequences do
// not fit on the chip together, several, each over whole sequences:
//
//   absl::StatusOr<std::vector<ScheduledRun>> runs = ScheduleBatch(image, batch.sequence_offsets);
//   for (const ScheduledRun& run : *runs) {
//     ... EncodeStream(run.stream, image.config), PackRows(image, run, batch) ...
//   }
//
// Token groups of a run are cut into blocks that products and LayerNorms take turns with, so that
// the vector unit works on one block while the engine works on the next; each block reads the
// weights again. A layer, for blocks b and sequences s:
//
//   engine   QKV(b) for all b   ATTENTION(s) for all s   O(b) for all b    F1(b), F2(b) for all b
//   waits    view of b          -                        -                 LN1(b), which makes h8
//   vector                                               LN1(b) after O(b) LN2(b) after F2(b)
//
// Nothing else has to wait. The engine runs in order, so what only it writes and reads is safe:
// queries, context, GELU results, keys and values, and their places being used again. LN1(b)
// writes h8 over x8 of the same block: its reader, QKV(b), comes before O(b), which LN1(b) waits
// for; LN2(b) writes x8 over h8: its reader F1(b) comes before F2(b). The residual stream of a
// block is changed in place by LN, O, LN1, F2, LN2 in turn, each of which waits for the one before
// it, if by way of the views.
//
// Pure functions.
#ifndef ACCEL_PROGRAM_CARD_BATCH_SCHEDULE_H_
#define ACCEL_PROGRAM_CARD_BATCH_SCHEDULE_H_

#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "accel/program/card/card_image.h"
#include "accel/program/card/card_layout.h"
#include "accel/program/card/instruction.h"

namespace sta::card {

// Where a sequence of the batch stands in a run.
struct RunSequence {
  int64_t first_row = 0;  // of the batch
  int64_t tokens = 0;
  int64_t first_group = 0;  // token group of the run
};

struct ScheduledRun {
  std::vector<RunSequence> sequences;  // in the order of the batch
  CardLayout layout;
  std::vector<CardInstruction> stream;

  // Size of the input region, and of the output region.
  int64_t region_beats() const { return layout.token_groups * layout.residual_group_beats; }
};

// `sequence_offsets` are those of PackedSequences (accel/device.h). INVALID_ARGUMENT where there is
// no sequence, or one that does not fit the array alone: the message says the longest that does.
absl::StatusOr<std::vector<ScheduledRun>> ScheduleBatch(const CardImage& image,
                                                        std::span<const int32_t> sequence_offsets);

// Tokens of the longest sequence that the array takes; 0 where it takes none.
int64_t LongestSequence(const CardImage& image);

}  // namespace sta::card

#endif  // ACCEL_PROGRAM_CARD_BATCH_SCHEDULE_H_
