// SPDX-License-Identifier: Apache-2.0
//
// The circuit as the body of a card against the functional body: the same registers and the same
// bytes in memory after every run.
#include "accel/virtual_card/verilated/verilated_body.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

#include "accel/program/card/activation_layout.h"
#include "accel/program/card/batch_schedule.h"
#include "accel/program/card/card_image.h"
#include "accel/program/card/instruction.h"
#include "accel/program/compiler.h"
#include "accel/program/random_encoder.h"
#include "accel/rtl/dv/axi_memory.h"
#include "accel/rtl/dv/kernel_model.h"
#include "accel/rtl/dv/simulated_array.h"
#include "accel/virtual_card/functional_body.h"
#include "accel/virtual_card/verilated/make_verilated_body.h"
#include "gtest/gtest.h"
#include "tests/support/random_rows.h"
#include "tests/support/random_values.h"
#include "tests/support/status_matchers.h"

namespace sta::card {
namespace {

// Where the regions lie in the card's memory, which holds the pattern where nothing was written.
constexpr uint64_t kBase = 0x4'0000'0000;
constexpr uint64_t kInstructions = 0x10'0000;
constexpr uint64_t kInput = 0x18'0000;
constexpr uint64_t kOutput = 0x1C'0000;
constexpr size_t kMemoryBytes = 0x20'0000;
constexpr uint8_t kPattern = 0xA5;

// Those that have nothing to do with time.
constexpr uint32_t kComparedRegisters[] = {
    // CTRL and the arguments, with what is between them.
    0x00, 0x10, 0x14, 0x18, 0x1C, 0x20, 0x24, 0x28, 0x2C, 0x30, 0x34, 0x38, 0x3C, 0x40, 0x44, 0x48,
    0x4C, 0x50, 0x54, 0x58,
    // The error, the array and the sizes of its buffers, beats, checksums.
    0x80, 0x84, 0x88, 0x8C, 0x90, 0x94, 0x98, 0xC4, 0xC8, 0xCC, 0xD0, 0xD4, 0xD8};

// One card: memory and what computes on it.
struct Card {
  std::vector<uint8_t> memory = std::vector<uint8_t>(kMemoryBytes, kPattern);
  std::unique_ptr<CardBody> body;

  BoardMemory board() { return {kBase, memory}; }

  void Put(uint64_t offset, std::span<const uint8_t> bytes) {
    ASSERT_LE(offset + bytes.size(), memory.size());
    std::ranges::copy(bytes, memory.begin() + static_cast<int64_t>(offset));
  }
  void SetAddress(uint32_t offset, uint64_t address) {
    body->WriteRegister(offset, static_cast<uint32_t>(address));
    body->WriteRegister(offset + 4, static_cast<uint32_t>(address >> 32));
  }
};

// A run of a small encoder.
struct Job {
  std::vector<uint8_t> image;
  std::vector<uint8_t> stream;
  std::vector<uint8_t> input;
};

Job RandomJob(uint64_t seed, const CardConfig& config) {
  RandomValues random(seed);
  RandomEncoderOptions options = {.seed = seed,
                                  .intermediate_size = random.Uniform(16, 90),
                                  .layers = 1,
                                  .heads = static_cast<int32_t>(random.Uniform(1, 3)),
                                  .pattern = {2, 8}};
  options.hidden_size = options.heads * random.Uniform(4, 20);
  const auto program = CompileProgram(RandomEncoder(options)).value();
  const CardImage image = MakeCardImage(*program, config).value();
  const std::vector<int32_t> offsets = {0, static_cast<int32_t>(random.Uniform(1, 20)), 25};
  const ScheduledRun run = ScheduleBatch(image, offsets).value().front();
  return {image.bytes, EncodeStream(run.stream, config).value(),
          PackRows(image, run, RandomRows(offsets.back(), options.hidden_size, seed))};
}

uint32_t BeatsOf(std::span<const uint8_t> bytes) {
  return static_cast<uint32_t>(bytes.size() / kBeatBytes);
}

void Load(const Job& job, Card& card) {
  card.Put(0, job.image);
  card.Put(kInstructions, job.stream);
  card.Put(kInput, job.input);
  card.SetAddress(kProgramRegister, kBase);
  card.SetAddress(kInstructionsRegister, kBase + kInstructions);
  card.SetAddress(kInputRegister, kBase + kInput);
  card.SetAddress(kOutputRegister, kBase + kOutput);
  card.body->WriteRegister(kInstructionCountRegister, BeatsOf(job.stream));
  card.body->WriteRegister(kProgramBeatsRegister, BeatsOf(job.image));
  card.body->WriteRegister(kInputBeatsRegister, BeatsOf(job.input));
  card.body->WriteRegister(kOutputBeatsRegister, BeatsOf(job.input));
}

class VerilatedBodyTest : public testing::TestWithParam<CardConfig> {
 protected:
  void SetUp() override {
    STA_ASSERT_OK_AND_ASSIGN(circuit_.body, MakeVerilatedBody(config_, circuit_.board()));
    model_.body = std::make_unique<FunctionalBody>(config_, model_.board());
  }

