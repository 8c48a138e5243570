// SPDX-License-Identifier: Apache-2.0
#include "accel/xrt/run_estimate.h"

#include <algorithm>
#include <cstddef>
#include <vector>

#include "accel/cycle_model/cycle_model.h"
#include "accel/program/card/batch_schedule.h"

namespace sta {
namespace {

// Token groups of the batches that are stepped through.
constexpr std::array<int64_t, 3> kGroups = {1, 4, 16};
constexpr int64_t kMostRunGroups = 4096;

double CyclesOf(const card::CardImage& image, std::span<const int32_t> offsets) {
  const auto runs = card::ScheduleBatch(image, offsets);
  if (!runs.ok()) return 0;
  double cycles = 0;
  for (const card::ScheduledRun& run : *runs) {
    const auto estimate = card::PredictCycles(run.stream, image.config, {});
    if (estimate.ok()) cycles += static_cast<double>(estimate->cycles);
  }
  return cycles;
}

// Cycles of a model whose layers are all as long as the model's are on average, from those of the
// first layer alone and twice.
class LayerModel {
 public:
  explicit LayerModel(const card::CardImage& image) {
    one_.config = image.config;
    one_.hidden_size = image.hidden_size;
    one_.padded_hidden_size = image.padded_hidden_size;
    one_.embedding_layer_norm = image.embedding_layer_norm;
    if (!image.layers.empty()) one_.layers = {image.layers.front()};
    two_ = one_;
    two_.layers.insert(two_.layers.end(), one_.layers.begin(), one_.layers.end());
    double steps = 0;
    for (const card::LayerEntry& layer : image.layers) steps += StepsOf(layer);
    if (!image.layers.empty()) layers_ = steps / StepsOf(image.layers.front());
  }

  double Cycles(std::span<const int32_t> offsets) const {
    const double one = CyclesOf(one_, offsets);
    if (one_.layers.empty()) return one;
    return one + (layers_ - 1) * (CyclesOf(two_, offsets) - one);
  }

 private:
  static double StepsOf(const card::LayerEntry& layer) {
    double steps = 0;
    for (const auto& [name, matrix] : layer.matrices()) {
      steps += static_cast<double>(matrix->StepCycles());
    }
    return steps;
  }

  card::CardImage one_;  // without bytes: the cycle model does not look at them
  card::CardImage two_;
  double layers_ = 0;  // as long as the first
};

// `groups` token groups in sequences of `tokens`.
std::vector<int32_t> Offsets(int64_t groups, int64_t tokens, int64_t tile) {
  std::vector<int32_t> offsets = {0};
  for (int64_t end = tokens; end <= groups * tile; end += tokens) {
    offsets.push_back(static_cast<int32_t>(end));
  }
  return offsets;
}

int64_t MostRunGroups(const card::CardImage& image) {
  int64_t least = 1;
  int64_t most = kMostRunGroups;
  while (least < most) {
    const int64_t groups = least + (most - least + 1) / 2;
    const card::RunShape shape = {.token_groups = groups, .longest_sequence = image.config.tile};
    if (card::MakeCardLayout(image, shape).ok()) {
      least = groups;
    } else {
      most = groups - 1;
    }
  }
  return least;
}

}  // namespace

RunEstimate::RunEstimate(const card::CardImage& image, double clock_mhz)
    : config_(image.config), clock_mhz_(clock_mhz), run_groups_(MostRunGroups(image)) {
  const LayerModel model(image);
  const int64_t tile = config_.tile;
  for (size_t i = 0; i < kGroups.size(); ++i) {
    cycles_[i] = model.Cycles(Offsets(kGroups[i], tile, tile));
  }
  // As long a sequence as there is among those that the model and the array take.
  const int64_t groups = std::clamp<int64_t>(LongestSequence(image) / tile, 1, kGroups.back());
  const auto square = static_cast<double>(groups * groups);
  attention_cycles_ = std::max(0.0, (model.Cycles(Offsets(groups, groups * tile, tile)) -
                                     ShortSequenceCycles(static_cast<double>(groups))) /
                                        square);
}

double RunEstimate::ShortSequenceCycles(double groups) const {
  const size_t last = kGroups.size() - 1;
  size_t i = 0;
  while (i + 1 < last && groups > static_cast<double>(kGroups[i + 1])) ++i;
  const auto from = static_cast<double>(kGroups[i]);
  const auto to = static_cast<double>(kGroups[i + 1]);
  return cycles_[i] + (cycles_[i + 1] - cycles_[i]) * (groups - from) / (to - from);
}

absl::Duration RunEstimate::Of(std::span<const int32_t> sequence_offsets) const {
  int64_t groups = 0;
  double squares = 0;
  for (size_t i = 0; i + 1 < sequence_offsets.size(); ++i) {
    const int64_t of_sequence = config_.GroupsOf(sequence_offsets[i + 1] - sequence_offsets[i]);
    groups += of_sequence;
    squares += static_cast<double>(of_sequence) * static_cast<double>(of_sequence);
  }
  double cycles = squares * attention_cycles_;
  for (; groups > run_groups_; groups -= run_groups_) {
    cycles += ShortSequenceCycles(static_cast<double>(run_groups_));
  }
  cycles += ShortSequenceCycles(static_cast<double>(groups));
  return absl::Microseconds(cycles / clock_mhz_);
}

}  // namespace sta
