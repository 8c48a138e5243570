// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <cstring>
#include <deque>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "Vsta_axi_writer.h"
#include "accel/rtl/dv/axi_memory.h"
#include "accel/rtl/dv/axi_signals.h"
#include "accel/rtl/dv/testbench.h"
#include "gtest/gtest.h"

namespace sta::rtl {
namespace {

constexpr uint32_t kRegionBeats = 3000;  // dozens of pages; many of its bits are 1
constexpr uint64_t kBase = 0xFFFF'FFFF'FFF0'0800;

struct Request {
  uint32_t beat = 0;
  uint32_t beats = 0;
};

// A client that asks at random; the memory's content is compared at the end.
class WriterBench {
 public:
  WriterBench(const AxiMemory::Options& options, uint32_t seed)
      : bench_(seed), memory_(options, seed + 1), expected_(kRegionBeats * kBeatBytes) {
    memory_.AddRegion(kBase, kRegionBeats * kBeatBytes);
    bench_->region_base_i = kBase / kBeatBytes;
    bench_->region_beats_i = kRegionBeats;
    bench_->halt_i = 0;
    bench_->request_valid_i = 0;
    bench_->data_valid_i = 0;
    DriveWritePort(memory_.slave(), *bench_.operator->());
    bench_.Reset();
  }

  Testbench<Vsta_axi_writer>& bench() { return bench_; }
  AxiMemory& memory() { return memory_; }

  void Ask(const Request& request) {
    requests_.push_back(request);
    if (uint64_t{request.beat} + request.beats > kRegionBeats) return;
    for (uint32_t i = 0; i < request.beats; ++i) {
      Beat beat;
      for (uint32_t& word : beat) word = bench_.random()();
      data_.push_back({request.beat + i, beat});
    }
  }

  void Step(int valid_percent) {
    DriveWritePort(memory_.slave(), *bench_.operator->());
    // A request that was offered stays, and so does data.
    if (bench_->request_valid_i == 0) {
      bench_->request_valid_i = !requests_.empty() && bench_.Chance(valid_percent);
    }
    if (bench_->data_valid_i == 0) {
      bench_->data_valid_i = !data_.empty() && bench_.Chance(valid_percent);
    }
    if (!requests_.empty()) {
      bench_->request_beat_i = requests_.front().beat;
      bench_->request_beats_i = static_cast<uint8_t>(requests_.front().beats);
    }
    if (!data_.empty()) AssignBeat(data_.front().beat, bench_->data_i);
    bench_.Settle();
    if (bench_->request_valid_i != 0 && bench_->request_ready_o != 0) {
      requests_.pop_front();
      request_taken_ = true;
    }
    const bool data_taken = bench_->data_valid_i != 0 && bench_->data_ready_o != 0;
    TakeBeat();
    if (data_taken) {
      std::memcpy(&expected_[data_.front().place * kBeatBytes], data_.front().beat.data(),
                  kBeatBytes);
      passing_.push_back(data_.front());
      data_.pop_front();
    }
    range_errors += bench_->range_error_o;
    response_errors += bench_->response_error_o;
    AxiMemory::Master master;
    SampleWritePort(*bench_.operator->(), master);
    memory_.Tick(master);
    bench_.Tick();
    if (std::exchange(request_taken_, false)) bench_->request_valid_i = 0;
    if (data_taken) bench_->data_valid_i = 0;
  }

  bool Quiet() {
    bench_.Settle();
    return requests_.empty() && bench_->quiet_o != 0;
  }
  // What was written is what was handed over, and nothing else.
  bool MemoryIsRight() {
    return std::memcmp(memory_.Bytes(kBase), expected_.data(), expected_.size()) == 0;
  }

  int range_errors = 0;
  int response_errors = 0;
  int beats = 0;

 private:
  struct Data {
    size_t place = 0;
    Beat beat = {};
  };

  void TakeBeat() {
    if (bench_->beat_valid_o == 0) return;
    ASSERT_FALSE(passing_.empty());
    EXPECT_EQ(ToBeat(bench_->beat_data_o), passing_.front().beat);
    EXPECT_EQ(bench_->beat_address_o, (kBase / kBeatBytes + passing_.front().place) % 32);
    passing_.pop_front();
    ++beats;
  }

