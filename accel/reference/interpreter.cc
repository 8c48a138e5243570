// SPDX-License-Identifier: Apache-2.0
#include "accel/reference/interpreter.h"

#include <algorithm>

#include "accel/arithmetic/attention.h"
#include "accel/arithmetic/gelu.h"
#include "accel/arithmetic/int8_view.h"
#include "accel/arithmetic/layer_norm.h"
#include "accel/arithmetic/reciprocal.h"
#include "accel/arithmetic/requantize.h"
#include "accel/arithmetic/residual.h"
#include "accel/arithmetic/softmax.h"

namespace sta {
namespace {

using Row = std::span<const int16_t>;

// Sum of one output channel, section 3: any order, only the kept weights.
int32_t Accumulate(const LinearParameters& linear, int64_t channel, Row x) {
  const NmMatrix& weights = linear.weights;
  const int64_t entries = weights.entries_per_row();
  int32_t accumulator = linear.bias[static_cast<size_t>(channel)];
  for (int64_t entry = 0; entry < entries; ++entry) {
    accumulator += weights.values[static_cast<size_t>(channel * entries + entry)] *
                   x[static_cast<size_t>(weights.Column(channel, entry))];
  }
  return accumulator;
}

class Interpreter {
 public:
  Interpreter(const Program& program, const PackedSequences& batch)
      : program_(program), batch_(batch) {
    for (const BufferSpec& spec : program.buffers) {
      buffers_.push_back(
          {.width = spec.width,
           .values = std::vector<int16_t>(static_cast<size_t>(spec.width * batch.token_count()))});
    }
    std::copy(batch.rows.begin(), batch.rows.end(), Buffer(program.input_buffer).values.begin());
  }

  ActivationBuffer& Buffer(uint16_t index) { return buffers_[index]; }

  void Execute(const Instruction& instruction) {
    if (instruction.opcode == Opcode::kAttention) {
      for (size_t i = 0; i + 1 < batch_.sequence_offsets.size(); ++i) {
        Attention(instruction, batch_.sequence_offsets[i], batch_.sequence_offsets[i + 1]);
      }
      return;
    }
    for (int64_t token = 0; token < batch_.token_count(); ++token) {
      ExecuteRow(instruction, Buffer(instruction.inputs[0]).Row(token),
                 Buffer(instruction.output).Row(token), token);
    }
  }

 private:
  void ExecuteRow(const Instruction& instruction, Row x, std::span<int16_t> out, int64_t token) {
    switch (instruction.opcode) {
      case Opcode::kLayerNorm: {
        const LayerNormParameters& p = program_.layer_norms[instruction.constants];
        return arithmetic::LayerNormRow(x, p.gain, p.bias, p.epsilon, out);
      }
      case Opcode::kInt8View:
        return View(program_.int8_views[instruction.constants], x, out);
      case Opcode::kLinearInt8:
        return Linear8(program_.linears[instruction.constants], x, out);
      case Opcode::kLinearInt16:
        return Linear16(program_.linears[instruction.constants], x, out);
      case Opcode::kGelu:
        return Gelu(program_.gelus[instruction.constants], x, out);
      case Opcode::kResidualAdd:
        return Add(x, Buffer(instruction.inputs[1]).Row(token), out);
      case Opcode::kAttention:
        return;  // not a function of one row: Execute
    }
  }

  static void View(const Int8ViewParameters& p, Row x, std::span<int16_t> out) {
    for (size_t c = 0; c < x.size(); ++c) out[c] = arithmetic::Int8View(x[c], p.multiplier[c]);
  }

  static void Linear8(const LinearParameters& p, Row x, std::span<int16_t> out) {
    for (size_t n = 0; n < out.size(); ++n) {
      out[n] = arithmetic::Requantize8(Accumulate(p, static_cast<int64_t>(n), x), p.shift[n],
                                       p.multiplier[n]);
    }
  }

