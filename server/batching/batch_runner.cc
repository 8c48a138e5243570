// SPDX-License-Identifier: Apache-2.0
#include "server/batching/batch_runner.h"

#include <algorithm>
#include <span>

namespace sta {

void BatchRunner::Gather(const Batch& batch) {
  const LoadedModel& model = *batch.model->model;
  const auto hidden = static_cast<size_t>(model.config().hidden_size);
  input_.resize(static_cast<size_t>(batch.tokens) * hidden);
  output_.resize(input_.size());
  offsets_.assign(1, 0);
  for (const JobPiece& piece : batch.pieces) {
    for (size_t i = piece.first; i < piece.last; ++i) {
      const TokenSequence& sequence = piece.state->job.sequences[i];
      const auto begin = static_cast<size_t>(offsets_.back()) * hidden;
      model.Embed(sequence, std::span(input_).subspan(begin, sequence.ids.size() * hidden));
      offsets_.push_back(offsets_.back() + static_cast<int32_t>(sequence.ids.size()));
    }
  }
}

void BatchRunner::Scatter(const Batch& batch) const {
  const auto hidden = static_cast<size_t>(batch.model->model->config().hidden_size);
  auto from = output_.begin();
  for (const JobPiece& piece : batch.pieces) {
    piece.state->MakeRowsOnce(hidden);
    JobResult& result = piece.state->result;
    const auto begin = static_cast<size_t>(result.sequence_offsets[piece.first]) * hidden;
    const auto end = static_cast<size_t>(result.sequence_offsets[piece.last]) * hidden;
    const auto count = static_cast<std::ptrdiff_t>(end - begin);
    std::copy_n(from, count, result.rows.begin() + static_cast<std::ptrdiff_t>(begin));
    from += count;
  }
}

absl::Status BatchRunner::Run(const Batch& batch) {
  Gather(batch);
  // The batch is worth finishing while one of its jobs is.
  absl::Time deadline = absl::InfinitePast();
  for (const JobPiece& piece : batch.pieces) {
    deadline = std::max(deadline, piece.state->job.deadline);
  }
  absl::Status status;
  {
    const absl::MutexLock lock(&slot_.mutex);
    status = slot_.device->Run(*batch.model->programs[device_index_],
                               {.rows = input_, .sequence_offsets = offsets_}, output_, deadline);
  }
  if (status.ok()) Scatter(batch);
  return status;
}

}  // namespace sta
