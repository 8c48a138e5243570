// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <map>
#include <string>

#include "Vsta_control.h"
#include "accel/rtl/dv/bits.h"
#include "accel/rtl/dv/kernel_driver.h"
#include "accel/rtl/dv/testbench.h"
#include "gtest/gtest.h"

namespace sta::rtl {
namespace {

constexpr int kBound = 200;

// Writes and reads registers; address, data and answers may be held off at random.
class ControlBench {
 public:
  explicit ControlBench(uint32_t seed, int percent = 100) : bench_(seed), percent_(percent) {
    bench_->awvalid_i = 0;
    bench_->wvalid_i = 0;
    bench_->bready_i = 0;
    bench_->arvalid_i = 0;
    bench_->rready_i = 0;
    bench_->idle_i = 1;
    bench_->done_i = 0;
    bench_->error_code_i = 0;
    bench_->error_instruction_i = 0;
    bench_->cycles_i = 0;
    SetBits(bench_->counts_i, 0, 32, 0);
    bench_.Reset();
  }

  Testbench<Vsta_control>& bench() { return bench_; }

  void Write(uint32_t offset, uint32_t value, uint8_t strobes = 0xF) {
    bool address = false;
    bool data = false;
    for (int i = 0; i < kBound; ++i) {
      // Once valid, a signal stays so until it is taken.
      bench_->awvalid_i = !address && (bench_->awvalid_i != 0 || bench_.Chance(percent_));
      bench_->awaddr_i = bench_->awvalid_i != 0 ? static_cast<uint16_t>(offset) : 0xFFF;
      bench_->wvalid_i = !data && (bench_->wvalid_i != 0 || bench_.Chance(percent_));
      bench_->wdata_i = bench_->wvalid_i != 0 ? value : 0xDEADBEEF;
      bench_->wstrb_i = bench_->wvalid_i != 0 ? strobes : 0xF;
      bench_->bready_i = bench_.Chance(percent_);
      bench_.Settle();
      const bool answered = bench_->bvalid_o != 0;
      const bool taken = answered && bench_->bready_i != 0;
      if (answered) {
        EXPECT_TRUE(address && data);
      }
      address |= bench_->awvalid_i != 0 && bench_->awready_o != 0;
      data |= bench_->wvalid_i != 0 && bench_->wready_o != 0;
      bench_.Tick();
      if (taken) {
        bench_->awvalid_i = 0;
        bench_->wvalid_i = 0;
        bench_->bready_i = 0;
        return;
      }
    }
    FAIL() << "no answer to the write of " << offset;
  }

  uint32_t Read(uint32_t offset) {
    bool address = false;
    for (int i = 0; i < kBound; ++i) {
      bench_->arvalid_i = !address && (bench_->arvalid_i != 0 || bench_.Chance(percent_));
      bench_->araddr_i = bench_->arvalid_i != 0 ? static_cast<uint16_t>(offset) : 0xFFF;
      bench_->rready_i = bench_.Chance(percent_);
      bench_.Settle();
      const bool taken = bench_->rvalid_o != 0 && bench_->rready_i != 0;
      const uint32_t value = bench_->rdata_o;
      address |= bench_->arvalid_i != 0 && bench_->arready_o != 0;
      bench_.Tick();
      if (taken) {
        bench_->arvalid_i = 0;
        bench_->rready_i = 0;
        return value;
      }
    }
    ADD_FAILURE() << "no answer to the read of " << offset;
    return 0;
  }

  void PulseDone() {
    bench_->done_i = 1;
    bench_.Tick();
    bench_->done_i = 0;
    bench_.Settle();
  }