  // Of both: registers, and memory with the output in it.
  void ExpectEqualCards() {
    for (const uint32_t offset : kComparedRegisters) {
      EXPECT_EQ(circuit_.body->ReadRegister(offset), model_.body->ReadRegister(offset))
          << std::hex << "register 0x" << offset;
    }
    EXPECT_TRUE(circuit_.memory == model_.memory);
  }

  // Runs the job on both.
  void Run(const Job& job) {
    for (Card* const card : {&circuit_, &model_}) {
      Load(job, *card);
      ASSERT_EQ(card->body->Run({}), RunEnd::kDone);
    }
  }

  static uint32_t Error(const Card& card) { return card.body->ReadRegister(kErrorRegister); }
  bool IsIdle() const {
    return circuit_.body->ReadRegister(kControlRegister) ==
           model_.body->ReadRegister(kControlRegister);
  }

  const CardConfig config_ = GetParam();
  Card circuit_;
  Card model_;
};

INSTANTIATE_TEST_SUITE_P(Arrays, VerilatedBodyTest,
                         testing::Values(rtl::SimulatedArray(4, 4), rtl::SimulatedArray(8, 8)),
                         [](const auto& array) { return "of" + array.param.Name(); });

TEST_P(VerilatedBodyTest, BeginsAsTheFunctionalBody) { ExpectEqualCards(); }

TEST_P(VerilatedBodyTest, ComputesWhatTheFunctionalBodyDoes) {
  for (uint64_t seed = 1; seed <= 6; ++seed) {
    SCOPED_TRACE(seed);
    const Job job = RandomJob(seed, config_);
    Run(job);
    ExpectEqualCards();
    ASSERT_EQ(Error(circuit_), 0u);
    ASSERT_NE(circuit_.memory[kOutput], kPattern);
  }
}

// Units run side by side, so what was transferred before an error is the circuit's own affair.
TEST_P(VerilatedBodyTest, EndsStreamsWithTheirErrorAndWorksOn) {
  const Job job = RandomJob(1, config_);
  Job truncated = job;
  truncated.stream.resize(job.stream.size() - kBeatBytes);
  Job unknown = job;
  unknown.stream[3 * kBeatBytes] = 0xFF;
  for (const auto& [bad, error] :
       {std::pair{&truncated, CardError::kTruncated}, std::pair{&unknown, CardError::kOpcode}}) {
    Run(*bad);
    EXPECT_EQ(Error(circuit_) & 0xFF, static_cast<uint32_t>(error));
    EXPECT_EQ(Error(circuit_), Error(model_));
    Run(job);
    ExpectEqualCards();
  }
}

TEST_P(VerilatedBodyTest, AnswersOutsideMemoryWithAnError) {
  const Job job = RandomJob(1, config_);
  for (const uint64_t address : {uint64_t{0}, kBase - 0x1000, kBase + kMemoryBytes}) {
    SCOPED_TRACE(address);
    Load(job, circuit_);
    circuit_.SetAddress(kInputRegister, address);
    ASSERT_EQ(circuit_.body->Run({}), RunEnd::kDone);
    EXPECT_EQ(Error(circuit_) & 0xFF, static_cast<uint32_t>(CardError::kReadResponse));
    circuit_.SetAddress(kInputRegister, kBase + kInput);
    circuit_.SetAddress(kOutputRegister, address);
    ASSERT_EQ(circuit_.body->Run({}), RunEnd::kDone);
    EXPECT_EQ(Error(circuit_) & 0xFF, static_cast<uint32_t>(CardError::kWriteResponse));
  }
  Run(job);
  ExpectEqualCards();
}

TEST_P(VerilatedBodyTest, StartsNothingByItself) {
  Load(RandomJob(1, config_), circuit_);
  circuit_.body->WriteRegister(kControlRegister, 1);
  EXPECT_TRUE(IsIdle());
}

TEST_P(VerilatedBodyTest, StopsAndThenWorks) {
  const Job job = RandomJob(2, config_);
  Load(job, circuit_);
  std::stop_source stopped;
  stopped.request_stop();
  EXPECT_EQ(circuit_.body->Run(stopped.get_token()), RunEnd::kStopped);
  EXPECT_TRUE(IsIdle());
  Run(job);
  ExpectEqualCards();
}

TEST_P(VerilatedBodyTest, AnswersReadsDuringARun) {
  const Job job = RandomJob(3, config_);
  Load(job, circuit_);
  std::jthread runs([&](const std::stop_token& stop) {
    while (circuit_.body->Run(stop) == RunEnd::kDone) Load(job, circuit_);
  });
  int reads_in_runs = 0;
  while (reads_in_runs < 10) {
    if (!IsIdle()) ++reads_in_runs;
    EXPECT_EQ(circuit_.body->ReadRegister(kInputBeatsRegister), BeatsOf(job.input));
  }
  runs.request_stop();
  runs.join();
  Run(job);
  ExpectEqualCards();
}

// A kernel that answers everything at once, and asks memory for half a beat.
class UnalignedKernel final : public rtl::KernelModel {
 public:
  Outputs Settle(const Inputs& inputs, const rtl::AxiMemory::Slave& memory) override {
    return {.awready = true,
            .wready = true,
            .bvalid = true,
            .arready = true,
            .rvalid = true,
            .memory = {.arvalid = true, .araddr = kBase + kBeatBytes / 2}};
  }
  void Clock() override {}
};

TEST(VerilatedBodyDeathTest, DiesOfACircuitThatBreaksTheRulesOfAxi) {
  Card card;
  VerilatedBody body(std::make_unique<UnalignedKernel>(), card.board());
  EXPECT_DEATH(body.Run({}), "breaks the rules of AXI: AR is not aligned");
}

TEST(MakeVerilatedBodyTest, RefusesArraysThatWereNotBuilt) {
  Card card;
  EXPECT_THAT(MakeVerilatedBody(rtl::SimulatedArray(16, 8), card.board()),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       "array 16x16x8 cannot be simulated: there are 4x4x4 and 8x8x8"));
  for (const auto& [field, name] : {
           std::pair{&CardConfig::activation_rows, "activation_rows 512, not 513"},
           std::pair{&CardConfig::residual_beats, "residual_beats 1024, not 1025"},
           std::pair{&CardConfig::key_value_tiles, "key_value_tiles 1024, not 1025"},
           std::pair{&CardConfig::max_sequence_tokens, "max_sequence_tokens 128, not 129"},
           std::pair{&CardConfig::max_channels, "max_channels 1024, not 1025"},
       }) {
    CardConfig config = rtl::SimulatedArray(4, 4);
    ++(config.*field);
    EXPECT_THAT(MakeVerilatedBody(config, card.board()),
                StatusIs(absl::StatusCode::kInvalidArgument,
                         std::string("the simulated array 4x4x4 has ") + name));
  }
}

}  // namespace
}  // namespace sta::card
