// SPDX-License-Identifier: Apache-2.0
//
// sta_kernel with a core that only copies (copy_core/): registers, runs, interrupt, counters,
// checksums, errors and resets as the host sees them.
#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <random>
#include <string>

#include "Vsta_kernel_copy.h"
#include "accel/rtl/dv/axi_memory.h"
#include "accel/rtl/dv/kernel_driver.h"
#include "accel/rtl/dv/verilated_kernel.h"
#include "gtest/gtest.h"

namespace sta::rtl {
namespace {

constexpr uint64_t kInstructions = 0x7'0000'0000;
constexpr uint64_t kInput = 0x10800;
constexpr uint64_t kOutput = 0x40000;
constexpr uint32_t kRegionBeats = 128;
constexpr uint64_t kBound = 20000;

constexpr int kErrorMemoryRange = 5;
constexpr int kErrorReadResponse = 9;
constexpr int kErrorWriteResponse = 10;

class Card {
 public:
  explicit Card(uint32_t seed, const AxiMemory::Options& options = {})
      : kernel_(seed), memory_(options, seed), driver_(&kernel_, &memory_) {
    std::mt19937 random(seed);
    for (uint64_t base : {kInstructions, kInput, kOutput}) {
      memory_.AddRegion(base, kRegionBeats * kBeatBytes);
      std::generate_n(memory_.Bytes(base), kRegionBeats * kBeatBytes,
                      [&] { return static_cast<uint8_t>(random()); });
    }
    driver_.Reset();
  }

  KernelDriver& driver() { return driver_; }
  AxiMemory& memory() { return memory_; }

  static KernelArguments Arguments(uint32_t instructions, uint32_t input, uint32_t output) {
    return {.program = 0x123'4567'8800,
            .instructions = kInstructions,
            .input = kInput,
            .output = kOutput,
            .instruction_count = instructions,
            .program_beats = kRegionBeats,
            .input_beats = input,
            .output_beats = output};
  }

  bool Run(const KernelArguments& arguments) {
    driver_.SetArguments(arguments);
    driver_.Start();
    return driver_.WaitForDone(kBound);
  }

  bool Copied(uint32_t beats) {
    return std::memcmp(memory_.Bytes(kInput), memory_.Bytes(kOutput), beats * kBeatBytes) == 0;
  }

  // doc/instruction-set.md, "Checksum".
  uint32_t Checksum(uint64_t base, uint32_t beats) {
    uint32_t total = 0;
    for (uint32_t beat = 0; beat < beats; ++beat) {
      Beat words;
      std::memcpy(words.data(), memory_.Bytes(base + beat * kBeatBytes), kBeatBytes);
      uint32_t sum = 0;
      for (size_t i = 0; i < words.size(); ++i) sum += std::rotl(words[i], static_cast<int>(i));
      total += std::rotl(sum, static_cast<int>((base / kBeatBytes + beat) % 32));
    }
    return total;
  }