  Testbench<Vsta_axi_writer> bench_;
  AxiMemory memory_;
  std::vector<uint8_t> expected_;
  std::deque<Request> requests_;
  std::deque<Data> data_;
  std::deque<Data> passing_;
  bool request_taken_ = false;
};

Request RandomRequest(std::mt19937& random) {
  const uint32_t length = 1 + random() % 16;
  return {static_cast<uint32_t>(random() % (kRegionBeats - length + 1)), length};
}

TEST(AxiWriterTest, WritesEverythingWhereItBelongs) {
  for (uint32_t seed = 1; seed <= 8; ++seed) {
    SCOPED_TRACE(seed);
    WriterBench writer({.latency = static_cast<int>(seed % 4 * 20),
                        .latency_jitter = static_cast<int>(seed % 3 * 5),
                        .stall_percent = static_cast<int>(seed % 2 * 40)},
                       seed);
    for (int i = 0; i < 150; ++i) writer.Ask(RandomRequest(writer.bench().random()));
    for (int cycle = 0; cycle < 20000 && !writer.Quiet(); ++cycle) {
      writer.Step(seed % 4 == 0 ? 30 : 90);
      ASSERT_FALSE(testing::Test::HasFailure()) << "cycle " << cycle;
    }
    EXPECT_TRUE(writer.Quiet());
    EXPECT_TRUE(writer.memory().quiet());
    EXPECT_EQ(writer.memory().violation(), "");
    EXPECT_TRUE(writer.MemoryIsRight());
    EXPECT_EQ(static_cast<uint64_t>(writer.beats), writer.memory().beats_written());
    EXPECT_EQ(writer.range_errors, 0);
    EXPECT_EQ(writer.response_errors, 0);
  }
}

TEST(AxiWriterTest, StreamsABeatACycleOverLongLatency) {
  WriterBench writer({.latency = 150}, 1);
  constexpr int kRequests = 64;
  for (int i = 0; i < kRequests; ++i) writer.Ask({static_cast<uint32_t>(i % 16) * 16, 16});
  int cycles = 0;
  for (; cycles < 4000 && !writer.Quiet(); ++cycles) writer.Step(100);
  EXPECT_EQ(writer.beats, kRequests * 16);
  EXPECT_LE(cycles, kRequests * 16 + 150 + 12);
}

TEST(AxiWriterTest, RefusesWhatLeavesTheRegion) {
  const std::vector<Request> bad = {{kRegionBeats, 1},
                                    {kRegionBeats - 15, 16},
                                    {0xFFFFFFFF, 1},
                                    {0xFFFFFFF0, 16},
                                    {kRegionBeats - 1, 2}};
  for (const Request& request : bad) {
    SCOPED_TRACE(std::to_string(request.beat) + " + " + std::to_string(request.beats));
    WriterBench writer({}, 1);
    writer.Ask({kRegionBeats - 16, 16});  // the last that fits
    writer.Ask(request);
    for (int cycle = 0; cycle < 100; ++cycle) writer.Step(100);
    EXPECT_EQ(writer.range_errors, 1);
    EXPECT_EQ(writer.memory().beats_written(), 16U);
    EXPECT_TRUE(writer.MemoryIsRight());
    EXPECT_TRUE(writer.Quiet());
  }
}

TEST(AxiWriterTest, ReportsBadResponses) {
  for (AxiResponse response : {AxiResponse::kSlaveError, AxiResponse::kDecodeError}) {
    WriterBench writer({}, 1);
    writer.memory().FailWrite(kBase + 5 * kBeatBytes, response);
    writer.Ask({0, 16});
    writer.Ask({16, 16});
    for (int cycle = 0; cycle < 100; ++cycle) writer.Step(100);
    EXPECT_EQ(writer.response_errors, 1);
    EXPECT_TRUE(writer.Quiet());
  }
}

TEST(AxiWriterTest, HaltFinishesBurstsAndChangesNothing) {
  int unfinished = 0;
  for (uint32_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    WriterBench writer({.latency = 40, .latency_jitter = 10, .stall_percent = 30}, seed);
    for (int i = 0; i < 400; ++i) writer.Ask(RandomRequest(writer.bench().random()));
    const int before = 20 + static_cast<int>(seed) * 7;
    for (int cycle = 0; cycle < before; ++cycle) writer.Step(70);
    writer.bench()->halt_i = 1;
    writer.bench().Settle();
    if (writer.bench()->quiet_o == 0) ++unfinished;
    for (int cycle = 0; cycle < 2000 && writer.bench()->quiet_o == 0; ++cycle) writer.Step(100);
    EXPECT_EQ(writer.bench()->quiet_o, 1);
    const uint64_t bursts = writer.memory().bursts();
    for (int cycle = 0; cycle < 100; ++cycle) {
      writer.Step(100);
      ASSERT_EQ(writer.bench()->quiet_o, 1);
    }
    EXPECT_EQ(writer.memory().bursts(), bursts);
    EXPECT_TRUE(writer.memory().quiet());
    EXPECT_EQ(writer.memory().violation(), "");
    EXPECT_EQ(static_cast<uint64_t>(writer.beats), writer.memory().beats_written());
    EXPECT_TRUE(writer.MemoryIsRight());
  }
  EXPECT_GT(unfinished, 10);
}

}  // namespace
}  // namespace sta::rtl
