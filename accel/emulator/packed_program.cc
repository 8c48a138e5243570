// SPDX-License-Identifier: Apache-2.0
#include "accel/emulator/packed_program.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "accel/arithmetic/layer_norm.h"

namespace sta::emulator {
namespace {

// Requantizing, normalizing and moving one value costs about as much as this many products.
constexpr double kWorkPerValue = 16.0;
// Of what a core's first- and second-level caches hold, the share that activations may take.
constexpr int64_t kBlockBytes = 37 * 1024;
constexpr int64_t kChunkBytes = 384 * 1024;
constexpr int64_t kLeastChunkRows = 48;
constexpr int64_t kMostChunkRows = 192;

int64_t PaddedWidth(size_t width) {
  const auto channels = static_cast<int64_t>(width);
  return (channels + kChunkChannels - 1) / kChunkChannels * kChunkChannels;
}

template <typename To, typename From>
AlignedBuffer<To> Pad(const std::vector<From>& values) {
  AlignedBuffer<To> padded(PaddedWidth(values.size()));
  std::copy(values.begin(), values.end(), padded.data());
  return padded;
}

// As LinearArgs::multiplier says.
AlignedBuffer<int16_t> PairMultipliers(const std::vector<int16_t>& multipliers) {
  AlignedBuffer<int16_t> paired(2 * PaddedWidth(multipliers.size()));
  for (size_t channel = 0; channel < multipliers.size(); ++channel) {
    const size_t place = channel / 4 * 8 + channel % 4;
    paired.data()[place] = paired.data()[place + 4] = multipliers[channel];
  }
  return paired;
}

PackedLinear PackLinear(const LinearParameters& linear, const KernelTable& kernels) {
  PackedLinear packed{.packed = kernels.pack(linear.weights),
                      .matrix = {},
                      .start = Pad<int32_t>(linear.bias),
                      .shift = Pad<int32_t>(linear.shift),
                      .multiplier = PairMultipliers(linear.multiplier)};
  const int64_t entries = linear.weights.entries_per_row();
  for (int64_t row = 0; row < linear.weights.rows; ++row) {
    int32_t sum = 0;
    for (int64_t entry = 0; entry < entries; ++entry) {
      sum += linear.weights.values[static_cast<size_t>(row * entries + entry)];
    }
    packed.start.data()[row] -= kernels.zero_code * sum;
  }
  return packed;
}

PackedGelu PackGelu(const GeluParameters& gelu, uint8_t zero_code) {
  PackedGelu packed{
      .tables = AlignedBuffer<uint8_t>(512),
      .classes = AlignedBuffer<uint16_t>(PaddedWidth(gelu.channel_class.size()) / kChannelGroup)};
  for (size_t table = 0; table < gelu.tables.size(); ++table) {
    for (int32_t u = -128; u < 128; ++u) {
      const int8_t g = gelu.tables[table][static_cast<uint8_t>(u + 128)];
      packed.tables.data()[256 * table + static_cast<uint8_t>(u + zero_code)] =
          static_cast<uint8_t>(g + zero_code);
    }
  }
  for (size_t channel = 0; channel < gelu.channel_class.size(); ++channel) {
    if (gelu.channel_class[channel] == 0) continue;
    uint16_t& group = packed.classes.data()[channel / kChannelGroup];
    group = static_cast<uint16_t>(group | 1u << (channel % kChannelGroup));
  }
  return packed;
}

PackedLayerNorm PackLayerNorm(const LayerNormParameters& norm) {
  const auto width = static_cast<int64_t>(norm.gain.size());
  return {.gain = Pad<int16_t>(norm.gain),
          .bias = Pad<int16_t>(norm.bias),
          .width = width,
          .mean_reciprocal = arithmetic::MeanReciprocal(width),
          .epsilon = static_cast<uint64_t>(norm.epsilon)};
}

int64_t ValueBytes(const BufferSpec& spec) { return spec.type == ElementType::kInt8 ? 1 : 2; }

}  // namespace

PackedProgram::PackedProgram(std::shared_ptr<const Program> program, const KernelTable& kernels)
    : program_(std::move(program)), plan_(PlanExecution(*program_)) {
  for (const LinearParameters& linear : program_->linears) {
    linears_.push_back(PackLinear(linear, kernels));
    memory_bytes_ += linears_.back().packed.size_bytes();
  }
  JoinWeights();
  for (const GeluParameters& gelu : program_->gelus) {
    gelus_.push_back(PackGelu(gelu, kernels.zero_code));
  }
  for (const LayerNormParameters& norm : program_->layer_norms) {
    layer_norms_.push_back(PackLayerNorm(norm));
  }
  for (const Int8ViewParameters& view : program_->int8_views) {
    views_.push_back(Pad<int16_t>(view.multiplier));
  }
  ChooseRows();
  CountWork();
}

void PackedProgram::JoinWeights() {
  constexpr int64_t kCacheLine = 64;
  const auto padded = [](int64_t size) {
    return (size + kCacheLine - 1) / kCacheLine * kCacheLine;
  };
  int64_t total = 0;
  for (const PackedLinear& linear : linears_) total += padded(linear.packed.weights.size());
  weights_.Reserve(total);
  uint8_t* place = weights_.data();
  for (PackedLinear& linear : linears_) {
    PackedMatrix& packed = linear.packed;
    std::copy_n(packed.weights.data(), packed.weights.size(), place);
    linear.matrix = packed.View();
    linear.matrix.weights = place;
    place += padded(packed.weights.size());
    packed.weights = AlignedBuffer<uint8_t>();
  }
}

void PackedProgram::ChooseRows() {
  int64_t row_bytes = 1;
  for (const BufferSpec& spec : plan_.local_slots) row_bytes += spec.width * ValueBytes(spec);
  chunk_rows_ = std::clamp(kChunkBytes / row_bytes, kLeastChunkRows, kMostChunkRows);
  int64_t widest = kChunkChannels;
  for (const PackedLinear& linear : linears_) {
    widest = std::max(widest, linear.matrix.input_chunks * kChunkChannels);
  }
  block_rows_ = std::clamp<int64_t>(kBlockBytes / widest, 1, kMaxBlockRows);
}

void PackedProgram::CountWork() {
  for (const Instruction& instruction : program_->instructions) {
    work_per_token_ +=
        kWorkPerValue * static_cast<double>(program_->buffers[instruction.output].width);
    if (instruction.opcode == Opcode::kLinearInt8 || instruction.opcode == Opcode::kLinearInt16) {
      const NmMatrix& weights = program_->linears[instruction.constants].weights;
      work_per_token_ += static_cast<double>(weights.values.size());
    }
    if (instruction.opcode == Opcode::kAttention) {
      work_per_token_pair_ += 2.0 * static_cast<double>(program_->hidden_size) +
                              kWorkPerValue * program_->attentions[instruction.constants].heads;
    }
  }
}

double PackedProgram::WorkOf(std::span<const int32_t> sequence_offsets) const {
  double work = 0.0;
  for (size_t i = 1; i < sequence_offsets.size(); ++i) {
    const double tokens = sequence_offsets[i] - sequence_offsets[i - 1];
    work += tokens * (work_per_token_ + tokens * work_per_token_pair_);
  }
  return work;
}

}  // namespace sta::emulator
