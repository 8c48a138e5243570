// SPDX-License-Identifier: Apache-2.0
//
// LOAD and STORE against models of the read arbiter, the residual buffer and the write master.
#include <cstdint>
#include <deque>
#include <map>
#include <random>
#include <vector>

#include "Vsta_row_loader.h"
#include "Vsta_row_storer.h"
#include "accel/rtl/dv/axi_memory.h"
#include "accel/rtl/dv/axi_signals.h"
#include "accel/rtl/dv/bits.h"
#include "accel/rtl/dv/testbench.h"
#include "gtest/gtest.h"

namespace sta::rtl {
namespace {

struct Transfer {
  uint32_t memory_beat = 0;
  uint32_t beats = 0;
  uint32_t residual_beat = 0;
};

// Content of beat `index`, of memory or of the residual buffer.
Beat BeatOf(uint32_t index) {
  Beat beat;
  for (size_t i = 0; i < beat.size(); ++i) {
    beat[i] = index * 0x9E3779B9U + static_cast<uint32_t>(i);
  }
  return beat;
}

template <typename Port>
void SetInstruction(Port& port, const Transfer& transfer) {
  for (size_t word = 0; word < 16; ++word) port[word] = 0xFFFFFFFF;  // not looked at
  SetBits(port, 3 * 32, 32, transfer.memory_beat);
  SetBits(port, 4 * 32, 32, transfer.beats);
  SetBits(port, 5 * 32, 32, transfer.residual_beat);
}

std::vector<Transfer> RandomTransfers(std::mt19937& random) {
  std::vector<Transfer> transfers = {{0, 1, 7}, {5, 16, 0}, {0xFFF0, 17, 3}, {1, 15, 0x1FFFE0}};
  for (int i = 0; i < 12; ++i) {
    transfers.push_back({static_cast<uint32_t>(random() % 100000),
                         static_cast<uint32_t>(1 + random() % 100),
                         static_cast<uint32_t>(random() % 100000)});
  }
  return transfers;
}

class LoaderBench {
 public:
  explicit LoaderBench(uint32_t seed) : bench_(seed) {
    bench_->instruction_valid_i = 0;
    bench_->request_ready_i = 0;
    bench_->response_valid_i = 0;
    bench_->residual_ready_i = 0;
    bench_.Reset();
    EXPECT_EQ(bench_->done_o, 0);
  }

  Testbench<Vsta_row_loader>& bench() { return bench_; }

  // Runs one LOAD and returns the cycles; `percent` is the chance of every handshake.
  int Run(const Transfer& transfer, int percent) {
    written.clear();
    SetInstruction(bench_->instruction_i, transfer);
    bench_->instruction_valid_i = 1;
    bench_.Settle();
    EXPECT_EQ(bench_->instruction_ready_o, 1);
    int cycles = 0;
    for (bool done = false; !done && cycles < 20000; ++cycles) {
      Step(percent);
      bench_->instruction_valid_i = 0;
      done = bench_->done_o != 0;
      EXPECT_EQ(bench_->instruction_ready_o != 0, written.size() == transfer.beats);
    }
    return cycles;
  }

  std::map<uint32_t, Beat> written;
  std::vector<uint32_t> request_lengths;

 private:
  void Step(int percent) {
    bench_->request_ready_i = bench_.Chance(percent);
    bench_->residual_ready_i = bench_.Chance(percent);
    if (bench_->response_valid_i == 0) {
      bench_->response_valid_i = !due_.empty() && bench_.Chance(percent);
    }
    if (!due_.empty()) AssignBeat(BeatOf(due_.front()), bench_->response_data_i);
    bench_.Settle();
    if (bench_->request_valid_o != 0 && bench_->request_ready_i != 0) {
      request_lengths.push_back(bench_->request_beats_o);
      for (uint32_t i = 0; i < bench_->request_beats_o; ++i) {
        due_.push_back(bench_->request_beat_o + i);
      }
    }
    if (bench_->residual_valid_o != 0 && bench_->residual_ready_i != 0) {
      written[bench_->residual_beat_o] = ToBeat(bench_->residual_data_o);
    }
    const bool taken = bench_->response_valid_i != 0 && bench_->response_ready_o != 0;
    if (taken) due_.pop_front();
    bench_.Tick();
    if (taken) bench_->response_valid_i = 0;
  }

