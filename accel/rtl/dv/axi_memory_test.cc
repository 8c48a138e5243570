// SPDX-License-Identifier: Apache-2.0
//
// The memory model itself: that it keeps data, keeps time, and catches a master's mistakes.
#include "accel/rtl/dv/axi_memory.h"

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sta::rtl {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr uint64_t kBase = 0x10000;
constexpr int kBound = 1000;

Beat Pattern(uint32_t value) {
  Beat beat;
  beat.fill(value);
  return beat;
}

// A master that does as it is told.
class AxiMemoryTest : public ::testing::Test {
 protected:
  void Use(const AxiMemory::Options& options) {
    memory_ = AxiMemory(options, 1);
    memory_.AddRegion(kBase, 8192);
    master_ = {.bready = true, .rready = true};
    memory_.Tick(master_);  // the ready signals come with the first edge
  }

  void SetUp() override { Use({}); }

  // One cycle of AR, until it is taken.
  void ReadBurst(uint64_t address, uint8_t length) {
    master_.arvalid = true;
    master_.araddr = address;
    master_.arlen = length;
    for (bool taken = false; !taken;) {
      taken = memory_.slave().arready;
      memory_.Tick(master_);
      ASSERT_LT(++cycles_, kBound);
    }
    master_.arvalid = false;
  }

  // The next beat on R; counts the cycles until it comes.
  AxiMemory::Slave NextBeat() {
    waited_ = 0;
    while (!memory_.slave().rvalid && waited_ < kBound) {
      memory_.Tick(master_);
      ++waited_;
    }
    const AxiMemory::Slave slave = memory_.slave();
    memory_.Tick(master_);
    return slave;
  }

  // Address and data of a burst; `last` is the beat with WLAST.
  void WriteBurst(uint64_t address, int beats, int last, uint64_t strobes = ~uint64_t{0}) {
    master_.awvalid = true;
    master_.awaddr = address;
    master_.awlen = static_cast<uint8_t>(beats - 1);
    for (int sent = 0; sent < beats || master_.awvalid;) {
      master_.wvalid = sent < beats;
      master_.wdata = Pattern(static_cast<uint32_t>(100 + sent));
      master_.wstrb = strobes;
      master_.wlast = sent == last;
      const bool address_taken = memory_.slave().awready;
      const bool data_taken = master_.wvalid && memory_.slave().wready;
      memory_.Tick(master_);
      if (address_taken) master_.awvalid = false;
      if (data_taken) ++sent;
      ASSERT_LT(++cycles_, kBound);
    }
    master_.wvalid = false;
  }

  AxiResponse Answer() {
    for (int i = 0; i < kBound && !memory_.slave().bvalid; ++i) memory_.Tick(master_);
    EXPECT_TRUE(memory_.slave().bvalid);
    const AxiResponse response = memory_.slave().bresp;
    memory_.Tick(master_);
    return response;
  }

  AxiMemory memory_{{}, 1};
  AxiMemory::Master master_;
  int cycles_ = 0;
  int waited_ = 0;
};

TEST_F(AxiMemoryTest, ReadsBackWhatWasWritten) {
  WriteBurst(kBase + 64, 3, 2);
  EXPECT_EQ(Answer(), AxiResponse::kOkay);
  WriteBurst(kBase + 128, 1, 0, 0xF);  // the first word only
  EXPECT_EQ(Answer(), AxiResponse::kOkay);
  ReadBurst(kBase + 64, 2);
  EXPECT_EQ(NextBeat().rdata, Pattern(100));
  Beat second = Pattern(101);
  second[0] = 100;
  EXPECT_EQ(NextBeat().rdata, second);
  const AxiMemory::Slave last = NextBeat();
  EXPECT_EQ(last.rdata, Pattern(102));
  EXPECT_TRUE(last.rlast);
  EXPECT_THAT(memory_.violation(), IsEmpty());
  EXPECT_TRUE(memory_.quiet());
  EXPECT_EQ(memory_.beats_read(), 3U);
  EXPECT_EQ(memory_.beats_written(), 4U);
  EXPECT_EQ(memory_.bursts(), 3U);
}

TEST_F(AxiMemoryTest, WorksOnBytesOfSomebodyElse) {
  std::vector<uint8_t> bytes(2 * kBeatBytes, 7);
  memory_.AddRegion(kBase + 16384, bytes);
  WriteBurst(kBase + 16384, 1, 0);
  EXPECT_EQ(Answer(), AxiResponse::kOkay);
  EXPECT_EQ(bytes[0], 100);
  EXPECT_EQ(bytes[kBeatBytes], 7);
  bytes[kBeatBytes] = 8;
  ReadBurst(kBase + 16384 + kBeatBytes, 1);
  EXPECT_EQ(NextBeat().rdata[0], 0x07070708U);
  EXPECT_EQ(NextBeat().rresp, AxiResponse::kDecodeError) << "its end is the region's";
}

TEST_F(AxiMemoryTest, WritesWithoutStrobesChangeNothing) {
  WriteBurst(kBase, 2, 1, 0);
  EXPECT_EQ(Answer(), AxiResponse::kOkay);
  EXPECT_EQ(memory_.Bytes(kBase)[0], 0);
  EXPECT_EQ(memory_.beats_written(), 0U);
}

TEST_F(AxiMemoryTest, KeepsLatencyAndBandwidth) {
  for (int latency : {1, 20, 150}) {
    Use({.latency = latency});
    ReadBurst(kBase, 15);
    NextBeat();
    EXPECT_EQ(waited_, latency - 1) << "the cycle after the address is the first";
    NextBeat();
    EXPECT_EQ(waited_, 0);
  }
  Use({.latency = 1, .beats_a_cycle = 0.25});
  ReadBurst(kBase, 15);
  NextBeat();
  int total = 0;
  for (int beat = 1; beat < 16; ++beat) {
    NextBeat();
    total += waited_ + 1;
  }
  EXPECT_GE(total, 15 * 4 - 8);
  EXPECT_LE(total, 15 * 4);
}

TEST_F(AxiMemoryTest, AnswersFaultsAndHoles) {
  memory_.FailRead(kBase + 64, AxiResponse::kSlaveError);
  memory_.FailWrite(kBase + 128, AxiResponse::kDecodeError);
  ReadBurst(kBase, 2);
  EXPECT_EQ(NextBeat().rresp, AxiResponse::kOkay);
  EXPECT_EQ(NextBeat().rresp, AxiResponse::kSlaveError);
  EXPECT_EQ(NextBeat().rresp, AxiResponse::kOkay);
  WriteBurst(kBase, 4, 3);
  EXPECT_EQ(Answer(), AxiResponse::kDecodeError);
  ReadBurst(kBase + 8192, 0);
  EXPECT_EQ(NextBeat().rresp, AxiResponse::kDecodeError);
  WriteBurst(kBase - 64, 1, 0);
  EXPECT_EQ(Answer(), AxiResponse::kDecodeError);
}

TEST_F(AxiMemoryTest, ResetForgetsTransfersAndKeepsContents) {
  WriteBurst(kBase, 1, 0);
  EXPECT_EQ(Answer(), AxiResponse::kOkay);
  ReadBurst(kBase, 15);
  EXPECT_FALSE(memory_.quiet());
  memory_.Reset();
  EXPECT_TRUE(memory_.quiet());
  EXPECT_EQ(memory_.Bytes(kBase)[0], 100);
}

TEST_F(AxiMemoryTest, CatchesBurstsThatCross4KB) {
  ReadBurst(kBase + 4096 - 64, 0);
  EXPECT_THAT(memory_.violation(), IsEmpty());
  ReadBurst(kBase + 4096 - 64, 1);
  EXPECT_THAT(memory_.violation(), HasSubstr("AR crosses 4 KB"));
}

TEST_F(AxiMemoryTest, CatchesLongAndUnalignedBursts) {
  ReadBurst(kBase, 16);
  EXPECT_THAT(memory_.violation(), HasSubstr("AR is longer"));
  Use({});
  WriteBurst(kBase + 4, 1, 0);
  EXPECT_THAT(memory_.violation(), HasSubstr("AW is not aligned"));
}

TEST_F(AxiMemoryTest, CatchesAWrongLast) {
  for (int last : {0, 2}) {
    Use({});
    WriteBurst(kBase, 2, last);
    EXPECT_THAT(memory_.violation(), HasSubstr("WLAST"));
  }
}

TEST_F(AxiMemoryTest, CatchesSignalsThatChangeBeforeTheyAreTaken) {
  // Never ready: what is valid once must stay as it is.
  const AxiMemory::Options deaf = {.stall_percent = 100};
  Use(deaf);
  master_.arvalid = true;
  memory_.Tick(master_);
  memory_.Tick(master_);
  EXPECT_THAT(memory_.violation(), IsEmpty());
  master_.araddr = 64;
  memory_.Tick(master_);
  EXPECT_THAT(memory_.violation(), HasSubstr("AR changed"));

  Use(deaf);
  master_.awvalid = true;
  memory_.Tick(master_);
  master_.awvalid = false;
  memory_.Tick(master_);
  EXPECT_THAT(memory_.violation(), HasSubstr("AW changed"));

  Use(deaf);
  master_.wvalid = true;
  memory_.Tick(master_);
  master_.wdata = Pattern(1);
  memory_.Tick(master_);
  EXPECT_THAT(memory_.violation(), HasSubstr("W changed"));
}

}  // namespace
}  // namespace sta::rtl
