// SPDX-License-Identifier: Apache-2.0
//
// The bodies without a circuit, where they differ from what runs on them elsewhere: what memory
// does not have, and a stop.
#include "accel/virtual_card/card_body.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "accel/program/card/checksum.h"
#include "accel/program/card/instruction.h"
#include "accel/virtual_card/functional_body.h"
#include "accel/virtual_card/idle_body.h"
#include "accel/virtual_card/register_file.h"

namespace sta::card {
namespace {

constexpr uint64_t kBase = 0x100000;
constexpr uint64_t kInput = kBase;
constexpr uint64_t kOutput = kBase + 0x800;
constexpr uint64_t kStream = kBase + 0x1000;
constexpr int64_t kBeats = 2;

// A card whose memory has a stream that copies two beats of input to the output.
class CardBodyTest : public testing::TestWithParam<const char*> {
 protected:
  CardBodyTest() {
    const CardConfig config = CardConfig::Preset("4x4x4").value();
    if (GetParam() == std::string("functional")) {
      body_ = std::make_unique<FunctionalBody>(config, BoardMemory{kBase, memory_});
    } else {
      body_ = std::make_unique<IdleBody>(config, BoardMemory{kBase, memory_});
    }
    CardInstruction store = {
        .operation = TransferInstruction{.direction = TransferDirection::kStore, .beats = kBeats}};
    store.WaitFor(Unit::kLoad, 1);
    const auto stream = EncodeStream({{.operation = TransferInstruction{.beats = kBeats}},
                                      store,
                                      {.operation = EndInstruction{}}},
                                     config)
                            .value();
    std::ranges::copy(stream, memory_.begin() + (kStream - kBase));
    for (int i = 0; i < kBeats * kBeatBytes; ++i) memory_[i] = static_cast<uint8_t>(i);
    SetRegion(kProgramRegister, kBase, kProgramBeatsRegister, 0);
    SetRegion(kInstructionsRegister, kStream, kInstructionCountRegister, 3);
    SetRegion(kInputRegister, kInput, kInputBeatsRegister, kBeats);
    SetRegion(kOutputRegister, kOutput, kOutputBeatsRegister, kBeats);
  }

  void SetRegion(uint32_t address_register, uint64_t address, uint32_t beats_register,
                 uint32_t beats) {
    body_->WriteRegister(address_register, static_cast<uint32_t>(address));
    body_->WriteRegister(address_register + 4, static_cast<uint32_t>(address >> 32));
    body_->WriteRegister(beats_register, beats);
  }

  // The error of a run, which nobody stops.
  CardError Run() {
    EXPECT_EQ(body_->Run({}), RunEnd::kDone);
    return static_cast<CardError>(body_->ReadRegister(kErrorRegister) & 0xFF);
  }

  uint32_t InputChecksum() const {
    return RegionChecksum(std::span(memory_).first(kBeats * kBeatBytes), 0);
  }

  std::vector<uint8_t> memory_ = std::vector<uint8_t>(0x2000);
  std::unique_ptr<CardBody> body_;
};

TEST_P(CardBodyTest, RunsOverItsMemory) {
  EXPECT_EQ(Run(), CardError::kNone);
  EXPECT_EQ(body_->ReadRegister(kInputChecksumRegister), InputChecksum());
  const auto output = std::span(memory_).subspan(kOutput - kBase, kBeats * kBeatBytes);
  EXPECT_EQ(body_->ReadRegister(kOutputChecksumRegister), RegionChecksum(output, 0));
}

TEST_P(CardBodyTest, ReadsWhatIsThereNow) {
  EXPECT_EQ(Run(), CardError::kNone);
  const uint32_t before = body_->ReadRegister(kProgramChecksumRegister);
  memory_[0] = 77;  // the input
  EXPECT_EQ(Run(), CardError::kNone);
  EXPECT_EQ(body_->ReadRegister(kInputChecksumRegister), InputChecksum());
  EXPECT_EQ(body_->ReadRegister(kProgramChecksumRegister), before);
  memory_[kStream - kBase] ^= 0xFF;  // an opcode
  body_->MemoryWritten(kStream, kBeatBytes);
  EXPECT_EQ(Run(), CardError::kOpcode);
}

TEST_P(CardBodyTest, MemoryThatDoesNotExistIsAnError) {
  const uint64_t end = kBase + memory_.size();
  SetRegion(kInputRegister, end, kInputBeatsRegister, kBeats);
  EXPECT_EQ(Run(), CardError::kReadResponse);
  SetRegion(kInputRegister, kInput, kInputBeatsRegister, kBeats);
  SetRegion(kOutputRegister, 0, kOutputBeatsRegister, kBeats);
  EXPECT_EQ(Run(), CardError::kWriteResponse);
  SetRegion(kOutputRegister, kOutput, kOutputBeatsRegister, kBeats);
  SetRegion(kProgramRegister, kBase, kProgramBeatsRegister, 0xFFFFFFFF);
  EXPECT_EQ(Run(), CardError::kReadResponse);
  SetRegion(kProgramRegister, kBase, kProgramBeatsRegister, 0);
  EXPECT_EQ(Run(), CardError::kNone);
}

TEST_P(CardBodyTest, WhatTheRegionsDoNotHaveIsAnError) {
  SetRegion(kInputRegister, kInput, kInputBeatsRegister, kBeats - 1);
  EXPECT_EQ(Run(), CardError::kMemoryRange);
  EXPECT_EQ(body_->ReadRegister(kErrorRegister) >> 16, 0);
  SetRegion(kInputRegister, kInput, kInputBeatsRegister, kBeats);
  SetRegion(kInstructionsRegister, kStream, kInstructionCountRegister, 2);
  EXPECT_EQ(Run(), CardError::kTruncated);
}

INSTANTIATE_TEST_SUITE_P(Bodies, CardBodyTest, testing::Values("functional", "idle"),
                         [](const auto& body) { return std::string(body.param); });

using StoppedBodyTest = CardBodyTest;

TEST_P(StoppedBodyTest, StopsAndRunsAgain) {
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(body_->Run(stop.get_token()), RunEnd::kStopped);
  EXPECT_EQ(memory_[kOutput - kBase + 1], 0);
  EXPECT_EQ(Run(), CardError::kNone);
  EXPECT_EQ(memory_[kOutput - kBase + 1], 1);
}

INSTANTIATE_TEST_SUITE_P(Functional, StoppedBodyTest, testing::Values("functional"));

}  // namespace
}  // namespace sta::card
