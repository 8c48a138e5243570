// SPDX-License-Identifier: Apache-2.0
#include "accel/program/card/disassembler.h"

#include <gtest/gtest.h>

#include <vector>

namespace sta::card {
namespace {

TEST(DisassemblerTest, NamesFlagsFieldsAndWaits) {
  const std::vector<CardInstruction> stream = {
      {.operation = TransferInstruction{.memory_beat = 1, .beats = 2, .residual_beat = 3}},
      {.waits = {1, 0, 0, 0},
       .operation = VectorInstruction{.normalize = true, .view = true, .parameter_beat = 4}},
      {.waits = {0, 0, 1, 0},
       .operation = MatmulInstruction{.gelu = true, .indexed = true, .windows = 6, .steps = 4}},
      {.operation = MatmulInstruction{.destination_buffer = MatmulDestination::kKeyValue}},
      {.operation = MatmulInstruction{.destination_buffer = MatmulDestination::kResidual}},
      {.operation = AttentionInstruction{.heads = 12, .key_count = 100}},
      {.waits = {1, 4, 1, 0},
       .operation = TransferInstruction{.direction = TransferDirection::kStore}},
      {}};
  EXPECT_EQ(DisassembleStream(stream),
            "    0  LOAD      memory_beat=1 beats=2 residual_beat=3\n"
            "    1  VECTOR    normalize view parameter_beat=4 channel_blocks=1 token_groups=1 "
            "channels=1 source_granule=0 destination_row=0 destination_stride=0 mean_reciprocal=0 "
            "epsilon=1  after load 1\n"
            "    2  MATMUL    gelu indexed to=activations weight_beat=0 windows=6 steps=4 "
            "channel_blocks=1 token_groups=1 source_row=0 source_stride=0 destination=0 "
            "destination_stride=0 granule_row_stride=0  after vector 1\n"
            "    3  MATMUL    to=key-value weight_beat=0 windows=1 steps=1 channel_blocks=1 "
            "token_groups=1 source_row=0 source_stride=0 destination=0 destination_stride=0 "
            "granule_row_stride=0\n"
            "    4  MATMUL    to=residual weight_beat=0 windows=1 steps=1 channel_blocks=1 "
            "token_groups=1 source_row=0 source_stride=0 destination=0 destination_stride=0 "
            "granule_row_stride=0\n"
            "    5  ATTENTION heads=12 head_steps=1 head_value_blocks=1 key_count=100 "
            "query_groups=1 query_row=0 query_stride=0 key_tile=0 key_stride=0 value_tile=0 "
            "value_stride=0 context_row=0 context_stride=0 probability_row=0 logit_shift=0 "
            "context_shift=0 logit_multiplier=0 context_multiplier=1\n"
            "    6  STORE     memory_beat=0 beats=1 residual_beat=0  after load 1, engine 4, "
            "vector 1\n"
            "    7  END\n");
}

}  // namespace
}  // namespace sta::card
