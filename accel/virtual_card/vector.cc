// SPDX-License-Identifier: Apache-2.0
#include <vector>

#include "accel/arithmetic/int8_view.h"
#include "accel/arithmetic/layer_norm.h"
#include "accel/program/card/constants_layout.h"
#include "accel/virtual_card/datapath.h"

namespace sta::card {
namespace {

// The vector unit on one token at a time.
class VectorUnit {
 public:
  VectorUnit(const CardConfig& config, const VectorInstruction& instruction,
             std::span<const uint8_t> parameters, CardBuffers& buffers)
      : tile_(config.tile),
        granule_tokens_(config.granule_tokens()),
        instruction_(instruction),
        parameters_(parameters),
        buffers_(buffers),
        row_(static_cast<size_t>(instruction.channel_blocks * tile_)) {}

  void Run() {
    for (int64_t group = 0; group < instruction_.token_groups; ++group) {
      for (int64_t t = 0; t < tile_; ++t) {
        for (size_t c = 0; c < row_.size(); ++c) row_[c] = Residual(group, t, c);
        if (instruction_.normalize) Normalize(group, t);
        if (instruction_.view) WriteView(group, t);
      }
    }
  }

 private:
  int16_t& Residual(int64_t group, int64_t t, size_t c) {
    const auto channel = static_cast<int64_t>(c);
    const int64_t granule_row = group * (tile_ / granule_tokens_) + t / granule_tokens_;
    const int64_t granule =
        instruction_.source_granule + granule_row * instruction_.channel_blocks + channel / tile_;
    return buffers_.Granule(
        granule)[static_cast<size_t>(t % granule_tokens_ * tile_ + channel % tile_)];
  }

  // d[c]: the mean of a row whose M is wrong may be anything.
  static int16_t Difference(int16_t x, int32_t mean) {
    return arithmetic::Saturate16(int64_t{x} - mean);
  }

  // LayerNorm in place. Channels of padding count neither in the mean nor in the squares, but are
  // written like the others: with a gain and a bias of 0 they stay 0.
  void Normalize(int64_t group, int64_t t) {
    const std::span<const int16_t> counted =
        std::span(row_).first(static_cast<size_t>(instruction_.channels));
    int64_t sum = 0;
    for (const int16_t x : counted) sum += x;
    const int32_t mean = arithmetic::LayerNormMean(sum, instruction_.mean_reciprocal);
    auto w = static_cast<uint64_t>(instruction_.epsilon);
    for (const int16_t x : counted) {
      const int64_t d = Difference(x, mean);
      w += static_cast<uint64_t>(d * d);
    }
    const arithmetic::ReciprocalSquareRoot rsqrt = arithmetic::Rsqrt(w);
    for (size_t c = 0; c < row_.size(); ++c) {
      const int16_t n = arithmetic::LayerNormNormalize(Difference(row_[c], mean), rsqrt);
      row_[c] = arithmetic::LayerNormScale(n, Parameter(c, 0), Parameter(c, 1));
      Residual(group, t, c) = row_[c];
    }
  }

  void WriteView(int64_t group, int64_t t) {
    const int64_t row = instruction_.destination_row + group * instruction_.destination_stride;
    for (size_t c = 0; c < row_.size(); ++c) {
      buffers_.Activation(row, t, static_cast<int64_t>(c)) =
          arithmetic::Int8View(row_[c], Parameter(c, 2));
    }
  }

  // 0 g, 1 b, 2 k of channel `c`.
  int16_t Parameter(size_t c, size_t which) const {
    return ReadInt16(parameters_, c * size_t{kChannelParameterBytes} + 2 * which);
  }

  const int64_t tile_;
  const int64_t granule_tokens_;
  const VectorInstruction& instruction_;
  const std::span<const uint8_t> parameters_;
  CardBuffers& buffers_;
  std::vector<int16_t> row_;  // of the present token, with its padding
};

}  // namespace

void RunVector(const CardConfig& config, const VectorInstruction& instruction,
               std::span<const uint8_t> parameters, CardBuffers& buffers) {
  VectorUnit(config, instruction, parameters, buffers).Run();
}

}  // namespace sta::card