  static void Linear16(const LinearParameters& p, Row x, std::span<int16_t> out) {
    for (size_t n = 0; n < out.size(); ++n) {
      out[n] = arithmetic::Requantize16(Accumulate(p, static_cast<int64_t>(n), x), p.shift[n],
                                        p.multiplier[n]);
    }
  }

  static void Gelu(const GeluParameters& p, Row x, std::span<int16_t> out) {
    for (size_t c = 0; c < x.size(); ++c) {
      out[c] = arithmetic::Gelu(p.tables, p.channel_class[c], static_cast<int8_t>(x[c]));
    }
  }

  static void Add(Row x, Row y, std::span<int16_t> out) {
    for (size_t c = 0; c < x.size(); ++c) out[c] = arithmetic::ResidualAdd(x[c], y[c]);
  }

  // All heads and queries of the sequence in rows first .. last.
  void Attention(const Instruction& instruction, int64_t first, int64_t last) {
    const AttentionParameters& p = program_.attentions[instruction.constants];
    const int64_t head_size = program_.hidden_size / p.heads;
    for (int64_t query = first; query < last; ++query) {
      for (int64_t c = 0; c < program_.hidden_size; c += head_size) {
        AttentionHead(instruction, p, {first, last}, query, static_cast<size_t>(c),
                      static_cast<size_t>(head_size));
      }
    }
  }

  struct TokenRange {
    int64_t first = 0;
    int64_t last = 0;  // one past the end
  };

  // Section 7 for one query and the channels c .. c + head_size.
  void AttentionHead(const Instruction& instruction, const AttentionParameters& p,
                     const TokenRange& tokens, int64_t query, size_t c, size_t head_size) {
    const Row q = Buffer(instruction.inputs[0]).Row(query).subspan(c, head_size);
    std::vector<int16_t> logits;
    for (int64_t j = tokens.first; j < tokens.last; ++j) {
      const Row k = Buffer(instruction.inputs[1]).Row(j).subspan(c, head_size);
      int32_t accumulator = 0;
      for (size_t i = 0; i < head_size; ++i) accumulator += q[i] * k[i];
      logits.push_back(arithmetic::AttentionLogit(accumulator, p.logit_shift,
                                                  static_cast<int16_t>(p.logit_multiplier)));
    }

    std::vector<uint8_t> probabilities(logits.size());
    const arithmetic::RowReciprocal reciprocal =
        arithmetic::Reciprocal(arithmetic::SoftmaxRow(logits, probabilities));
    const int32_t row_multiplier =
        arithmetic::ContextRowMultiplier(reciprocal, p.context_multiplier);

    const std::span<int16_t> out = Buffer(instruction.output).Row(query).subspan(c, head_size);
    for (size_t i = 0; i < head_size; ++i) {
      int32_t accumulator = 0;
      for (int64_t j = tokens.first; j < tokens.last; ++j) {
        accumulator += probabilities[static_cast<size_t>(j - tokens.first)] *
                       Buffer(instruction.inputs[2]).Row(j)[c + i];
      }
      out[i] =
          arithmetic::Context(accumulator, reciprocal.exponent - p.context_shift, row_multiplier);
    }
  }

  const Program& program_;
  const PackedSequences& batch_;
  std::vector<ActivationBuffer> buffers_;
};

}  // namespace

absl::Status Interpret(const Program& program, const PackedSequences& batch,
                       std::span<int16_t> output, const InstructionObserver& observer) {
  Interpreter interpreter(program, batch);
  for (size_t i = 0; i < program.instructions.size(); ++i) {
    const Instruction& instruction = program.instructions[i];
    interpreter.Execute(instruction);
    if (!observer) continue;
    const absl::Status status = observer(i, interpreter.Buffer(instruction.output));
    if (!status.ok()) return status;
  }
  const std::vector<int16_t>& result = interpreter.Buffer(program.output_buffer).values;
  std::copy(result.begin(), result.end(), output.begin());
  return absl::OkStatus();
}

}  // namespace sta
