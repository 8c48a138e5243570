// SPDX-License-Identifier: Apache-2.0
#include "model_store/convert/calibration.h"

#include <algorithm>

#include "model_store/convert/parallel_chunks.h"

namespace sta {
namespace {

// Sequences that one forward pass takes: enough rows for efficient products, and a fixed number, so
// that sums are always added up in the same order.
constexpr size_t kChunkSequences = 16;
// Rows kept at every tap, for choosing steps.
constexpr int64_t kSampleRows = 512;

using LayerTaps = std::vector<std::array<TapStatistics, kTapCount>>;

// Statistics of one chunk.
class ChunkSink final : public TapSink {
 public:
  ChunkSink(LayerTaps& layers, int64_t sample_stride) : layers_(layers), stride_(sample_stride) {}

  void Record(size_t layer, Tap tap, const Matrix& rows) override {
    TapStatistics& statistics = layers_[layer][static_cast<size_t>(tap)];
    statistics.absolute_maximum = rows.cwiseAbs().colwise().maxCoeff().transpose();
    statistics.sum_of_squares =
        rows.cast<double>().array().square().colwise().sum().matrix().transpose();
    statistics.rows = rows.rows();
    const Eigen::Index sampled = (rows.rows() + stride_ - 1) / stride_;
    statistics.sample.resize(sampled, rows.cols());
    for (Eigen::Index i = 0; i < sampled; ++i) {
      statistics.sample.row(i) = rows.row(i * stride_);
    }
  }

 private:
  LayerTaps& layers_;
  int64_t stride_;
};

void Merge(const TapStatistics& part, TapStatistics& sum) {
  if (part.rows == 0) return;
  if (sum.rows == 0) {
    sum = part;
    return;
  }
  sum.absolute_maximum = sum.absolute_maximum.cwiseMax(part.absolute_maximum);
  sum.sum_of_squares += part.sum_of_squares;
  sum.rows += part.rows;
  const Eigen::Index old_rows = sum.sample.rows();
  sum.sample.conservativeResize(old_rows + part.sample.rows(), Eigen::NoChange);
  sum.sample.bottomRows(part.sample.rows()) = part.sample;
}

}  // namespace

Calibration Calibrate(const FloatEncoder& encoder, std::span<const TokenSequence> sequences,
                      int threads, const std::function<void(int64_t, int64_t)>& progress) {
  int64_t tokens = 0;
  for (const TokenSequence& sequence : sequences) tokens += std::ssize(sequence.ids);
  const int64_t stride = std::max<int64_t>(1, tokens / kSampleRows);
  const size_t chunks = (sequences.size() + kChunkSequences - 1) / kChunkSequences;
  std::vector<LayerTaps> parts(chunks, LayerTaps(encoder.layers.size()));
  const auto total = std::ssize(sequences);
  RunChunks(
      chunks, threads,
      [&](size_t chunk) {
        ChunkSink sink(parts[chunk], stride);
        const size_t first = chunk * kChunkSequences;
        encoder.Forward(
            sequences.subspan(first, std::min(kChunkSequences, sequences.size() - first)), &sink);
      },
      [&](size_t done) {
        progress(std::min(static_cast<int64_t>(done * kChunkSequences), total), total);
      });

  Calibration calibration;
  calibration.layers.resize(encoder.layers.size());
  for (const LayerTaps& part : parts) {
    for (size_t layer = 0; layer < part.size(); ++layer) {
      for (size_t tap = 0; tap < kTapCount; ++tap) {
        Merge(part[layer][tap], calibration.layers[layer][tap]);
      }
    }
  }
  return calibration;
}

}  // namespace sta
