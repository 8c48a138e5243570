// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>
#include <vector>

#include "accel/arithmetic/gelu.h"
#include "accel/arithmetic/requantize.h"
#include "accel/arithmetic/residual.h"
#include "accel/program/card/constants_layout.h"
#include "accel/virtual_card/datapath.h"

namespace sta::card {
namespace {

size_t Size(int64_t value) { return static_cast<size_t>(value); }

// The parts of a weight stream, each filled up to whole beats.
class WeightStream {
 public:
  explicit WeightStream(std::span<const uint8_t> bytes) : bytes_(bytes) {}

  std::span<const uint8_t> Next(size_t size) {
    const std::span<const uint8_t> part = bytes_.first(size);
    bytes_ = bytes_.subspan(Size(RoundUp(static_cast<int64_t>(size), kBeatBytes)));
    return part;
  }

 private:
  std::span<const uint8_t> bytes_;
};

struct ChannelParameters {
  int32_t bias = 0;
  int32_t shift = 0;
  int16_t multiplier = 0;
  uint8_t channel_class = 0;
};

class Matmul {
 public:
  Matmul(const CardConfig& config, const MatmulInstruction& instruction,
         std::span<const uint8_t> weights, CardBuffers& buffers)
      : tile_(config.tile),
        lanes_(config.lanes),
        granule_tokens_(config.granule_tokens()),
        instruction_(instruction),
        stream_(weights),
        buffers_(buffers),
        parameters_(Size(tile_)),
        sums_(Size(tile_ * tile_)) {}

  void Run() {
    if (instruction_.gelu) {
      const std::span<const uint8_t> tables = stream_.Next(sizeof(tables_));
      std::memcpy(&tables_, tables.data(), sizeof(tables_));
    }
    for (int64_t block = 0; block < instruction_.channel_blocks; ++block) {
      ReadBlock();
      for (int64_t group = 0; group < instruction_.token_groups; ++group) {
        Accumulate(group);
        if (instruction_.destination_buffer == MatmulDestination::kResidual) {
          AddToResidual(group, block);
        } else {
          WriteInt8(group, block);
        }
      }
    }
  }

 private:
  void ReadBlock() {
    const std::span<const uint8_t> parameters = stream_.Next(Size(tile_ * kChannelParameterBytes));
    for (size_t o = 0; o < parameters_.size(); ++o) {
      const std::span<const uint8_t> p = parameters.subspan(o * size_t{kChannelParameterBytes});
      // Of shift and class the hardware takes the bits that mean something.
      parameters_[o] = {.bias = ReadInt32(p, 0),
                        .shift = p[6] & 31,
                        .multiplier = ReadInt16(p, 4),
                        .channel_class = static_cast<uint8_t>(p[7] & 1)};
    }
    const int64_t count = instruction_.windows * instruction_.steps * tile_ * lanes_;
    values_ = stream_.Next(Size(count));
    indices_ = instruction_.indexed ? stream_.Next(Size(count / 2)) : std::span<const uint8_t>();
  }

  // Without the bias: at most 512 * 8 products, which never leave int32.
  void Accumulate(int64_t group) {
    std::fill(sums_.begin(), sums_.end(), 0);
    const int64_t row = instruction_.source_row + group * instruction_.source_stride;
    for (int64_t window = 0; window < instruction_.windows; ++window) {
      for (int64_t step = 0; step < instruction_.steps; ++step) Step(row + window, window, step);
    }
  }

  void Step(int64_t row, int64_t window, int64_t step) {
    const int64_t first = (window * instruction_.steps + step) * tile_ * lanes_;
    for (int64_t t = 0; t < tile_; ++t) {
      for (int64_t l = 0; l < lanes_; ++l) {
        const std::span<const int8_t> inputs = buffers_.Lane(row, t, l);
        for (int64_t o = 0; o < tile_; ++o) {
          const size_t weight = Size(first + o * lanes_ + l);
          const size_t byte = instruction_.indexed ? Index(weight) : Size(step);
          sums_[Size(t * tile_ + o)] += static_cast<int8_t>(values_[weight]) * inputs[byte];
        }
      }
    }
  }

  size_t Index(size_t weight) const {
    return static_cast<size_t>(indices_[weight / 2] >> (4 * (weight % 2)) & 15);
  }

  // The accumulator of token `t` and channel `o`; a bias out of its range wraps.
  int32_t Accumulator(int64_t t, int64_t o) const {
    return static_cast<int32_t>(static_cast<uint32_t>(parameters_[Size(o)].bias) +
                                static_cast<uint32_t>(sums_[Size(t * tile_ + o)]));
  }

  void WriteInt8(int64_t group, int64_t block) {
    const int64_t destination = instruction_.destination + group * instruction_.destination_stride;
    const bool activations = instruction_.destination_buffer == MatmulDestination::kActivations;
    for (int64_t t = 0; t < tile_; ++t) {
      for (int64_t o = 0; o < tile_; ++o) {
        const ChannelParameters& p = parameters_[Size(o)];
        int8_t y = arithmetic::Requantize8(Accumulator(t, o), p.shift, p.multiplier);
        if (instruction_.gelu) y = arithmetic::Gelu(tables_, p.channel_class, y);
        const int64_t channel = block * tile_ + o;
        (activations ? buffers_.Activation(destination, t, channel)
                     : buffers_.KeyValue(destination, t, channel)) = y;
      }
    }
  }

  void AddToResidual(int64_t group, int64_t block) {
    for (int64_t t = 0; t < tile_; ++t) {
      const std::span<int16_t> granule =
          buffers_.Granule(instruction_.destination + group * instruction_.destination_stride +
                           t / granule_tokens_ * instruction_.granule_row_stride + block);
      for (int64_t o = 0; o < tile_; ++o) {
        const ChannelParameters& p = parameters_[Size(o)];
        int16_t& x = granule[Size(t % granule_tokens_ * tile_ + o)];
        x = arithmetic::ResidualAdd(
            x, arithmetic::Requantize16(Accumulator(t, o), p.shift, p.multiplier));
      }
    }
  }

  const int64_t tile_;
  const int64_t lanes_;
  const int64_t granule_tokens_;
  const MatmulInstruction& instruction_;
  WeightStream stream_;
  CardBuffers& buffers_;

  arithmetic::GeluTables tables_ = {};
  // Of the present channel block.
  std::vector<ChannelParameters> parameters_;
  std::span<const uint8_t> values_;
  std::span<const uint8_t> indices_;
  // Of the present tile: [T tokens][T channels].
  std::vector<int32_t> sums_;
};

}  // namespace

void RunMatmul(const CardConfig& config, const MatmulInstruction& instruction,
               std::span<const uint8_t> weights, CardBuffers& buffers) {
  Matmul(config, instruction, weights, buffers).Run();
}

}  // namespace sta::card
