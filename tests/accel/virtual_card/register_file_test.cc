// SPDX-License-Identifier: Apache-2.0
#include "accel/virtual_card/register_file.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

namespace sta::card {
namespace {

class RegisterFileTest : public testing::Test {
 protected:
  RegisterFile registers_{{.tile = 4,
                           .lanes = 5,
                           .activation_rows = 6,
                           .residual_beats = 7,
                           .key_value_tiles = 8,
                           .max_sequence_tokens = 9,
                           .max_channels = 10}};
};

TEST_F(RegisterFileTest, SayWhatTheArrayIs) {
  EXPECT_EQ(registers_.Read(0x84), 1U | 4U << 16 | 5U << 24);
  for (uint32_t i = 0; i < 5; ++i) EXPECT_EQ(registers_.Read(0x88 + 4 * i), 6 + i);
}

TEST_F(RegisterFileTest, WhatDoesNotExistIsWrittenInVain) {
  registers_.Write(0x10, 0xFFFFFFFF);
  EXPECT_EQ(registers_.Read(0x10), 0xFFFFF800);
  registers_.Write(0x14, 0xFFFFFFFF);
  EXPECT_EQ(registers_.Read(0x14), 0xFFFFFFFF);
  registers_.Write(0x40, 0xFFFFFFFF);
  EXPECT_EQ(registers_.Read(0x40), 0xFFFF);
  for (const uint32_t read_only : {0x00U, 0x18U, 0x80U, 0x84U, 0xCCU, 0xD0U, 0x100U, 0xFFFCU}) {
    const uint32_t before = registers_.Read(read_only);
    registers_.Write(read_only, ~before);
    EXPECT_EQ(registers_.Read(read_only), before) << read_only;
  }
}

TEST_F(RegisterFileTest, ArgumentsNameRegions) {
  registers_.Write(0x1C, 0x1000);
  registers_.Write(0x20, 0x2);
  registers_.Write(0x40, 3);
  registers_.Write(0x34, 0x800);
  registers_.Write(0x58, 0xFFFFFFFF);
  EXPECT_EQ(registers_.regions().instructions, (MemoryRegion{0x200001000, 192}));
  EXPECT_EQ(registers_.regions().output, (MemoryRegion{0x800, 0xFFFFFFFF * uint64_t{64}}));
  EXPECT_EQ(registers_.regions().program, MemoryRegion());
}

TEST_F(RegisterFileTest, HaveTheResultsOfTheLastRun) {
  EXPECT_EQ(registers_.Read(0x00), 4);  // idle
  registers_.Start();
  EXPECT_EQ(registers_.Read(0x00), 1);
  registers_.Finish({.error = CardError::kResidual,
                     .instruction = 9,
                     .program_checksum = 1,
                     .input_checksum = 2,
                     .output_checksum = 3,
                     .beats_read = 4,
                     .beats_written = 5});
  EXPECT_EQ(registers_.Read(0x00), 4);
  EXPECT_EQ(registers_.Read(0x80), 7U | 9U << 16);
  const std::vector<uint32_t> results = {registers_.Read(0xC4), registers_.Read(0xC8),
                                         registers_.Read(0xD0), registers_.Read(0xD4),
                                         registers_.Read(0xD8)};
  EXPECT_EQ(results, (std::vector<uint32_t>{4, 5, 1, 2, 3}));
  registers_.Start();
  EXPECT_EQ(registers_.Read(0x80), 0);
  EXPECT_EQ(registers_.Read(0xD8), 0);
  registers_.Finish({.instruction = 9});  // the number of END is no error's
  EXPECT_EQ(registers_.Read(0x80), 0);
}

TEST(BytesOfTest, AreThereWhereAllOfThemAre) {
  std::vector<uint8_t> bytes(256);
  const BoardMemory memory = {0x1000, bytes};
  EXPECT_EQ(BytesOf({0x1000, 256}, memory)->data(), bytes.data());
  EXPECT_EQ(BytesOf({0x1040, 64}, memory)->data(), bytes.data() + 64);
  EXPECT_EQ(BytesOf({0x1100, 0}, memory)->size(), 0);
  for (const MemoryRegion outside : {MemoryRegion{0xFC0, 64}, MemoryRegion{0x1000, 257},
                                     MemoryRegion{0x1101, 0}, MemoryRegion{0x1040, UINT64_MAX}}) {
    EXPECT_FALSE(BytesOf(outside, memory).has_value()) << outside.address;
  }
}

}  // namespace
}  // namespace sta::card
