// SPDX-License-Identifier: Apache-2.0
//
// RunEstimate: how long batches of a model take on a card, from sequence lengths alone and at once.
// accel/cycle_model steps through a few batches of one layer when it is made; what lies between and
// beyond them is interpolated: time grows with the token groups and, in attention, with the square
// of a sequence's.
//
//   const RunEstimate estimate(image, 300);
//   absl::Duration time = estimate.Of(batch.sequence_offsets);
//
// Immutable.
#ifndef ACCEL_XRT_RUN_ESTIMATE_H_
#define ACCEL_XRT_RUN_ESTIMATE_H_

#include <array>
#include <cstdint>
#include <span>

#include "absl/time/time.h"
#include "accel/program/card/card_config.h"
#include "accel/program/card/card_image.h"

namespace sta {

class RunEstimate {
 public:
  // Takes 0.03 s for MiniLM on the middle array, 0.11 s on the small one.
  RunEstimate(const card::CardImage& image, double clock_mhz);

  // `sequence_offsets` are those of PackedSequences.
  absl::Duration Of(std::span<const int32_t> sequence_offsets) const;

 private:
  // Of a run of `groups` token groups in sequences of one group each.
  double ShortSequenceCycles(double groups) const;

  card::CardConfig config_;
  double clock_mhz_;
  int64_t run_groups_ = 1;             // most token groups of a run
  std::array<double, 3> cycles_ = {};  // of as many groups as kGroups has
  double attention_cycles_ = 0;        // times the square of a sequence's groups
};

}  // namespace sta

#endif  // ACCEL_XRT_RUN_ESTIMATE_H_
