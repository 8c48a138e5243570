// SPDX-License-Identifier: Apache-2.0
#include "accel/program/card/batch_schedule.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>

#include "absl/status/status.h"
#include "accel/program/card/run_stream.h"
#include "strings/str_cat.h"

namespace sta::card {
namespace {

// Of the cycles that the engine works on a block, the share in which the block's weights may be
// read: the memory has latency, and other transfers.
constexpr double kWeightShare = 0.8;
// Two blocks hide the vector unit behind the engine; more shorten what is hidden behind nothing,
// the first block's loads and the last one's LayerNorm.
constexpr int64_t kMostBlocks = 4;

// Token groups that a block needs at least for its weights to come in time.
int64_t LeastBlockGroups(const CardImage& image) {
  double most = 1.0;
  for (const LayerEntry& layer : image.layers) {
    for (const auto& [name, matrix] : layer.matrices()) {
      // A tile takes its steps, or the epilogue's granules where there are fewer steps.
      const int64_t tile_cycles =
          std::max(matrix->windows * matrix->steps, image.config.granule_rows());
      most = std::max(
          most, static_cast<double>(matrix->beats) /
                    (kWeightShare * static_cast<double>(matrix->channel_blocks * tile_cycles)));
    }
  }
  return static_cast<int64_t>(std::ceil(most));
}

class BatchScheduler {
 public:
  explicit BatchScheduler(const CardImage& image)
      : image_(image), least_block_groups_(LeastBlockGroups(image)) {}

  absl::StatusOr<std::vector<ScheduledRun>> Schedule(std::span<const int32_t> offsets) && {
    for (size_t i = 0; i + 1 < offsets.size(); ++i) {
      const RunSequence sequence = {.first_row = offsets[i],
                                    .tokens = int64_t{offsets[i + 1]} - offsets[i]};
      if (absl::Status status = Place(i, sequence); !status.ok()) return status;
    }
    if (runs_.empty()) return absl::InvalidArgumentError("a batch without sequences");
    for (ScheduledRun& run : runs_) {
      run.stream = MakeRunStream(image_, run.layout, run.sequences);
    }
    return std::move(runs_);
  }

 private:
  // Behind the last run's sequences where there is room, or else in a run of its own.
  absl::Status Place(size_t index, const RunSequence& sequence) {
    if (sequence.tokens < 1) {
      return absl::InvalidArgumentError(
          StrCat("sequence ", index, " has ", sequence.tokens, " tokens"));
    }
    if (!runs_.empty() && AddTo(runs_.back(), sequence).ok()) return absl::OkStatus();
    ScheduledRun run;
    if (absl::Status status = AddTo(run, sequence); !status.ok()) {
      return absl::InvalidArgumentError(StrCat("sequence ", index, " has ", sequence.tokens,
                                               " tokens, the longest that the card takes "
                                               "of this model has ",
                                               LongestSequence(image_), ": ",
                                               StdView(status.message())));
    }
    runs_.push_back(std::move(run));
    return absl::OkStatus();
  }

  // Leaves `run` as it is where the sequence does not fit.
  absl::Status AddTo(ScheduledRun& run, RunSequence sequence) const {
    sequence.first_group = run.layout.token_groups;
    RunShape shape = {
        .token_groups = sequence.first_group + image_.config.GroupsOf(sequence.tokens),
        .longest_sequence = sequence.tokens};
    for (const RunSequence& other : run.sequences) {
      shape.longest_sequence = std::max(shape.longest_sequence, other.tokens);
    }
    shape.preferred_blocks =
        std::clamp<int64_t>(shape.token_groups / least_block_groups_, 1, kMostBlocks);
    const absl::StatusOr<CardLayout> layout = MakeCardLayout(image_, shape);
    if (!layout.ok()) return layout.status();
    if (InstructionCount(layout->blocks, std::ssize(run.sequences) + 1) > kMaxInstructions) {
      return absl::ResourceExhaustedError("the run would have too many instructions");
    }
    run.layout = *layout;
    run.sequences.push_back(sequence);
    return absl::OkStatus();
  }

  int64_t InstructionCount(int64_t blocks, int64_t sequences) const {
    constexpr int64_t kBlockInstructionsOfLayer = 8;  // q, k, v, o, f1, f2 and two LayerNorms
    return 3 * blocks + 1 +
           std::ssize(image_.layers) * (kBlockInstructionsOfLayer * blocks + sequences);
  }

  const CardImage& image_;
  const int64_t least_block_groups_;
  std::vector<ScheduledRun> runs_;
};

}  // namespace

absl::StatusOr<std::vector<ScheduledRun>> ScheduleBatch(const CardImage& image,
                                                        std::span<const int32_t> sequence_offsets) {
  return BatchScheduler(image).Schedule(sequence_offsets);
}

int64_t LongestSequence(const CardImage& image) {
  const int64_t tile = image.config.tile;
  int64_t least = 0;  // fits
  int64_t most = image.config.max_sequence_tokens;
  while (least < most) {
    const int64_t tokens = least + (most - least + 1) / 2;
    const RunShape shape = {.token_groups = CeilDivide(tokens, tile), .longest_sequence = tokens};
    if (MakeCardLayout(image, shape).ok()) {
      least = tokens;
    } else {
      most = tokens - 1;
    }
  }
  return least;
}

}  // namespace sta::card
