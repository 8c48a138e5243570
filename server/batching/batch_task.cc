// SPDX-License-Identifier: Apache-2.0
#include "server/batching/batch_task.h"

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>

namespace sta {

BatchTask::BatchTask(Batch batch, std::unique_ptr<BatchBuffers> buffers, Clock& clock,
                     BatchObserver& observer, OnDone on_done)
    : batch_(std::move(batch)),
      buffers_(std::move(buffers)),
      clock_(clock),
      observer_(observer),
      on_done_(std::move(on_done)) {
  std::vector<int32_t>& offsets = buffers_->sequence_offsets;
  offsets.assign(1, 0);
  for (const JobPiece& piece : batch_.pieces) {
    for (size_t i = piece.first; i < piece.last; ++i) {
      const auto tokens = static_cast<int32_t>(piece.state->job.sequences[i].ids.size());
      offsets.push_back(offsets.back() + tokens);
    }
  }
}

void BatchTask::ReportStart() {
  const int64_t requests = std::ranges::count_if(batch_.pieces, [](const JobPiece& piece) {
    return piece.last == piece.state->job.sequences.size();
  });
  observer_.OnQueueChange(*batch_.model, -requests, -batch_.tokens);
  observer_.OnBatch(*batch_.model, Record());
}

void BatchTask::Gather() {
  const LoadedModel& model = *batch_.model->model;
  const auto hidden = static_cast<size_t>(model.config().hidden_size);
  buffers_->input.resize(static_cast<size_t>(batch_.tokens) * hidden);
  buffers_->output.resize(buffers_->input.size());
  std::span<int16_t> rows(buffers_->input);
  for (const JobPiece& piece : batch_.pieces) {
    for (size_t i = piece.first; i < piece.last; ++i) {
      const TokenSequence& sequence = piece.state->job.sequences[i];
      const size_t size = sequence.ids.size() * hidden;
      model.Embed(sequence, rows.first(size));
      rows = rows.subspan(size);
    }
  }
}

void BatchTask::Scatter() const {
  const auto hidden = static_cast<size_t>(batch_.model->model->config().hidden_size);
  auto from = buffers_->output.begin();
  for (const JobPiece& piece : batch_.pieces) {
    piece.state->MakeRowsOnce(hidden);
    JobResult& result = piece.state->result;
    const auto begin = static_cast<size_t>(result.sequence_offsets[piece.first]) * hidden;
    const auto end = static_cast<size_t>(result.sequence_offsets[piece.last]) * hidden;
    const auto count = static_cast<std::ptrdiff_t>(end - begin);
    std::copy_n(from, count, result.rows.begin() + static_cast<std::ptrdiff_t>(begin));
    from += count;
  }
}

PoolTask::Work BatchTask::Prepare(std::string_view /*device*/) {
  ReportStart();
  Gather();
  // A damaged model's batch runs all the same, on rows of zeros, and is not answered: the pool need
  // not know of batches that cannot be made, and the next requests are refused by Submit.
  intact_ = batch_.model->model->CheckIntact();
  prepared_ = clock_.Now();
  return {.batch = {.rows = buffers_->input, .sequence_offsets = buffers_->sequence_offsets},
          .output = buffers_->output};
}

absl::Time BatchTask::deadline() const {
  absl::Time latest = absl::InfinitePast();
  for (const JobPiece& piece : batch_.pieces) {
    latest = std::max(latest, piece.state->job.deadline);
  }
  return latest;
}

void BatchTask::Done(const absl::Status& status) {
  const bool is_prepared = prepared_ != absl::InfiniteFuture();
  if (!is_prepared) ReportStart();
  const absl::Duration duration = is_prepared ? clock_.Now() - prepared_ : absl::ZeroDuration();
  const absl::Status outcome = status.ok() ? intact_ : status;
  if (outcome.ok()) {
    Scatter();
    observer_.OnBatchDone(*batch_.model, Record(), duration);
  }
  on_done_({.batch = std::move(batch_),
            .buffers = std::move(buffers_),
            .status = outcome,
            .duration = duration});
}

}  // namespace sta
