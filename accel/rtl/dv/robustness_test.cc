// SPDX-License-Identifier: Apache-2.0
//
// The whole kernel on what should not happen: damaged streams, memory that answers with errors,
// resets in mid-run. Every run ends, with the error that the functional model names, and the kernel
// works afterwards. STA_RTL_CASES sets the number of random cases.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <random>
#include <variant>
#include <vector>

#include "Vsta_kernel_4x4.h"
#include "accel/program/card/activation_layout.h"
#include "accel/program/card/batch_schedule.h"
#include "accel/program/card/card_error.h"
#include "accel/program/card/card_image.h"
#include "accel/program/card/instruction.h"
#include "accel/program/compiler.h"
#include "accel/program/random_encoder.h"
#include "accel/rtl/dv/kernel_runner.h"
#include "accel/rtl/dv/simulated_array.h"
#include "accel/rtl/dv/verilated_kernel.h"
#include "accel/virtual_card/functional_card.h"
#include "gtest/gtest.h"
#include "tests/support/random_rows.h"
#include "tests/support/status_matchers.h"

namespace sta::rtl {
namespace {

constexpr AxiMemory::Options kMemory = {.latency = 20, .latency_jitter = 10, .stall_percent = 10};

int RandomCases() {
  const char* const cases = std::getenv("STA_RTL_CASES");
  return cases == nullptr ? 100 : std::atoi(cases);
}

class RobustnessTest : public testing::Test {
 protected:
  void SetUp() override {
    STA_ASSERT_OK_AND_ASSIGN(program_, CompileProgram(RandomEncoder({.seed = 3,
                                                                     .hidden_size = 24,
                                                                     .intermediate_size = 40,
                                                                     .layers = 1,
                                                                     .heads = 2,
                                                                     .pattern = {2, 8}})));
    STA_ASSERT_OK_AND_ASSIGN(image_, card::MakeCardImage(*program_, config_));
    const std::vector<int32_t> offsets = {0, 9, 10, 17};
    STA_ASSERT_OK_AND_ASSIGN(const auto runs, card::ScheduleBatch(image_, offsets));
    ASSERT_EQ(runs.size(), 1U);
    instructions_ = runs[0].stream;
    STA_ASSERT_OK_AND_ASSIGN(stream_, card::EncodeStream(instructions_, config_));
    input_ = card::PackRows(image_, runs[0], RandomRows(offsets.back(), 24, 3));
  }

  // What the functional model makes of `stream`, and the output.
  card::CardRunResult Expect(std::span<const uint8_t> stream, std::vector<uint8_t>& output) const {
    output.assign(input_.size(), 0);
    card::FunctionalCard functional(config_);
    return functional.Run({image_.bytes, stream, input_, output});
  }

  KernelReport Run(KernelModel& kernel, AxiMemory& memory, std::span<const uint8_t> stream) const {
    return RunJob(kernel, memory, {image_.bytes, stream, input_, input_.size()});
  }

  void ExpectWorks(KernelModel& kernel) const {
    std::vector<uint8_t> expected;
    Expect(stream_, expected);
    AxiMemory memory(kMemory, 1);
    const KernelReport report = Run(kernel, memory, stream_);
    ASSERT_TRUE(report.is_done);
    EXPECT_EQ(report.error.code, 0);
    EXPECT_EQ(report.output, expected);
    EXPECT_EQ(memory.violation(), "");
  }

