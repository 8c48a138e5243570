// SPDX-License-Identifier: Apache-2.0
//
// The buffers on the chip against plain arrays: who writes first, where a granule goes, when it can
// be read, and what is outside.
#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "Vsta_activation_buffer.h"
#include "Vsta_key_value_buffer.h"
#include "Vsta_residual_buffer.h"
#include "accel/rtl/dv/bits.h"
#include "accel/rtl/dv/testbench.h"
#include "gtest/gtest.h"

namespace sta::rtl {
namespace {

// Of all models here.
constexpr int kTile = 8;
constexpr int kLanes = 8;
constexpr int kLaneBytes = 16;
constexpr int kGranuleRows = 2;
constexpr int kGranules = kTile / kGranuleRows;
constexpr int kGranuleValues = kGranuleRows * kTile;
constexpr int kUnits = 12;  // rows, tiles, beats: no power of two

class ActivationBufferTest : public testing::Test {
 protected:
  using Bench = Testbench<Vsta_activation_buffer>;
  using Row = std::array<uint8_t, kTile * kLanes * kLaneBytes>;

  static void Idle(Bench& bench) {
    bench->epilogue_valid_i = 0;
    bench->softmax_valid_i = 0;
    bench->vector_valid_i = 0;
    bench->advance_i = 1;
    bench->read_enable_i = 0;
  }

  static void Fill(Bench& bench) {
    const auto draw = [&](int limit) { return static_cast<uint8_t>(bench.random()() % limit); };
    bench->epilogue_row_i = draw(kUnits);
    bench->softmax_row_i = draw(kUnits);
    bench->vector_row_i = draw(kUnits);
    bench->epilogue_granule_i = draw(kGranules);
    bench->softmax_granule_i = draw(kGranules);
    bench->vector_granule_i = draw(kGranules);
    bench->epilogue_lane_i = draw(kLanes);
    bench->vector_lane_i = draw(kLanes);
    bench->epilogue_byte_i = static_cast<uint8_t>(kTile * draw(kLaneBytes / kTile));
    bench->vector_byte_i = static_cast<uint8_t>(kTile * draw(kLaneBytes / kTile));
    bench->softmax_byte_i = draw(kLaneBytes);
    for (int i = 0; i < kGranuleValues; ++i) {
      const auto at = static_cast<size_t>(8 * i);
      SetBits(bench->epilogue_data_i, at, 8, draw(256));
      SetBits(bench->softmax_data_i, at, 8, draw(256));
      SetBits(bench->vector_data_i, at, 8, draw(256));
    }
  }

  static uint8_t& At(Row& row, int token, int lane, int byte) {
    return row[static_cast<size_t>((token * kLanes + lane) * kLaneBytes + byte)];
  }

  template <typename Data>
  static void PutChannels(Row& row, int granule, int lane, int byte, const Data& data) {
    for (int i = 0; i < kGranuleValues; ++i) {
      At(row, granule * kGranuleRows + i / kTile, lane, byte + i % kTile) =
          static_cast<uint8_t>(GetBits(data, static_cast<size_t>(8 * i), 8));
    }
  }