 private:
  Testbench<Vsta_control> bench_;
  int percent_;
};

TEST(ControlTest, ArgumentsReadBackAndReachTheRun) {
  for (uint32_t seed = 1; seed <= 6; ++seed) {
    SCOPED_TRACE(seed);
    ControlBench control(seed, seed % 2 == 0 ? 100 : 30);
    const std::map<uint32_t, uint32_t> masks = {
        {0x10, 0xFFFFF800}, {0x14, 0xFFFFFFFF}, {0x1C, 0xFFFFF800}, {0x20, 0xFFFFFFFF},
        {0x28, 0xFFFFF800}, {0x2C, 0xFFFFFFFF}, {0x34, 0xFFFFF800}, {0x38, 0xFFFFFFFF},
        {0x40, 0x0000FFFF}, {0x48, 0xFFFFFFFF}, {0x50, 0xFFFFFFFF}, {0x58, 0xFFFFFFFF}};
    std::map<uint32_t, uint32_t> expected;
    for (uint32_t offset = 0x10; offset < 0x80; offset += 4) {
      const uint32_t value = control.bench().random()();
      control.Write(offset, value);
      const auto mask = masks.find(offset);
      expected[offset] = mask == masks.end() ? 0 : value & mask->second;
    }
    // One byte of each more.
    for (const auto& [offset, mask] : masks) {
      const uint32_t value = control.bench().random()();
      const int byte = static_cast<int>(control.bench().random()() % 4);
      const uint32_t changed = 0xFFU << (8 * byte);
      control.Write(offset, value, static_cast<uint8_t>(1U << byte));
      expected[offset] = (expected[offset] & ~changed) | (value & changed & mask);
    }
    for (const auto& [offset, value] : expected) EXPECT_EQ(control.Read(offset), value) << offset;
    const auto& arguments = control.bench()->arguments_o;
    for (size_t i = 0; i < 4; ++i) {
      const auto offset = static_cast<uint32_t>(0x10 + 12 * i);
      const uint64_t address = uint64_t{expected[offset + 4]} << 32 | expected[offset];
      EXPECT_EQ(GetBits(arguments, 58 * i, 58), address / 64) << i;
    }
    EXPECT_EQ(GetBits(arguments, 4 * 58, 16), expected[card::kInstructionCountRegister]);
    EXPECT_EQ(GetBits(arguments, 4 * 58 + 16, 32), expected[card::kProgramBeatsRegister]);
    EXPECT_EQ(GetBits(arguments, 4 * 58 + 48, 32), expected[card::kInputBeatsRegister]);
    EXPECT_EQ(GetBits(arguments, 4 * 58 + 80, 32), expected[card::kOutputBeatsRegister]);
  }
}

TEST(ControlTest, StatusRegistersShowTheirSources) {
  ControlBench control(1);
  auto& bench = control.bench();
  bench->error_code_i = 0xAB;
  bench->error_instruction_i = 0x1234;
  bench->cycles_i = 0x1122334455667788;
  for (size_t i = 0; i < 9; ++i) SetBits(bench->counts_i, 32 * i, 32, 0xC0000000 + i);
  for (size_t i = 0; i < 3; ++i) SetBits(bench->checksums_i, 32 * i, 32, 0xD0000000 + i);
  std::map<uint32_t, uint32_t> expected = {
      {card::kErrorRegister, 0x123400AB},     {card::kConfigurationRegister, 0x08040001},
      {card::kActivationRowsRegister, 11},    {card::kResidualBeatsRegister, 22},
      {card::kKeyValueTilesRegister, 33},     {card::kMaxTokensRegister, 44},
      {card::kMaxChannelsRegister, 55},       {card::kCyclesRegister, 0x55667788},
      {card::kCyclesRegister + 4, 0x11223344}};
  for (uint32_t i = 0; i < 9; ++i) expected[card::kEngineBusyRegister + 4 * i] = 0xC0000000 + i;
  for (uint32_t i = 0; i < 3; ++i)
    expected[card::kProgramChecksumRegister + 4 * i] = 0xD0000000 + i;
  for (uint32_t offset = 0x80; offset < 0x200; offset += 4) {
    control.Write(offset, 0xFFFFFFFF);
    EXPECT_EQ(control.Read(offset), expected[offset]) << std::hex << offset;
  }
  EXPECT_EQ(control.Read(0x810), 0U);  // no image of another register
}

TEST(ControlTest, StartStaysUntilDoneAndDoneUntilRead) {
  ControlBench control(1);
  auto& bench = control.bench();
  EXPECT_EQ(control.Read(card::kControlRegister), card::kControlIdle);
  control.Write(card::kControlRegister, card::kControlStart, 0xE);  // the byte is not written
  EXPECT_EQ(bench->start_o, 0);
  control.Write(card::kControlRegister, card::kControlStart);
  EXPECT_EQ(bench->start_o, 1);
  EXPECT_EQ(control.Read(card::kControlRegister), card::kControlStart);  // idle is low at once
  bench->idle_i = 0;
  control.Write(card::kControlRegister, 0);  // ap_start cannot be taken back
  EXPECT_EQ(control.Read(card::kControlRegister), card::kControlStart);
  control.PulseDone();
  bench->idle_i = 1;
  EXPECT_EQ(bench->start_o, 0);
  EXPECT_EQ(control.Read(card::kErrorRegister), 0U);  // other reads clear nothing
  EXPECT_EQ(control.Read(card::kControlRegister),
            card::kControlDone | card::kControlReady | card::kControlIdle);
  EXPECT_EQ(control.Read(card::kControlRegister), card::kControlIdle);
}

TEST(ControlTest, DoneInTheCycleOfAReadIsNotLost) {
  ControlBench control(1);
  auto& bench = control.bench();
  bench->arvalid_i = 1;
  bench->araddr_i = card::kControlRegister;
  bench->done_i = 1;
  bench.Settle();
  ASSERT_EQ(bench->arready_o, 1);
  bench.Tick();
  bench->done_i = 0;
  bench->arvalid_i = 0;
  EXPECT_EQ(bench->rdata_o & card::kControlDone, 0U);
  bench->rready_i = 1;
  bench.Tick();
  EXPECT_EQ(control.Read(card::kControlRegister) & card::kControlDone, card::kControlDone);
}

TEST(ControlTest, AutoRestartKeepsStart) {
  ControlBench control(1);
  control.Write(card::kControlRegister, card::kControlStart | card::kControlAutoRestart);
  control.PulseDone();
  EXPECT_EQ(control.bench()->start_o, 1);
  EXPECT_EQ(control.Read(card::kControlRegister), card::kControlStart | card::kControlDone |
                                                      card::kControlReady |
                                                      card::kControlAutoRestart);
  control.Write(card::kControlRegister, 0);
  control.PulseDone();
  EXPECT_EQ(control.bench()->start_o, 0);
}

TEST(ControlTest, InterruptNeedsBothEnablesAndIsToggledOff) {
  for (uint32_t enable = 0; enable < 4; ++enable) {
    for (uint32_t global = 0; global < 2; ++global) {
      SCOPED_TRACE(std::to_string(enable) + " " + std::to_string(global));
      ControlBench control(1);
      auto& bench = control.bench();
      control.Write(card::kInterruptEnableRegister, enable);
      control.Write(card::kGlobalInterruptRegister, global);
      EXPECT_EQ(control.Read(card::kInterruptEnableRegister), enable);
      EXPECT_EQ(control.Read(card::kGlobalInterruptRegister), global);
      EXPECT_EQ(bench->interrupt_o, 0);
      control.PulseDone();
      bench.Tick();
      EXPECT_EQ(control.Read(card::kInterruptStatusRegister), enable);
      EXPECT_EQ(bench->interrupt_o, enable != 0 && global != 0 ? 1 : 0);
      control.Write(card::kInterruptStatusRegister, 2);
      EXPECT_EQ(control.Read(card::kInterruptStatusRegister), enable ^ 2);
      control.Write(card::kInterruptStatusRegister, enable ^ 2);
      EXPECT_EQ(control.Read(card::kInterruptStatusRegister), 0U);
      bench.Tick();
      EXPECT_EQ(bench->interrupt_o, 0);
    }
  }
}

TEST(ControlTest, ResetClearsEverything) {
  ControlBench control(1);
  for (uint32_t offset = 0; offset < 0x60; offset += 4) control.Write(offset, 0xFFFFFFFF);
  control.PulseDone();
  control.bench()->rst_ni = 0;
  control.bench().Settle();
  EXPECT_EQ(control.bench()->awready_o, 0);
  EXPECT_EQ(control.bench()->wready_o, 0);
  EXPECT_EQ(control.bench()->arready_o, 0);
  control.bench().Reset();
  EXPECT_EQ(control.bench()->interrupt_o, 0);
  EXPECT_EQ(control.Read(card::kControlRegister), card::kControlIdle);
  for (uint32_t offset = 4; offset < 0x60; offset += 4) EXPECT_EQ(control.Read(offset), 0U);
}

}  // namespace
}  // namespace sta::rtl
