// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <deque>

#include "Vsta_fifo.h"
#include "accel/rtl/dv/testbench.h"
#include "gtest/gtest.h"

namespace sta::rtl {
namespace {

constexpr size_t kDepth = 4;

TEST(FifoTest, KeepsOrderAndCountUnderRandomBackPressure) {
  for (uint32_t seed = 1; seed <= 8; ++seed) {
    SCOPED_TRACE(seed);
    Testbench<Vsta_fifo> bench(seed);
    bench->write_valid_i = 0;
    bench->read_ready_i = 0;
    bench.Reset();
    std::deque<uint16_t> expected;
    int reads = 0;
    for (int cycle = 0; cycle < 2000; ++cycle) {
      bench->write_valid_i = bench.Chance(50);
      bench->write_data_i = static_cast<uint16_t>(bench.random()());
      bench->read_ready_i = bench.Chance(cycle % 400 < 200 ? 20 : 90);
      bench.Settle();
      ASSERT_EQ(bench->write_ready_o != 0, expected.size() < kDepth);
      ASSERT_EQ(bench->read_valid_o != 0, !expected.empty());
      if (bench->read_valid_o != 0) {
        ASSERT_EQ(bench->read_data_o, expected.front());
      }
      const bool write = bench->write_valid_i != 0 && bench->write_ready_o != 0;
      const bool read = bench->read_valid_o != 0 && bench->read_ready_i != 0;
      if (read) {
        expected.pop_front();
        ++reads;
      }
      if (write) expected.push_back(bench->write_data_i);
      bench.Tick();
    }
    EXPECT_GT(reads, 500);
  }
}

TEST(FifoTest, IsEmptyAfterReset) {
  Testbench<Vsta_fifo> bench(1);
  bench->write_valid_i = 0;
  bench->read_ready_i = 0;
  bench.Reset();
  bench->write_valid_i = 1;
  bench.Tick();
  EXPECT_EQ(bench->read_valid_o, 1);
  bench->write_valid_i = 0;
  bench.Reset();
  EXPECT_EQ(bench->read_valid_o, 0);
  EXPECT_EQ(bench->write_ready_o, 1);
}

}  // namespace
}  // namespace sta::rtl
