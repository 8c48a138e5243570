// SPDX-License-Identifier: Apache-2.0
#include "model_store/convert/accuracy.h"

#include <algorithm>

#include "accel/emulator/emulator_device.h"
#include "model_store/convert/parallel_chunks.h"

namespace sta {

std::vector<Vector> FloatVectors(const FloatEncoder& encoder,
                                 std::span<const TokenSequence> sequences, int threads) {
  constexpr size_t kChunk = 16;
  std::vector<Vector> vectors(sequences.size());
  RunChunks((sequences.size() + kChunk - 1) / kChunk, threads,
            [&](size_t chunk) {
              const size_t first = chunk * kChunk;
              const std::vector<Vector> part = encoder.SentenceVectors(
                  sequences.subspan(first, std::min(kChunk, sequences.size() - first)));
              std::ranges::copy(part, vectors.begin() + static_cast<std::ptrdiff_t>(first));
            },
            [](size_t) {});
  return vectors;
}

absl::StatusOr<std::vector<Vector>> PackageVectors(const LoadedModel& model,
                                                   std::span<const TokenSequence> sequences) {
  const std::unique_ptr<Device> device = MakeEmulatorDevice({});
  const absl::StatusOr<std::unique_ptr<LoadedProgram>> program = device->Load(model.program());
  if (!program.ok()) return program.status();
  const auto hidden = static_cast<size_t>(model.config().hidden_size);
  std::vector<Vector> vectors;
  std::vector<int16_t> input;
  std::vector<int16_t> output;
  for (const TokenSequence& sequence : sequences) {
    input.resize(sequence.ids.size() * hidden);
    output.resize(input.size());
    model.Embed(sequence, input);
    const std::vector<int32_t> offsets = {0, static_cast<int32_t>(sequence.ids.size())};
    const absl::Status run = device->Run(**program, {.rows = input, .sequence_offsets = offsets},
                                         output, absl::InfiniteFuture());
    if (!run.ok()) return run;
    vectors.emplace_back(static_cast<Eigen::Index>(hidden));
    model.SentenceEmbedding(output, std::span(vectors.back().data(), hidden));
  }
  if (absl::Status intact = model.CheckIntact(); !intact.ok()) return intact;
  return vectors;
}

double MeanCosine(std::span<const Vector> a, std::span<const Vector> b) {
  double sum = 0.0;
  for (size_t i = 0; i < a.size(); ++i) {
    const Eigen::VectorXd x = a[i].cast<double>();
    const Eigen::VectorXd y = b[i].cast<double>();
    const double norms = x.norm() * y.norm();
    if (norms > 0.0) sum += x.dot(y) / norms;
  }
  return a.empty() ? 0.0 : sum / static_cast<double>(a.size());
}

}  // namespace sta