  Testbench<Vsta_row_loader> bench_;
  std::deque<uint32_t> due_;
};

TEST(RowLoaderTest, CopiesBeatsOfAnyCountAndPlace) {
  for (uint32_t seed = 1; seed <= 4; ++seed) {
    SCOPED_TRACE(seed);
    LoaderBench loader(seed);
    for (const Transfer& transfer : RandomTransfers(loader.bench().random())) {
      loader.Run(transfer, seed % 2 == 0 ? 100 : 50);
      ASSERT_EQ(loader.bench()->done_o, 1);
      ASSERT_EQ(loader.written.size(), transfer.beats);
      for (uint32_t i = 0; i < transfer.beats; ++i) {
        ASSERT_EQ(loader.written[transfer.residual_beat + i], BeatOf(transfer.memory_beat + i));
      }
    }
  }
}

TEST(RowLoaderTest, AsksForFullBurstsAndLosesNoCycle) {
  LoaderBench loader(1);
  EXPECT_LE(loader.Run({3, 70, 0}, 100), 70 + 4);
  EXPECT_EQ(loader.request_lengths, (std::vector<uint32_t>{16, 16, 16, 16, 6}));
}

class StorerBench {
 public:
  explicit StorerBench(uint32_t seed) : bench_(seed) {
    bench_->instruction_valid_i = 0;
    bench_->residual_ready_i = 0;
    bench_->residual_data_valid_i = 0;
    bench_->request_ready_i = 0;
    bench_->data_ready_i = 0;
    bench_->writer_quiet_i = 1;
    bench_.Reset();
    EXPECT_EQ(bench_->done_o, 0);
  }

  Testbench<Vsta_row_storer>& bench() { return bench_; }

  int Run(const Transfer& transfer, int percent) {
    written.clear();
    SetInstruction(bench_->instruction_i, transfer);
    bench_->instruction_valid_i = 1;
    bench_.Settle();
    EXPECT_EQ(bench_->instruction_ready_o, 1);
    int cycles = 0;
    for (bool done = false; !done && cycles < 20000; ++cycles) {
      Step(percent);
      bench_->instruction_valid_i = 0;
      done = bench_->done_o != 0;
      EXPECT_EQ(bench_->instruction_ready_o != 0, done);
    }
    EXPECT_TRUE(Quiet());
    return cycles;
  }

  std::map<uint32_t, Beat> written;
  std::vector<uint32_t> request_lengths;
  int stalls = 0;  // cycles in which the writer had room and no data came

 private:
  static constexpr uint64_t kReadLatency = 2;
  static constexpr uint64_t kAnswerLatency = 9;

  bool Quiet() const { return asked_.empty() && answers_.empty(); }

  void Step(int percent) {
    const uint64_t now = bench_.cycles();
    bench_->residual_ready_i = bench_.Chance(percent);
    bench_->residual_data_valid_i = !reads_.empty() && reads_.front().cycle <= now;
    if (bench_->residual_data_valid_i != 0) {
      AssignBeat(BeatOf(reads_.front().beat), bench_->residual_data_i);
      reads_.pop_front();
    }
    bench_->request_ready_i = bench_.Chance(percent);
    bench_->data_ready_i = !asked_.empty() && bench_.Chance(percent);
    while (!answers_.empty() && answers_.front() <= now) answers_.pop_front();
    bench_->writer_quiet_i = Quiet();
    bench_.Settle();
    if (bench_->residual_valid_o != 0 && bench_->residual_ready_i != 0) {
      reads_.push_back({bench_->residual_beat_o, now + kReadLatency});
    }
    if (bench_->data_ready_i != 0) {
      if (bench_->data_valid_o != 0) {
        written[asked_.front()] = ToBeat(bench_->data_o);
        asked_.pop_front();
        answers_.push_back(now + kAnswerLatency);
      } else {
        ++stalls;
      }
    }
    if (bench_->request_valid_o != 0 && bench_->request_ready_i != 0) {
      request_lengths.push_back(bench_->request_beats_o);
      for (uint32_t i = 0; i < bench_->request_beats_o; ++i) {
        asked_.push_back(bench_->request_beat_o + i);
      }
    }
    bench_.Tick();
  }

  struct Read {
    uint32_t beat = 0;
    uint64_t cycle = 0;
  };
  Testbench<Vsta_row_storer> bench_;
  std::deque<Read> reads_;
  std::deque<uint32_t> asked_;    // beats requested from the writer whose data it has not taken
  std::deque<uint64_t> answers_;  // cycles in which the memory answers
};

TEST(RowStorerTest, CopiesBeatsOfAnyCountAndPlace) {
  for (uint32_t seed = 1; seed <= 4; ++seed) {
    SCOPED_TRACE(seed);
    StorerBench storer(seed);
    for (const Transfer& transfer : RandomTransfers(storer.bench().random())) {
      storer.Run(transfer, seed % 2 == 0 ? 100 : 50);
      ASSERT_EQ(storer.bench()->done_o, 1);
      ASSERT_EQ(storer.written.size(), transfer.beats);
      for (uint32_t i = 0; i < transfer.beats; ++i) {
        ASSERT_EQ(storer.written[transfer.memory_beat + i], BeatOf(transfer.residual_beat + i));
      }
    }
    EXPECT_EQ(storer.stalls, 0) << "a burst was requested before its data was there";
  }
}

TEST(RowStorerTest, AsksForFullBurstsAndLosesNoCycle) {
  StorerBench storer(1);
  EXPECT_LE(storer.Run({3, 166, 0}, 100), 166 + 16 + 9 + 8);
  EXPECT_EQ(storer.request_lengths,
            (std::vector<uint32_t>{16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 6}));
}

}  // namespace
}  // namespace sta::rtl