 private:
  VerilatedKernel<Vsta_kernel_copy> kernel_;
  AxiMemory memory_;
  KernelDriver driver_;
};

TEST(KernelTest, RunsOverAnyMemoryAndReportsWhatPassed) {
  for (uint32_t seed = 1; seed <= 12; ++seed) {
    SCOPED_TRACE(seed);
    Card card(seed, {.latency = static_cast<int>(seed * 7),
                     .latency_jitter = static_cast<int>(seed % 3 * 5),
                     .beats_a_cycle = seed % 4 == 0 ? 0.4 : 1,
                     .stall_percent = static_cast<int>(seed % 3 * 25)});
    const uint32_t instructions = 1 + seed % 5;
    const uint32_t beats = 1 + seed * 10;
    ASSERT_TRUE(card.Run(Card::Arguments(instructions, beats, beats)));
    EXPECT_EQ(card.driver().Error().code, 0);
    EXPECT_EQ(card.driver().Error().instruction, 0);
    EXPECT_TRUE(card.Copied(beats));
    EXPECT_EQ(card.memory().violation(), "");
    EXPECT_TRUE(card.memory().quiet());
    const KernelCounters counters = card.driver().Counters();
    EXPECT_EQ(counters.beats_read, instructions + beats);
    EXPECT_EQ(counters.beats_written, beats);
    EXPECT_EQ(counters.engine_busy, 1U);
    EXPECT_EQ(counters.wait_units, 2U);
    EXPECT_EQ(counters.wait_weights, 3U);
    EXPECT_EQ(counters.wait_softmax, 4U);
    EXPECT_EQ(counters.wait_epilogue, 5U);
    EXPECT_EQ(counters.engine_idle, 6U);
    EXPECT_EQ(counters.vector_busy, 7U);
    EXPECT_GT(counters.cycles, uint64_t{2} * beats);
    EXPECT_EQ(card.driver().Checksums(),
              (KernelChecksums{.program = card.Checksum(kInstructions, instructions),
                               .input = card.Checksum(kInput, beats),
                               .output = card.Checksum(kInput, beats)}));
  }
}

TEST(KernelTest, CountsTheCyclesBetweenStartAndDone) {
  Card card(1);
  card.driver().SetArguments(Card::Arguments(1, 16, 16));
  const uint64_t before = card.driver().cycles();
  card.driver().Start();
  while (!card.driver().interrupt()) {
    ASSERT_LT(card.driver().cycles(), kBound);
    card.driver().Tick();
  }
  const uint64_t elapsed = card.driver().cycles() - before;
  const uint64_t counted = card.driver().Counters().cycles;
  EXPECT_LT(counted, elapsed);
  EXPECT_GT(counted + 20, elapsed);  // the register access, the core's reset, the interrupt
}

TEST(KernelTest, RunsAgainAndAgain) {
  Card card(1);
  for (uint32_t run = 0; run < 4; ++run) {
    SCOPED_TRACE(run);
    std::memset(card.memory().Bytes(kOutput), 0, kRegionBeats * kBeatBytes);
    ASSERT_TRUE(card.Run(Card::Arguments(1 + run, 20 + run, 20 + run)));
    EXPECT_TRUE(card.Copied(20 + run));
    EXPECT_EQ(card.driver().Counters().beats_read, 1 + run + 20 + run);
    EXPECT_EQ(card.driver().Checksums().input, card.Checksum(kInput, 20 + run));
    EXPECT_FALSE(card.driver().interrupt());
    EXPECT_EQ(card.driver().ReadRegister(card::kControlRegister), card::kControlIdle);
  }
}

TEST(KernelTest, PollingSeesStartIdleAndDone) {
  Card card(1);
  KernelDriver& driver = card.driver();
  driver.WriteRegister(card::kGlobalInterruptRegister, 0);
  EXPECT_EQ(driver.ReadRegister(card::kControlRegister), card::kControlIdle);
  driver.SetArguments(Card::Arguments(1, 64, 64));
  driver.Start();
  uint32_t control = driver.ReadRegister(card::kControlRegister);
  int polls = 0;
  for (; (control & card::kControlDone) == 0 && polls < 1000; ++polls) {
    ASSERT_EQ(control, card::kControlStart);
    control = driver.ReadRegister(card::kControlRegister);
  }
  EXPECT_EQ(control, card::kControlDone | card::kControlReady | card::kControlIdle);
  EXPECT_GT(polls, 10);
  EXPECT_EQ(driver.ReadRegister(card::kControlRegister), card::kControlIdle);
  EXPECT_FALSE(driver.interrupt());
}

TEST(KernelTest, ArgumentsWrittenDuringARunAreForTheNextOne) {
  Card card(1);
  card.driver().SetArguments(Card::Arguments(3, 64, 64));
  card.driver().Start();
  card.driver().SetArguments(Card::Arguments(1, 1, 1));
  ASSERT_TRUE(card.driver().WaitForDone(kBound));
  EXPECT_EQ(card.driver().Counters().beats_read, 67U);
  EXPECT_TRUE(card.Copied(64));
  card.driver().Start();
  ASSERT_TRUE(card.driver().WaitForDone(kBound));
  EXPECT_EQ(card.driver().Counters().beats_read, 2U);
}

TEST(KernelTest, AutoRestartRunsUntilItIsTurnedOff) {
  Card card(1);
  card.driver().SetArguments(Card::Arguments(1, 8, 8));
  card.driver().WriteRegister(card::kControlRegister,
                              card::kControlStart | card::kControlAutoRestart);
  for (int run = 0; run < 3; ++run) {
    ASSERT_TRUE(card.driver().WaitForDone(kBound));
  }
  card.driver().WriteRegister(card::kControlRegister, 0);
  while ((card.driver().ReadRegister(card::kControlRegister) & card::kControlIdle) == 0) {
    ASSERT_LT(card.driver().cycles(), kBound);
  }
}

TEST(KernelTest, ErrorsStopTheRunAndTheNextRunWorks) {
  struct Case {
    const char* name;
    KernelArguments arguments;
    uint64_t bad_read;
    uint64_t bad_write;
    int code;
    int instruction;
  };
  KernelArguments outside = Card::Arguments(2, 64, 64);
  outside.program_beats = 63;  // the copy core's output region
  KernelArguments unmapped = Card::Arguments(2, 64, 64);
  unmapped.input = kInput + 0x800000;
  const Case cases[] = {
      {"no instructions", Card::Arguments(0, 64, 64), 0, 0, kErrorMemoryRange, 0},
      {"bad stream", Card::Arguments(4, 64, 64), kInstructions + 3 * kBeatBytes, 0,
       kErrorReadResponse, 0},
      {"bad input", Card::Arguments(4, 64, 64), kInput + 40 * kBeatBytes, 0, kErrorReadResponse, 1},
      {"unmapped input", unmapped, 0, 0, kErrorReadResponse, 1},
      {"output outside", outside, 0, 0, kErrorMemoryRange, 2},
      {"bad output", Card::Arguments(4, 64, 64), 0, kOutput + 9 * kBeatBytes, kErrorWriteResponse,
       2}};
  for (const Case& bad : cases) {
    for (uint32_t seed = 1; seed <= 3; ++seed) {
      SCOPED_TRACE(std::string(bad.name) + " " + std::to_string(seed));
      Card card(seed, {.latency = 30, .latency_jitter = 9, .stall_percent = 20});
      if (bad.bad_read != 0) card.memory().FailRead(bad.bad_read, AxiResponse::kSlaveError);
      if (bad.bad_write != 0) card.memory().FailWrite(bad.bad_write, AxiResponse::kDecodeError);
      ASSERT_TRUE(card.Run(bad.arguments));
      EXPECT_EQ(card.driver().Error().code, bad.code);
      EXPECT_EQ(card.driver().Error().instruction, bad.instruction);
      EXPECT_TRUE(card.memory().quiet());
      EXPECT_EQ(card.memory().violation(), "");
      // Without the fault.
      ASSERT_TRUE(card.Run(Card::Arguments(2, 8, 8)));
      EXPECT_EQ(card.driver().Error().code, 0);
      EXPECT_TRUE(card.Copied(8));
    }
  }
}

TEST(KernelTest, ResetInMidRunLeavesACardThatWorks) {
  for (uint32_t cycles = 1; cycles < 400; cycles += 13) {
    SCOPED_TRACE(cycles);
    Card card(cycles, {.latency = 20, .stall_percent = 10});
    card.driver().SetArguments(Card::Arguments(2, 64, 64));
    card.driver().Start();
    card.driver().Tick(cycles);
    card.driver().Reset();
    EXPECT_FALSE(card.driver().interrupt());
    EXPECT_EQ(card.driver().ReadRegister(card::kControlRegister), card::kControlIdle);
    EXPECT_EQ(card.driver().ReadRegister(card::kInputRegister), 0U);
    ASSERT_TRUE(card.Run(Card::Arguments(1, 16, 16)));
    EXPECT_EQ(card.driver().Error().code, 0);
    EXPECT_TRUE(card.Copied(16));
    EXPECT_EQ(card.memory().violation(), "");
  }
}

}  // namespace
}  // namespace sta::rtl
