// SPDX-License-Identifier: Apache-2.0
#include "accel/emulator/attention_unit.h"

#include <algorithm>

#include "accel/arithmetic/attention.h"
#include "accel/arithmetic/reciprocal.h"
#include "accel/arithmetic/softmax.h"

namespace sta::emulator {
namespace {

int64_t RoundUpToEven(int64_t x) { return x + x % 2; }

// Where the value of `channel` and `token` lies in a buffer of `width` channels.
int64_t IndexOf(int64_t width, int64_t channel, int64_t token) {
  return (token / kBlockTokens * width + channel) * kBlockTokens + token % kBlockTokens;
}

}  // namespace

void AttentionUnit::Run(const AttentionParameters& parameters, const AttentionOperands& operands,
                        int64_t first, int64_t tokens) {
  const int64_t head_size = operands.width / parameters.heads;
  const Sequence sequence = {.first = first,
                             .tokens = tokens,
                             .padded_tokens = RoundUpToEven(tokens),
                             .head_size = head_size,
                             .padded_head_size = RoundUpToEven(head_size)};
  const int64_t query_blocks = (tokens + kBlockTokens - 1) / kBlockTokens;
  queries_.Reserve(query_blocks * kBlockTokens * sequence.padded_head_size);
  keys_.Reserve(tokens * sequence.padded_head_size);
  values_.Reserve(head_size * sequence.padded_tokens);
  logits_.Reserve(sequence.padded_tokens * kBlockTokens);
  context_.Reserve(head_size * kBlockTokens);

  for (int64_t channel = 0; channel < operands.width; channel += head_size) {
    GatherHead(operands, sequence, channel);
    for (int64_t block = 0; block < query_blocks; ++block) {
      RunQueryBlock(parameters, operands, sequence, channel, block);
    }
  }
}

// Copies one head so that queries start at lane 0 and the weights of both products are contiguous.
// Padding is zeroed each time: the buffers were another head's or sequence's before.
void AttentionUnit::GatherHead(const AttentionOperands& operands, const Sequence& sequence,
                               int64_t channel) {
  for (int64_t c = 0; c < sequence.padded_head_size; ++c) {
    const bool is_padding = c >= sequence.head_size;
    for (int64_t token = 0; token < sequence.tokens; ++token) {
      const int64_t from =
          is_padding ? 0 : IndexOf(operands.width, channel + c, sequence.first + token);
      queries_.data()[IndexOf(sequence.padded_head_size, c, token)] =
          is_padding ? int16_t{0} : operands.queries[from];
      keys_.data()[token * sequence.padded_head_size + c] =
          is_padding ? int16_t{0} : operands.keys[from];
      if (!is_padding) values_.data()[c * sequence.padded_tokens + token] = operands.values[from];
    }
    if (!is_padding && sequence.padded_tokens > sequence.tokens) {
      values_.data()[c * sequence.padded_tokens + sequence.tokens] = 0;
    }
  }
}

void AttentionUnit::RunQueryBlock(const AttentionParameters& parameters,
                                  const AttentionOperands& operands, const Sequence& sequence,
                                  int64_t channel, int64_t query_block) {
  alignas(64) int16_t maximum[kBlockTokens];
  kernels_.logits(
      {.queries = queries_.data() + query_block * kBlockTokens * sequence.padded_head_size,
       .keys = keys_.data(),
       .key_count = sequence.tokens,
       .channel_pairs = sequence.padded_head_size / 2,
       .shift = parameters.logit_shift,
       .multiplier = parameters.logit_multiplier},
      logits_.data(), maximum);
  int32_t sums[kBlockTokens];
  kernels_.softmax(logits_.data(), sequence.tokens, maximum, arithmetic::kExpTable.data(), sums);
  if (sequence.padded_tokens > sequence.tokens) {
    std::fill_n(logits_.data() + sequence.tokens * kBlockTokens, kBlockTokens, int16_t{0});
  }

  ContextArgs args = {.probabilities = logits_.data(),
                      .values = values_.data(),
                      .key_pairs = sequence.padded_tokens / 2,
                      .head_size = sequence.head_size,
                      .shift = {},
                      .multiplier = {}};
  for (int64_t t = 0; t < kBlockTokens; ++t) {
    const arithmetic::RowReciprocal reciprocal = arithmetic::Reciprocal(sums[t]);
    args.shift[t] = reciprocal.exponent - parameters.context_shift;
    args.multiplier[t] =
        arithmetic::ContextRowMultiplier(reciprocal, parameters.context_multiplier);
  }
  kernels_.context(args, context_.data());

  const int64_t query = query_block * kBlockTokens;
  const int64_t queries = std::min(kBlockTokens, sequence.tokens - query);
  for (int64_t c = 0; c < sequence.head_size; ++c) {
    for (int64_t t = 0; t < queries; ++t) {
      operands.context[IndexOf(operands.width, channel + c, sequence.first + query + t)] =
          context_.data()[c * kBlockTokens + t];
    }
  }
}

}  // namespace sta::emulator
