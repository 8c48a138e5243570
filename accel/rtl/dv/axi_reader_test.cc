// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstdint>
#include <cstring>
#include <deque>
#include <string>
#include <vector>

#include "Vsta_axi_reader.h"
#include "accel/rtl/dv/axi_memory.h"
#include "accel/rtl/dv/axi_signals.h"
#include "accel/rtl/dv/bits.h"
#include "accel/rtl/dv/testbench.h"
#include "gtest/gtest.h"

namespace sta::rtl {
namespace {

constexpr int kClients = 4;
constexpr int kRegions = 3;
constexpr uint32_t kRegionBeats = 300;  // more than four pages
constexpr std::array<uint64_t, kRegions> kBases = {0x10800, 0x7'0000'0000, 0xFFFF'FFFF'FFF0'0800};

struct Request {
  uint32_t region = 0;
  uint32_t beat = 0;
  uint32_t beats = 0;
};

// Four clients that ask at random and check what comes back.
class ReaderBench {
 public:
  ReaderBench(const AxiMemory::Options& options, uint32_t seed)
      : bench_(seed), memory_(options, seed + 1) {
    for (uint64_t base : kBases) {
      memory_.AddRegion(base, kRegionBeats * kBeatBytes);
      uint8_t* bytes = memory_.Bytes(base);
      for (size_t i = 0; i < kRegionBeats * kBeatBytes; ++i) {
        bytes[i] = static_cast<uint8_t>(bench_.random()());
      }
    }
    for (size_t i = 0; i < kRegions; ++i) {
      SetBits(bench_->region_base_i, i * 58, 58, kBases[i] / kBeatBytes);
      SetBits(bench_->region_beats_i, i * 32, 32, kRegionBeats);
    }
    bench_->halt_i = 0;
    bench_->request_valid_i = 0;
    bench_->response_ready_i = 0;
    DriveReadPort(memory_.slave(), *bench_.operator->());
    bench_.Reset();
  }

  Testbench<Vsta_axi_reader>& bench() { return bench_; }
  AxiMemory& memory() { return memory_; }

  void Ask(int client, const Request& request) { wanted_[Index(client)].push_back(request); }
  void AskAtRandom(int client) {
    const uint32_t length = 1 + bench_.random()() % 16;
    Ask(client, {static_cast<uint32_t>(bench_.random()() % kRegions),
                 static_cast<uint32_t>(bench_.random()() % (kRegionBeats - length + 1)), length});
  }

  // One cycle; clients are ready with the given chance and ask as soon as they can.
  void Step(int ready_percent) {
    DriveReadPort(memory_.slave(), *bench_.operator->());
    uint32_t ready = 0;
    for (int i = 0; i < kClients; ++i) {
      if (bench_.Chance(ready_percent)) ready |= 1U << i;
      DriveRequest(i);
    }
    bench_->response_ready_i = static_cast<uint8_t>(ready);
    bench_.Settle();
    TakeRequests();
    TakeResponses();
    TakeBeat();
    range_errors += bench_->range_error_o;
    response_errors += bench_->response_error_o;
    AxiMemory::Master master;
    SampleReadPort(*bench_.operator->(), master);
    memory_.Tick(master);
    bench_.Tick();
  }

  bool Done() const {
    for (int i = 0; i < kClients; ++i) {
      if (!wanted_[Index(i)].empty() || !expected_[Index(i)].empty()) return false;
    }
    return true;
  }

  int range_errors = 0;
  int response_errors = 0;
  int responses = 0;
  int beats = 0;

 private:
  static size_t Index(int client) { return static_cast<size_t>(client); }

  void DriveRequest(int client) {
    const auto& wanted = wanted_[Index(client)];
    SetBits(bench_->request_valid_i, Index(client), 1, wanted.empty() ? 0 : 1);
    if (wanted.empty()) return;
    const Request& request = wanted.front();
    SetBits(bench_->request_region_i, 2 * Index(client), 2, request.region);
    SetBits(bench_->request_beat_i, 32 * Index(client), 32, request.beat);
    SetBits(bench_->request_beats_i, 5 * Index(client), 5, request.beats);
  }

  void TakeRequests() {
    const uint32_t taken = bench_->request_valid_i & bench_->request_ready_o;
    if (taken != 0) {
      EXPECT_EQ(taken, bench_->request_valid_i & -bench_->request_valid_i) << "not the first";
    }
    for (int i = 0; i < kClients; ++i) {
      if (((taken >> i) & 1) == 0) continue;
      const Request request = wanted_[Index(i)].front();
      wanted_[Index(i)].pop_front();
      if (uint64_t{request.beat} + request.beats > kRegionBeats) continue;
      for (uint32_t beat = 0; beat < request.beats; ++beat) {
        const uint64_t address = kBases[request.region] + (request.beat + beat) * kBeatBytes;
        expected_[Index(i)].push_back({address, request.region});
        arriving_.push_back({address, request.region});
      }
    }
  }

  Beat BeatAt(uint64_t address) {
    Beat beat;
    std::memcpy(beat.data(), memory_.Bytes(address), kBeatBytes);
    return beat;
  }

  void TakeResponses() {
    const uint32_t valid = bench_->response_valid_o;
    EXPECT_EQ(valid & (valid - 1), 0U);
    for (int i = 0; i < kClients; ++i) {
      if (((valid & bench_->response_ready_i) >> i & 1) == 0) continue;
      ASSERT_FALSE(expected_[Index(i)].empty());
      EXPECT_EQ(ToBeat(bench_->response_data_o), BeatAt(expected_[Index(i)].front().address));
      expected_[Index(i)].pop_front();
      ++responses;
    }
  }

  void TakeBeat() {
    if (bench_->beat_valid_o == 0) return;
    ASSERT_FALSE(arriving_.empty());
    EXPECT_EQ(bench_->beat_region_o, arriving_.front().region);
    EXPECT_EQ(bench_->beat_address_o, arriving_.front().address / kBeatBytes % 32);
    arriving_.pop_front();
    ++beats;
  }

  struct Place {
    uint64_t address = 0;
    uint32_t region = 0;
  };
  Testbench<Vsta_axi_reader> bench_;
  AxiMemory memory_;
  std::array<std::deque<Request>, kClients> wanted_;
  std::array<std::deque<Place>, kClients> expected_;
  std::deque<Place> arriving_;  // beats in the order of the requests
};

TEST(AxiReaderTest, GivesEveryClientItsBeatsInOrder) {
  for (uint32_t seed = 1; seed <= 8; ++seed) {
    SCOPED_TRACE(seed);
    ReaderBench reader({.latency = static_cast<int>(seed % 4 * 20),
                        .latency_jitter = static_cast<int>(seed % 3 * 5),
                        .stall_percent = static_cast<int>(seed % 2 * 40)},
                       seed);
    for (int i = 0; i < 200; ++i) reader.AskAtRandom(static_cast<int>(i % kClients));
    for (int cycle = 0; cycle < 20000 && !reader.Done(); ++cycle) {
      reader.Step(seed % 4 == 0 ? 30 : 90);
      ASSERT_FALSE(testing::Test::HasFailure()) << "cycle " << cycle;
    }
    EXPECT_TRUE(reader.Done());
    EXPECT_EQ(reader.memory().violation(), "");
    EXPECT_EQ(reader.range_errors, 0);
    EXPECT_EQ(reader.response_errors, 0);
    EXPECT_EQ(static_cast<uint64_t>(reader.beats), reader.memory().beats_read());
    reader.Step(100);
    reader.bench().Settle();
    EXPECT_EQ(reader.bench()->quiet_o, 1);
  }
}

TEST(AxiReaderTest, StreamsABeatACycleOverLongLatency) {
  ReaderBench reader({.latency = 150}, 1);
  constexpr int kRequests = 100;
  for (int i = 0; i < kRequests; ++i) reader.Ask(3, {0, static_cast<uint32_t>(i % 16) * 16, 16});
  int cycles = 0;
  for (; cycles < 4000 && !reader.Done(); ++cycles) reader.Step(100);
  EXPECT_EQ(reader.responses, kRequests * 16);
  EXPECT_LE(cycles, kRequests * 16 + 150 + 12);
}

TEST(AxiReaderTest, RefusesWhatLeavesTheRegion) {
  const std::vector<Request> bad = {{0, kRegionBeats, 1},     {1, kRegionBeats - 15, 16},
                                    {2, 0xFFFFFFFF, 1},       {0, 0xFFFFFFF0, 16},
                                    {0, kRegionBeats + 5, 3}, {1, kRegionBeats - 1, 2}};
  for (const Request& request : bad) {
    SCOPED_TRACE(std::to_string(request.beat) + " + " + std::to_string(request.beats));
    ReaderBench reader({}, 1);
    reader.Ask(2, {request.region, kRegionBeats - 16, 16});  // the last that fits
    reader.Ask(2, request);
    for (int cycle = 0; cycle < 100; ++cycle) reader.Step(100);
    EXPECT_EQ(reader.range_errors, 1);
    EXPECT_EQ(reader.responses, 16);
    EXPECT_EQ(reader.memory().beats_read(), 16U);
    EXPECT_EQ(reader.bench()->quiet_o, 1);
  }
}

TEST(AxiReaderTest, ReportsBadResponsesAndHandsThemToNobody) {
  for (AxiResponse response : {AxiResponse::kSlaveError, AxiResponse::kDecodeError}) {
    ReaderBench reader({}, 1);
    reader.memory().FailRead(kBases[1] + 7 * kBeatBytes, response);
    reader.Ask(0, {1, 0, 8});
    for (int cycle = 0; cycle < 100; ++cycle) reader.Step(100);
    EXPECT_EQ(reader.response_errors, 1);
    EXPECT_EQ(reader.responses, 7);
    EXPECT_EQ(reader.beats, 8);
  }
}

TEST(AxiReaderTest, HaltDrainsWhatIsInFlight) {
  for (uint32_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    ReaderBench reader({.latency = 40, .latency_jitter = 10, .stall_percent = 30}, seed);
    for (int i = 0; i < 400; ++i) reader.AskAtRandom(i % kClients);
    const int before = 20 + static_cast<int>(seed) * 7;
    for (int cycle = 0; cycle < before; ++cycle) reader.Step(70);
    const int responses = reader.responses;
    reader.bench()->halt_i = 1;
    int cycles = 0;
    do {
      reader.Step(0);
      ++cycles;
    } while (reader.bench()->quiet_o == 0 && cycles < 2000);
    EXPECT_EQ(reader.bench()->quiet_o, 1);
    EXPECT_EQ(reader.responses, responses);
    const uint64_t bursts = reader.memory().bursts();
    for (int cycle = 0; cycle < 100; ++cycle) {
      reader.Step(100);
      ASSERT_EQ(reader.bench()->quiet_o, 1);
    }
    EXPECT_EQ(reader.memory().bursts(), bursts);
    EXPECT_TRUE(reader.memory().quiet());
    EXPECT_EQ(reader.memory().violation(), "");
  }
}

}  // namespace
}  // namespace sta::rtl