  const card::CardConfig config_ = SimulatedArray(4, 4);
  std::shared_ptr<const Program> program_;
  card::CardImage image_;
  std::vector<card::CardInstruction> instructions_;
  std::vector<uint8_t> stream_;
  std::vector<uint8_t> input_;
};

TEST_F(RobustnessTest, DamagedStreamsEndAsInTheFunctionalModel) {
  VerilatedKernel<Vsta_kernel_4x4> kernel(1);
  int errors = 0;
  for (int i = 1; i <= RandomCases(); ++i) {
    SCOPED_TRACE(i);
    std::mt19937 random(static_cast<uint32_t>(i));
    std::vector<uint8_t> stream = stream_;
    for (uint32_t flips = 1 + random() % 3; flips > 0; --flips) {
      stream[random() % stream.size()] ^= static_cast<uint8_t>(1U << (random() % 8));
    }
    std::vector<uint8_t> output;
    const card::CardRunResult expected = Expect(stream, output);
    AxiMemory memory(kMemory, static_cast<uint32_t>(i));
    const KernelReport report = Run(kernel, memory, stream);
    ASSERT_TRUE(report.is_done);
    ASSERT_EQ(memory.violation(), "");
    const auto code = static_cast<int>(expected.error);
    if (expected.error == card::CardError::kNone) {
      // What it computes may depend on the order of units: addresses and waits may be wrong.
      ASSERT_EQ(report.error.code, 0);
    } else if (expected.error <= card::CardError::kTruncated) {
      // All before it is right, and the dispatcher goes in order.
      ASSERT_EQ(report.error.code, code);
      ASSERT_EQ(report.error.instruction, expected.instruction);
      ++errors;
    } else {
      // Units run side by side, so an error of a later instruction may come first.
      ASSERT_NE(report.error.code, 0);
      ++errors;
    }
  }
  EXPECT_GT(errors, RandomCases() / 4);
  ExpectWorks(kernel);
}

TEST_F(RobustnessTest, StreamsThatAreCutOffEndTruncated) {
  VerilatedKernel<Vsta_kernel_4x4> kernel(1);
  for (size_t count = 1; count * kBeatBytes < stream_.size(); count += 3) {
    SCOPED_TRACE(count);
    const std::span<const uint8_t> cut = std::span(stream_).first(count * kBeatBytes);
    AxiMemory memory(kMemory, static_cast<uint32_t>(count));
    const KernelReport report = Run(kernel, memory, cut);
    ASSERT_TRUE(report.is_done);
    EXPECT_EQ(report.error.code, static_cast<int>(card::CardError::kTruncated));
    EXPECT_EQ(report.error.instruction, static_cast<int>(count));
  }
  ExpectWorks(kernel);
}

TEST_F(RobustnessTest, ErrorResponsesEndTheRun) {
  VerilatedKernel<Vsta_kernel_4x4> kernel(1);
  std::mt19937 random(5);
  const auto any_beat = [&](size_t bytes) { return random() % (bytes / kBeatBytes) * kBeatBytes; };
  for (int i = 0; i < 12; ++i) {
    SCOPED_TRACE(i);
    AxiMemory memory(kMemory, static_cast<uint32_t>(i));
    const AxiResponse response = i % 2 == 0 ? AxiResponse::kSlaveError : AxiResponse::kDecodeError;
    auto code = card::CardError::kReadResponse;
    switch (i % 3) {
      case 0:
        memory.FailRead(kInstructionsAddress + any_beat(stream_.size()), response);
        break;
      case 1:
        memory.FailRead(kInputAddress + any_beat(input_.size()), response);
        break;
      default:
        memory.FailWrite(kOutputAddress + any_beat(input_.size()), response);
        code = card::CardError::kWriteResponse;
    }
    const KernelReport report = Run(kernel, memory, stream_);
    ASSERT_TRUE(report.is_done);
    EXPECT_EQ(report.error.code, static_cast<int>(code));
    EXPECT_EQ(memory.violation(), "");
  }
  ExpectWorks(kernel);
}

TEST_F(RobustnessTest, RegionsThatAreTooSmallEndTheRun) {
  VerilatedKernel<Vsta_kernel_4x4> kernel(1);
  const auto code = [&](const KernelJob& job) {
    AxiMemory memory(kMemory, 1);
    const KernelReport report = RunJob(kernel, memory, job);
    EXPECT_TRUE(report.is_done);
    EXPECT_EQ(memory.violation(), "");
    return report.error.code;
  };
  const std::span<const uint8_t> program = image_.bytes;
  const std::span<const uint8_t> input = input_;
  const auto range = static_cast<int>(card::CardError::kMemoryRange);
  EXPECT_EQ(code({program.first(program.size() - kBeatBytes), stream_, input, input.size()}),
            range);
  EXPECT_EQ(code({program, stream_, input.first(input.size() - kBeatBytes), input.size()}), range);
  EXPECT_EQ(code({program, stream_, input, input.size() - kBeatBytes}), range);
  ExpectWorks(kernel);
}

TEST_F(RobustnessTest, AddressesBehindABufferEndTheRun) {
  VerilatedKernel<Vsta_kernel_4x4> kernel(1);
  // The error of a run whose first instruction of this kind has `field` set to `value`.
  const auto code = [&]<typename Operation>(int64_t Operation::*field, int64_t value) {
    std::vector<card::CardInstruction> damaged = instructions_;
    const auto found = std::ranges::find_if(damaged, [](const card::CardInstruction& instruction) {
      return std::holds_alternative<Operation>(instruction.operation);
    });
    std::get<Operation>(found->operation).*field = value;
    const auto stream = card::EncodeStream(damaged, config_);
    EXPECT_THAT(stream, IsOk());
    AxiMemory memory(kMemory, 1);
    const KernelReport report = Run(kernel, memory, *stream);
    EXPECT_TRUE(report.is_done);
    EXPECT_EQ(memory.violation(), "");
    return static_cast<card::CardError>(report.error.code);
  };
  EXPECT_EQ(code(&card::VectorInstruction::destination_row, config_.activation_rows),
            card::CardError::kActivation);
  EXPECT_EQ(code(&card::TransferInstruction::residual_beat, config_.residual_beats),
            card::CardError::kResidual);
  EXPECT_EQ(code(&card::AttentionInstruction::key_tile, config_.key_value_tiles),
            card::CardError::kKeyValue);
  ExpectWorks(kernel);
}

TEST_F(RobustnessTest, ResetInMidRunLeavesAKernelThatWorks) {
  VerilatedKernel<Vsta_kernel_4x4> kernel(1);
  for (const uint64_t cycles : {1, 50, 300, 1000, 2500}) {
    SCOPED_TRACE(cycles);
    AxiMemory memory(kMemory, 1);
    memory.AddRegion(kProgramAddress, image_.bytes.size());
    std::copy(image_.bytes.begin(), image_.bytes.end(), memory.Bytes(kProgramAddress));
    memory.AddRegion(kInstructionsAddress, stream_.size());
    std::copy(stream_.begin(), stream_.end(), memory.Bytes(kInstructionsAddress));
    memory.AddRegion(kInputAddress, input_.size());
    memory.AddRegion(kOutputAddress, input_.size());
    const auto beats = [](size_t bytes) { return static_cast<uint32_t>(bytes / kBeatBytes); };
    KernelDriver driver(&kernel, &memory);
    driver.Reset();
    driver.SetArguments({kProgramAddress, kInstructionsAddress, kInputAddress, kOutputAddress,
                         beats(stream_.size()), beats(image_.bytes.size()), beats(input_.size()),
                         beats(input_.size())});
    driver.Start();
    driver.Tick(cycles);
    ExpectWorks(kernel);
  }
}

}  // namespace
}  // namespace sta::rtl