  static Row Read(Bench& bench, int row) {
    Idle(bench);
    bench->read_enable_i = 1;
    bench->read_row_i = static_cast<uint32_t>(row);
    bench.Tick();
    bench->read_enable_i = 0;
    bench.Tick();
    Row result;
    for (size_t i = 0; i < result.size(); ++i) {
      result[i] = static_cast<uint8_t>(GetBits(bench->read_data_o, 8 * i, 8));
    }
    return result;
  }
};

TEST_F(ActivationBufferTest, TakesTheFirstOfThreeWriters) {
  Bench bench(1);
  Idle(bench);
  bench.Reset();
  std::array<Row, kUnits> rows;
  std::array<Row, kUnits> known = {};  // 1 where something was written
  for (int cycle = 0; cycle < 3000; ++cycle) {
    Fill(bench);
    bench->epilogue_valid_i = bench.Chance(30);
    bench->softmax_valid_i = bench.Chance(40);
    bench->vector_valid_i = bench.Chance(60);
    bench.Settle();
    ASSERT_EQ(bench->softmax_ready_o, bench->epilogue_valid_i == 0);
    ASSERT_EQ(bench->vector_ready_o, bench->epilogue_valid_i == 0 && bench->softmax_valid_i == 0);
    std::array<uint32_t, 4> ones;
    ones.fill(0x01010101);
    const auto put = [&](auto row, auto granule, auto lane, auto byte, const auto& data) {
      PutChannels(rows[row], granule, lane, byte, data);
      PutChannels(known[row], granule, lane, byte, ones);
    };
    if (bench->epilogue_valid_i != 0) {
      put(bench->epilogue_row_i, bench->epilogue_granule_i, bench->epilogue_lane_i,
          bench->epilogue_byte_i, bench->epilogue_data_i);
    } else if (bench->softmax_valid_i != 0) {
      for (int i = 0; i < kGranuleValues; ++i) {
        const int token = bench->softmax_granule_i * kGranuleRows + i / kTile;
        const uint32_t row = bench->softmax_row_i;
        At(rows[row], token, i % kTile, bench->softmax_byte_i) =
            static_cast<uint8_t>(GetBits(bench->softmax_data_i, static_cast<size_t>(8 * i), 8));
        At(known[row], token, i % kTile, bench->softmax_byte_i) = 1;
      }
    } else if (bench->vector_valid_i != 0) {
      put(bench->vector_row_i, bench->vector_granule_i, bench->vector_lane_i, bench->vector_byte_i,
          bench->vector_data_i);
    }
    bench.Tick();
    ASSERT_EQ(bench->range_error_o, 0);
  }
  Idle(bench);
  bench.Tick();
  size_t compared = 0;
  for (int row = 0; row < kUnits; ++row) {
    const Row read = Read(bench, row);
    for (size_t i = 0; i < read.size(); ++i) {
      if (known[static_cast<size_t>(row)][i] == 0) continue;
      ASSERT_EQ(read[i], rows[static_cast<size_t>(row)][i]) << "row " << row << " byte " << i;
      ++compared;
    }
  }
  EXPECT_GT(compared, 10000U);
}

TEST_F(ActivationBufferTest, HoldsWhatWasReadUntilItAdvances) {
  Bench bench(2);
  Idle(bench);
  bench.Reset();
  const Row first = Read(bench, 3);
  bench->read_enable_i = 1;
  bench->read_row_i = 4;
  bench->advance_i = 0;
  for (int i = 0; i < 3; ++i) bench.Tick();
  Idle(bench);
  bench.Tick();
  for (size_t i = 0; i < first.size(); ++i) {
    ASSERT_EQ(GetBits(bench->read_data_o, 8 * i, 8), first[i]);
  }
}

TEST_F(ActivationBufferTest, RefusesRowsThatItDoesNotHave) {
  Bench bench(3);
  Idle(bench);
  bench.Reset();
  for (const uint32_t row :
       {kUnits - 1, kUnits, kUnits + 1, kUnits + 2, kUnits + 4, 16, 28, 1 << 27}) {
    SCOPED_TRACE(row);
    const int expected = row >= kUnits ? 1 : 0;
    Fill(bench);
    Idle(bench);
    bench->epilogue_valid_i = 1;
    bench->epilogue_row_i = row;
    bench.Tick();
    EXPECT_EQ(bench->range_error_o, expected);
    Idle(bench);
    bench->softmax_valid_i = 1;
    bench->softmax_row_i = row;
    bench.Tick();
    EXPECT_EQ(bench->range_error_o, expected);
    Idle(bench);
    bench->vector_valid_i = 1;
    bench->vector_row_i = row;
    bench.Tick();
    EXPECT_EQ(bench->range_error_o, expected);
    Idle(bench);
    bench->read_enable_i = 1;
    bench->read_row_i = row;
    bench.Tick();
    EXPECT_EQ(bench->range_error_o, expected);
    bench->advance_i = 0;
    bench.Tick();
    EXPECT_EQ(bench->range_error_o, 0);
  }
}

TEST(KeyValueBufferTest, KeepsTilesAndRefusesThoseThatItDoesNotHave) {
  Testbench<Vsta_key_value_buffer> bench(4);
  bench->write_valid_i = 0;
  bench->advance_i = 1;
  bench->read_enable_i = 0;
  bench.Reset();
  std::array<std::array<uint8_t, kTile * kTile>, kUnits> tiles;
  for (int tile = 0; tile < kUnits; ++tile) {
    for (int granule = 0; granule < kGranules; ++granule) {
      bench->write_valid_i = 1;
      bench->write_tile_i = static_cast<uint32_t>(tile);
      bench->write_granule_i = static_cast<uint8_t>(granule);
      for (int i = 0; i < kGranuleValues; ++i) {
        const auto value = static_cast<uint8_t>(bench.random()());
        SetBits(bench->write_data_i, static_cast<size_t>(8 * i), 8, value);
        tiles[static_cast<size_t>(tile)][static_cast<size_t>(granule * kGranuleValues + i)] = value;
      }
      bench.Tick();
      EXPECT_EQ(bench->range_error_o, 0);
    }
  }
  bench->write_valid_i = 0;
  bench.Tick();
  for (int tile = 0; tile < kUnits; ++tile) {
    bench->read_enable_i = 1;
    bench->read_tile_i = static_cast<uint32_t>(tile);
    bench.Tick();
    bench->read_enable_i = 0;
    bench.Tick();
    for (size_t i = 0; i < kTile * kTile; ++i) {
      ASSERT_EQ(GetBits(bench->read_data_o, 8 * i, 8), tiles[static_cast<size_t>(tile)][i]);
    }
  }
  for (const uint32_t tile : {kUnits - 1, kUnits, kUnits + 1, kUnits + 2, 16, 28, 1 << 27}) {
    SCOPED_TRACE(tile);
    bench->write_valid_i = 1;
    bench->write_tile_i = tile;
    bench.Tick();
    EXPECT_EQ(bench->range_error_o, tile >= kUnits ? 1 : 0);
    bench->write_valid_i = 0;
    bench->read_enable_i = 1;
    bench->read_tile_i = tile;
    bench.Tick();
    EXPECT_EQ(bench->range_error_o, tile >= kUnits ? 1 : 0);
    bench->advance_i = 0;
    bench.Tick();
    EXPECT_EQ(bench->range_error_o, 0);
    bench->advance_i = 1;
    bench->read_enable_i = 0;
  }
}

class ResidualBufferTest : public testing::Test {
 protected:
  static constexpr int kBeatGranules = 2;
  static constexpr int kValues = kBeatGranules * kGranuleValues;  // int16 of a beat
  using Bench = Testbench<Vsta_residual_buffer>;

