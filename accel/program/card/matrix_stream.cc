// SPDX-License-Identifier: Apache-2.0
#include "accel/program/card/matrix_stream.h"

#include <algorithm>
#include <cstddef>

#include "absl/status/status.h"
#include "accel/program/card/beat_writer.h"
#include "accel/program/card/instruction.h"
#include "strings/str_cat.h"

namespace sta::card {
namespace {

size_t Index(int64_t index) { return static_cast<size_t>(index); }

class MatrixStreamMaker {
 public:
  MatrixStreamMaker(const MatrixSource& source, const CardConfig& config)
      : config_(config),
        linear_(*source.linear),
        weights_(source.linear->weights),
        gelu_(source.gelu),
        outputs_(*source.outputs),
        place_of_input_(Index(source.linear->weights.columns)) {
    for (size_t place = 0; place < source.inputs->size(); ++place) {
      const int32_t input = (*source.inputs)[place];
      if (input != kNoChannel) place_of_input_[Index(input)] = static_cast<int64_t>(place);
    }
    stream_.windows = config.WindowsOf(std::ssize(*source.inputs));
    stream_.channel_blocks = std::ssize(outputs_) / config.tile;
    used_.resize(Index(stream_.windows * config.lanes));
  }

  absl::StatusOr<MatrixStream> Make() && {
    CountSteps();
    if (absl::Status status = CheckLimits(); !status.ok()) return status;
    if (gelu_ != nullptr) AppendTables();
    for (int64_t block = 0; block < stream_.channel_blocks; ++block) {
      AppendParameters(block);
      AppendWeights(block);
    }
    return std::move(stream_);
  }

 private:
  // visit(place, value) for each weight of a row that is not zero.
  template <typename Visitor>
  void VisitRow(int64_t row, const Visitor& visit) const {
    const int64_t entries = weights_.entries_per_row();
    for (int64_t entry = 0; entry < entries; ++entry) {
      const int8_t value = weights_.values[Index(row * entries + entry)];
      if (value != 0) visit(place_of_input_[Index(weights_.Column(row, entry))], value);
    }
  }

  void CountSteps() {
    stream_.steps = 1;
    for (const int32_t channel : outputs_) {
      if (channel == kNoChannel) continue;
      std::fill(used_.begin(), used_.end(), 0);
      VisitRow(channel, [&](int64_t place, int8_t) {
        stream_.steps = std::max<int64_t>(stream_.steps, ++used_[Index(place / kLaneBytes)]);
        ++stream_.non_zeros;
      });
    }
    stream_.indexed = stream_.steps < kLaneBytes;
  }

  absl::Status CheckLimits() const {
    if (stream_.windows * stream_.steps > kMaxStepWords) {
      return absl::UnimplementedError(StrCat(weights_.columns, " inputs at ", stream_.steps,
                                             " of 16 weights take ",
                                             stream_.windows * stream_.steps, " steps on a ",
                                             config_.Name(), " array, it takes ", kMaxStepWords));
    }
    if (stream_.channel_blocks > kMaxChannelBlocks) {
      return absl::UnimplementedError(StrCat(outputs_.size(), " output channels, a ",
                                             config_.Name(), " array takes ",
                                             kMaxChannelBlocks * config_.tile));
    }
    return absl::OkStatus();
  }

  void AppendTables() {
    for (const auto& table : gelu_->tables) {
      for (const int8_t code : table) stream_.bytes.push_back(static_cast<uint8_t>(code));
    }
  }

  void AppendParameters(int64_t block) {
    for (int64_t o = 0; o < config_.tile; ++o) {
      const int32_t channel = outputs_[Index(block * config_.tile + o)];
      const bool is_there = channel != kNoChannel;
      const auto c = static_cast<size_t>(is_there ? channel : 0);
      AppendLittleEndian<int32_t>(stream_.bytes, is_there ? linear_.bias[c] : 0);
      AppendLittleEndian<int16_t>(stream_.bytes, is_there ? linear_.multiplier[c] : int16_t{0});
      AppendLittleEndian<uint8_t>(stream_.bytes, is_there ? linear_.shift[c] : uint8_t{0});
      AppendLittleEndian<uint8_t>(
          stream_.bytes, is_there && gelu_ != nullptr ? gelu_->channel_class[c] : uint8_t{0});
    }
    FillBeat(stream_.bytes);
  }

  void AppendWeights(int64_t block) {
    const int64_t count = stream_.windows * stream_.steps * config_.tile * config_.lanes;
    std::vector<uint8_t> values(Index(count));
    std::vector<uint8_t> indices(Index(stream_.indexed ? count / 2 : 0));
    for (int64_t o = 0; o < config_.tile; ++o) {
      const int32_t channel = outputs_[Index(block * config_.tile + o)];
      if (channel == kNoChannel) continue;
      std::fill(used_.begin(), used_.end(), 0);
      VisitRow(channel, [&](int64_t place, int8_t value) {
        const int64_t word = place / kLaneBytes;
        const int64_t byte = place % kLaneBytes;
        const int64_t step = stream_.indexed ? used_[Index(word)]++ : byte;
        const int64_t at =
            (((word / config_.lanes) * stream_.steps + step) * config_.tile + o) * config_.lanes +
            word % config_.lanes;
        values[Index(at)] = static_cast<uint8_t>(value);
        if (stream_.indexed) {
          indices[Index(at / 2)] |= static_cast<uint8_t>(byte << (at % 2 * 4));
        }
      });
    }
    for (const std::vector<uint8_t>* part : {&values, &indices}) {
      stream_.bytes.insert(stream_.bytes.end(), part->begin(), part->end());
      FillBeat(stream_.bytes);
    }
  }

  const CardConfig& config_;
  const LinearParameters& linear_;
  const NmMatrix& weights_;
  const GeluParameters* const gelu_;
  const ChannelMap& outputs_;
  std::vector<int64_t> place_of_input_;
  std::vector<int64_t> used_;  // steps that the row at hand has used, by lane of 16 inputs
  MatrixStream stream_;
};

}  // namespace

absl::StatusOr<MatrixStream> MakeMatrixStream(const MatrixSource& source,
                                              const CardConfig& config) {
  return MatrixStreamMaker(source, config).Make();
}

}  // namespace sta::card
