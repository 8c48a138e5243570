// SPDX-License-Identifier: Apache-2.0
#include "accel/emulator/executor.h"

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "accel/arithmetic/softmax.h"
#include "accel/emulator/unfused_steps.h"

namespace sta::emulator {
namespace {

alignas(64) constexpr auto kExpTable = arithmetic::kExpTable;

int64_t ValueBytes(const BufferSpec& spec) { return spec.type == ElementType::kInt8 ? 1 : 2; }

int64_t RoundUp(int64_t x, int64_t multiple) { return (x + multiple - 1) / multiple * multiple; }

int64_t HeadStride(int64_t head_size) { return RoundUp(head_size, 16); }

// Whether a head that begins at `channel` lies in one cell as the kernel wants it.
bool LiesInACell(int64_t channel, int64_t head_size) {
  return head_size == HeadStride(head_size) &&
         channel % kChunkChannels + head_size <= kChunkChannels;
}

}  // namespace

int64_t AttentionScratchBytes(int64_t key_count, int64_t head_stride) {
  // Per key: itself and its value widened to 16 bits, logits, probabilities and a few words; per
  // channel: some rows of queries. The sets' layouts are all below this.
  return RoundUp(key_count, 64) * (4 * head_stride + 512) + 512 * head_stride + 4096;
}

void SlotRows::Reserve(const std::vector<BufferSpec>& slots, int64_t blocks, int64_t block_slots) {
  if (buffers_.size() < slots.size()) buffers_.resize(slots.size());
  block_bytes_.resize(slots.size());
  for (size_t i = 0; i < slots.size(); ++i) {
    block_bytes_[i] = block_slots * slots[i].width * ValueBytes(slots[i]);
    buffers_[i].Reserve(blocks * block_bytes_[i]);
  }
}

void Executor::Prepare(const RunContext& run) {
  const Program& program = run.program.program();
  local_.Reserve(run.program.plan().local_slots, run.layout.most_chunk_blocks(),
                 run.layout.block_slots());
  const int64_t longest = run.layout.longest_sequence();
  for (const AttentionParameters& attention : program.attentions) {
    const int64_t head_size = program.hidden_size / attention.heads;
    const int64_t head_stride = HeadStride(head_size);
    attention_scratch_.Reserve(AttentionScratchBytes(longest, head_stride));
    for (int64_t head = 0; head < attention.heads; ++head) {
      if (LiesInACell(head * head_size, head_size)) continue;
      staging_.Reserve(4 * longest * head_stride);
      staging_offsets_.Reserve(longest);
    }
  }
}

void Executor::Run(const RunContext& run, const Chunk& chunk, size_t segment) {
  const ChunkRun at = {run, chunk, run.layout.block_slots() * kChunkChannels};
  for (const Step& step : run.program.plan().segments[segment]) Execute(at, step);
}

uint8_t* Executor::Bytes(const ChunkRun& at, Slot slot, int64_t block) {
  if (slot.is_shared) return at.run.shared.At(slot.index, block);
  return local_.At(slot.index, block - static_cast<int64_t>(at.chunk.first_block));
}

int16_t* Executor::Values(const ChunkRun& at, Slot slot, int64_t block) {
  return reinterpret_cast<int16_t*>(Bytes(at, slot, block));
}

void Executor::Execute(const ChunkRun& at, const Step& step) {
  if (step.kind == StepKind::kAttention) return Attention(at, step);
  // One matrix after the other, each for all blocks: its weights stay in the second-level cache.
  for (size_t block = at.chunk.first_block; block < at.chunk.last_block; ++block) {
    ExecuteBlock(at, step, static_cast<int64_t>(block));
  }
}

void Executor::ExecuteBlock(const ChunkRun& at, const Step& step, int64_t block) {
  const RowBlock& rows = at.run.layout.blocks()[static_cast<size_t>(block)];
  const Program& program = at.run.program.program();
  const int64_t hidden = program.hidden_size;
  switch (step.kind) {
    case StepKind::kLoadRows:
      return LoadRows(at.run.batch.rows.data() + rows.first_token * hidden, hidden, rows.rows,
                      Values(at, step.output, block));
    case StepKind::kStoreRows:
      return StoreRows(Values(at, step.inputs[0], block), hidden, rows.rows,
                       at.run.output.data() + rows.first_token * hidden);
    case StepKind::kLinear:
      return Linear(at, step, block);
    case StepKind::kLayerNorm:
      return LayerNorm(at, step, block);
    case StepKind::kInt8View:
      return Int8View(program.int8_views[step.constants], rows.rows, kernels_.zero_code,
                      Values(at, step.inputs[0], block), at.chunk_stride,
                      Bytes(at, step.output, block));
    case StepKind::kGelu:
      return Gelu(program.gelus[step.constants], rows.rows, kernels_.zero_code, at.chunk_stride,
                  Bytes(at, step.inputs[0], block), Bytes(at, step.output, block));
    case StepKind::kResidualAdd:
      return ResidualAdd(hidden, rows.rows, Values(at, step.inputs[0], block),
                         Values(at, step.inputs[1], block), Values(at, step.output, block));
    case StepKind::kAttention:
      return;  // Execute
  }
}

void Executor::Linear(const ChunkRun& at, const Step& step, int64_t block) {
  const PackedLinear& linear = at.run.program.linear(step.constants);
  LinearArgs args = {.matrix = linear.matrix,
                     .start = linear.start.data(),
                     .shift = linear.shift.data(),
                     .multiplier = linear.multiplier.data(),
                     .x = Bytes(at, step.inputs[0], block),
                     .x_chunk_stride = at.chunk_stride,
                     .rows = at.run.layout.blocks()[static_cast<size_t>(block)].rows,
                     .output = step.linear_output,
                     .y8 = nullptr,
                     .y8_chunk_stride = at.chunk_stride,
                     .y16 = nullptr,
                     .residual = nullptr,
                     .y16_stride = RoundUp(linear.matrix.output_channels, kChunkChannels),
                     .gelu_tables = nullptr,
                     .gelu_class = nullptr};
  switch (step.linear_output) {
    case LinearOutput::kInt8Gelu: {
      const PackedGelu& gelu = at.run.program.gelu(step.gelu);
      args.gelu_tables = gelu.tables.data();
      args.gelu_class = gelu.classes.data();
      args.y8 = Bytes(at, step.output, block);
      break;
    }
    case LinearOutput::kInt8:
      args.y8 = Bytes(at, step.output, block);
      break;
    case LinearOutput::kInt16Residual:
      args.residual = Values(at, step.inputs[1], block);
      args.y16 = Values(at, step.output, block);
      break;
    case LinearOutput::kInt16:
      args.y16 = Values(at, step.output, block);
      break;
  }
  kernels_.linear(args);
}

void Executor::LayerNorm(const ChunkRun& at, const Step& step, int64_t block) {
  const PackedLayerNorm& norm = at.run.program.layer_norm(step.constants);
  LayerNormArgs args = {.x = Values(at, step.inputs[0], block),
                        .y = Values(at, step.output, block),
                        .stride = RoundUp(norm.width, kChunkChannels),
                        .width = norm.width,
                        .rows = at.run.layout.blocks()[static_cast<size_t>(block)].rows,
                        .mean_reciprocal = norm.mean_reciprocal,
                        .epsilon = norm.epsilon,
                        .gain = norm.gain.data(),
                        .bias = norm.bias.data(),
                        .view = nullptr,
                        .y8 = nullptr,
                        .y8_chunk_stride = at.chunk_stride};
  if (step.view.has_value()) {
    args.view = at.run.program.view(*step.view).data();
    args.y8 = Bytes(at, step.view_output, block);
  }
  kernels_.layer_norm(args);
}

// The chunk's queries, sequence by sequence, each against all keys of its sequence.
void Executor::Attention(const ChunkRun& at, const Step& step) {
  const int32_t heads = at.run.program.program().attentions[step.constants].heads;
  const std::span<const int32_t> offsets = at.run.batch.sequence_offsets;
  for (size_t sequence = at.chunk.first_sequence; offsets[sequence] < at.chunk.last_token;
       ++sequence) {
    for (int64_t head = 0; head < heads; ++head) {
      AttentionHead(at, step, head, static_cast<int64_t>(sequence));
    }
    if (sequence + 2 == offsets.size()) return;
  }
}

void Executor::AttentionHead(const ChunkRun& at, const Step& step, int64_t head, int64_t sequence) {
  const Program& program = at.run.program.program();
  const AttentionParameters& p = program.attentions[step.constants];
  const int64_t first = at.run.batch.sequence_offsets[static_cast<size_t>(sequence)];
  const int64_t last = at.run.batch.sequence_offsets[static_cast<size_t>(sequence) + 1];
  const int64_t first_query = std::max(first, at.chunk.first_token);
  const int64_t head_size = program.hidden_size / p.heads;
  const int64_t head_stride = HeadStride(head_size);

  const int64_t channel = head * head_size;
  const int64_t place = channel / kChunkChannels * at.chunk_stride + channel % kChunkChannels;
  const auto first_block = static_cast<int64_t>(at.chunk.first_block);
  const int64_t hidden_width = RoundUp(program.hidden_size, kChunkChannels);
  AttentionArgs args = {
      .queries = Bytes(at, step.inputs[0], 0) + place,
      .keys = Bytes(at, step.inputs[1], 0) + place,
      .values = Bytes(at, step.inputs[2], 0) + place,
      .context = Bytes(at, step.output, step.output.is_shared ? 0 : first_block) + place,
      .row_offsets = at.run.layout.row_offsets().data() + first,
      .context_origin =
          step.output.is_shared ? 0 : first_block * at.run.layout.block_slots() * hidden_width,
      .first_query = first_query - first,
      .query_count = std::min(last, at.chunk.last_token) - first_query,
      .key_count = last - first,
      .head_stride = head_stride,
      .logit_shift = p.logit_shift,
      .logit_multiplier = p.logit_multiplier,
      .context_shift = p.context_shift,
      .context_multiplier = p.context_multiplier,
      .exp_table = kExpTable.data(),
      .scratch = attention_scratch_.data()};
  if (!LiesInACell(channel, head_size)) {
    return StagedAttention(at, head_size, channel % kChunkChannels, args);
  }
  kernels_.attention(args);
}

// Copies the head's channels into rows of head_stride bytes, and the contexts back.
void Executor::StagedAttention(const ChunkRun& at, int64_t head_size, int64_t channel_in_cell,
                               AttentionArgs args) {
  const int64_t plane = args.key_count * args.head_stride;
  std::fill_n(staging_.data(), 4 * plane, kernels_.zero_code);
  // Byte c of a head that begins in the middle of a cell.
  const auto place_of = [&](int64_t c) {
    const int64_t in_cell = channel_in_cell + c;
    return in_cell / kChunkChannels * at.chunk_stride + in_cell % kChunkChannels - channel_in_cell;
  };
  const uint8_t* const sources[] = {args.queries, args.keys, args.values};
  for (int64_t operand = 0; operand < 3; ++operand) {
    for (int64_t token = 0; token < args.key_count; ++token) {
      const uint8_t* const from = sources[operand] + args.row_offsets[token];
      uint8_t* const to = staging_.data() + operand * plane + token * args.head_stride;
      for (int64_t c = 0; c < head_size; ++c) to[c] = from[place_of(c)];
    }
  }
  for (int64_t token = 0; token < args.key_count; ++token) {
    staging_offsets_.data()[token] = token * args.head_stride;
  }

  AttentionArgs staged = args;
  staged.queries = staging_.data();
  staged.keys = staging_.data() + plane;
  staged.values = staging_.data() + 2 * plane;
  staged.context = staging_.data() + 3 * plane;
  staged.row_offsets = staging_offsets_.data();
  staged.context_origin = 0;
  kernels_.attention(staged);

  for (int64_t token = args.first_query; token < args.first_query + args.query_count; ++token) {
    const uint8_t* const from = staged.context + token * args.head_stride;
    uint8_t* const to = args.context + args.row_offsets[token] - args.context_origin;
    for (int64_t c = 0; c < head_size; ++c) to[place_of(c)] = from[c];
  }
}

}  // namespace sta::emulator