  static void Idle(Bench& bench) {
    bench->epilogue_read_i = 0;
    bench->vector_read_valid_i = 0;
    bench->storer_read_valid_i = 0;
    bench->epilogue_write_i = 0;
    bench->vector_write_valid_i = 0;
    bench->loader_write_valid_i = 0;
  }
};

TEST_F(ResidualBufferTest, ServesReadersAndWritersInTheirOrder) {
  Bench bench(5);
  Idle(bench);
  bench.Reset();
  std::vector<uint16_t> memory(kUnits * kValues);
  // Loads fill it, then everybody writes and reads at random.
  for (int beat = 0; beat < kUnits; ++beat) {
    bench->loader_write_valid_i = 1;
    bench->loader_write_beat_i = static_cast<uint32_t>(beat);
    for (int i = 0; i < kValues; ++i) {
      const auto value = static_cast<uint16_t>(bench.random()());
      SetBits(bench->loader_data_i, static_cast<size_t>(16 * i), 16, value);
      memory[static_cast<size_t>(beat * kValues + i)] = value;
    }
    bench.Tick();
  }
  Idle(bench);
  bench.Tick();

  struct Answer {
    int kind = 0;  // 1 epilogue, 2 vector, 3 storer
    std::vector<uint16_t> values;
  };
  Answer asked;
  Answer due;
  std::array<int, 2> written = {-1, -1};  // beats written in the two cycles before
  for (int cycle = 0; cycle < 4000; ++cycle) {
    const auto beat = [&] { return static_cast<int>(bench.random()() % kUnits); };
    bench->epilogue_read_i = bench.Chance(30);
    bench->vector_read_valid_i = bench.Chance(50);
    bench->storer_read_valid_i = bench.Chance(70);
    bench->epilogue_write_i = bench.Chance(30);
    bench->vector_write_valid_i = bench.Chance(50);
    bench->loader_write_valid_i = bench.Chance(70);
    const auto granule = [&] { return static_cast<uint32_t>(bench.random()() % (kUnits * 2)); };
    bench->epilogue_read_granule_i = granule();
    bench->vector_read_granule_i = granule();
    bench->storer_read_beat_i = static_cast<uint32_t>(beat());
    bench->epilogue_write_granule_i = granule();
    bench->vector_write_granule_i = granule();
    bench->loader_write_beat_i = static_cast<uint32_t>(beat());
    for (int i = 0; i < kValues; ++i) {
      const auto at = static_cast<size_t>(16 * i);
      SetBits(bench->loader_data_i, at, 16, bench.random()());
      if (i >= kGranuleValues) continue;
      SetBits(bench->epilogue_data_i, at, 16, bench.random()());
      SetBits(bench->vector_data_i, at, 16, bench.random()());
    }
    bench.Settle();
    ASSERT_EQ(bench->vector_read_ready_o, bench->epilogue_read_i == 0);
    ASSERT_EQ(bench->storer_read_ready_o,
              bench->epilogue_read_i == 0 && bench->vector_read_valid_i == 0);
    ASSERT_EQ(bench->vector_write_ready_o, bench->epilogue_write_i == 0);
    ASSERT_EQ(bench->loader_write_ready_o,
              bench->epilogue_write_i == 0 && bench->vector_write_valid_i == 0);

    // What is accepted: a read that meets a write of the last two cycles may see either word.
    due = asked;
    asked = {};
    int first = 0;
    int count = kGranuleValues;
    if (bench->epilogue_read_i != 0) {
      asked.kind = 1;
      first = static_cast<int>(bench->epilogue_read_granule_i) * kGranuleValues;
    } else if (bench->vector_read_valid_i != 0) {
      asked.kind = 2;
      first = static_cast<int>(bench->vector_read_granule_i) * kGranuleValues;
    } else if (bench->storer_read_valid_i != 0) {
      asked.kind = 3;
      first = static_cast<int>(bench->storer_read_beat_i) * kValues;
      count = kValues;
    }
    if (asked.kind != 0 &&
        std::find(written.begin(), written.end(), first / kValues) == written.end()) {
      asked.values.assign(memory.begin() + first, memory.begin() + first + count);
    }
    written[1] = written[0];
    written[0] = -1;
    const auto put = [&](int from, int values, const auto& data) {
      for (int i = 0; i < values; ++i) {
        memory[static_cast<size_t>(from + i)] =
            static_cast<uint16_t>(GetBits(data, static_cast<size_t>(16 * i), 16));
      }
      written[0] = from / kValues;
    };
    if (bench->epilogue_write_i != 0) {
      put(static_cast<int>(bench->epilogue_write_granule_i) * kGranuleValues, kGranuleValues,
          bench->epilogue_data_i);
    } else if (bench->vector_write_valid_i != 0) {
      put(static_cast<int>(bench->vector_write_granule_i) * kGranuleValues, kGranuleValues,
          bench->vector_data_i);
    } else if (bench->loader_write_valid_i != 0) {
      put(static_cast<int>(bench->loader_write_beat_i) * kValues, kValues, bench->loader_data_i);
    }
    // A write of the very cycle may be seen or not, too.
    if (asked.kind != 0 && written[0] == first / kValues) asked.values.clear();
    bench.Tick();
    ASSERT_EQ(bench->range_error_o, 0);
    ASSERT_EQ(bench->vector_data_valid_o, due.kind == 2);
    ASSERT_EQ(bench->storer_data_valid_o, due.kind == 3);
    for (size_t i = 0; i < due.values.size(); ++i) {
      const uint64_t value = due.kind == 3 ? GetBits(bench->beat_o, 16 * i, 16)
                                           : GetBits(bench->granule_o, 16 * i, 16);
      ASSERT_EQ(value, due.values[i]) << "reader " << due.kind << " value " << i;
    }
  }
}

TEST_F(ResidualBufferTest, RefusesWhatItDoesNotHave) {
  Bench bench(6);
  Idle(bench);
  bench.Reset();
  for (const uint32_t beat : {kUnits - 1, kUnits, kUnits + 1, kUnits + 2, 16, 28, 1 << 26}) {
    SCOPED_TRACE(beat);
    const int expected = beat >= kUnits ? 1 : 0;
    const auto expect = [&] {
      bench.Tick();
      EXPECT_EQ(bench->range_error_o, expected);
      Idle(bench);
    };
    bench->epilogue_read_i = 1;
    bench->epilogue_read_granule_i = 2 * beat + 1;
    expect();
    bench->vector_read_valid_i = 1;
    bench->vector_read_granule_i = 2 * beat;
    expect();
    bench->storer_read_valid_i = 1;
    bench->storer_read_beat_i = beat;
    expect();
    bench->epilogue_write_i = 1;
    bench->epilogue_write_granule_i = 2 * beat;
    expect();
    bench->vector_write_valid_i = 1;
    bench->vector_write_granule_i = 2 * beat + 1;
    expect();
    bench->loader_write_valid_i = 1;
    bench->loader_write_beat_i = beat;
    expect();
  }
}

}  // namespace
}  // namespace sta::rtl
