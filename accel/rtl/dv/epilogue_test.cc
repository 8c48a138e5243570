// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <random>
#include <utility>
#include <vector>

#include "Vepilogue_16.h"
#include "Vepilogue_4.h"
#include "Vepilogue_8.h"
#include "accel/arithmetic/gelu.h"
#include "accel/arithmetic/requantize.h"
#include "accel/rtl/dv/epilogue_bench.h"
#include "accel/rtl/dv/epilogue_model.h"
#include "accel/rtl/dv/step.h"
#include "accel/rtl/dv/testbench.h"
#include "gtest/gtest.h"

namespace sta::rtl {
namespace {

template <typename Model, int64_t kTileSize>
struct Array {
  static constexpr int64_t kTile = kTileSize;
  using ModelType = Model;
  using Bench = EpilogueBench<Model, kTileSize>;
};

template <typename ArrayType>
class EpilogueTest : public testing::Test {
 protected:
  using Bench = typename ArrayType::Bench;
  static constexpr int64_t kTile = ArrayType::kTile;

  int64_t Below(int64_t limit) { return static_cast<int64_t>(random_()) % limit; }

  // Of any magnitude that a product of 4,096 inputs has.
  int32_t Sum() {
    constexpr int64_t kLimit = 4096 * 127 * 127;
    const int64_t limit = kLimit >> Below(24);
    return static_cast<int32_t>(Below(2 * limit + 1) - limit);
  }

  // A bias that leaves something of the sum in the value more often than not.
  ChannelParameters RandomChannel() {
    const int64_t bias = arithmetic::kBiasLimit >> Below(30);
    return {.bias = static_cast<int32_t>(Below(2 * bias) - bias),
            .multiplier = static_cast<int16_t>(Below(32768)),
            .shift = static_cast<uint8_t>(Below(4) == 0 ? Below(32) : Below(12)),
            .channel_class = static_cast<uint8_t>(Below(2))};
  }

  EpilogueTile RandomTile(TileKind kind) {
    EpilogueTile tile = {.tile = {.kind = kind,
                                  .address = Below(1 << 27),
                                  .granule_stride = Below(1 << 15),
                                  .lane = Below(16),
                                  .byte_offset = Below(16),
                                  .slot = Below(4),
                                  .key_group = Below(1 << 12),
                                  .valid_keys = Below(32),
                                  .slot_last = Below(2) == 0},
                         .sums = std::vector<int32_t>(kTile * kTile)};
    for (int32_t& sum : tile.sums) sum = Sum();
    return tile;
  }

  void AddBlock(EpilogueInstruction& instruction) {
    instruction.blocks.emplace_back();
    for (int64_t channel = 0; channel < kTile; ++channel) {
      instruction.blocks.back().push_back(RandomChannel());
    }
  }

  EpilogueInstruction Matmul(TileKind kind, bool gelu) {
    EpilogueInstruction instruction;
    if (gelu) {
      instruction.tables.emplace();
      for (auto& table : *instruction.tables) {
        for (int8_t& entry : table) entry = static_cast<int8_t>(Below(255) - 127);
      }
    }
    const int64_t blocks = 1 + Below(3);
    for (int64_t block = 0; block < blocks; ++block) {
      AddBlock(instruction);
      const int64_t groups = 1 + Below(3);
      for (int64_t group = 0; group < groups; ++group) {
        EpilogueTile tile = RandomTile(kind);
        tile.block = static_cast<size_t>(block);
        tile.tile.gelu = gelu;
        tile.tile.block_last = group == groups - 1;
        tile.tile.instruction_last = tile.tile.block_last && block == blocks - 1;
        instruction.tiles.push_back(std::move(tile));
      }
    }
    return instruction;
  }

  // Block flags of its tiles mean nothing, nor do parameters that may lie there.
  EpilogueInstruction Attention() {
    EpilogueInstruction instruction;
    AddBlock(instruction);
    instruction.logits = {.shift = static_cast<int32_t>(Below(4) == 0 ? Below(32) : Below(20)),
                          .multiplier = static_cast<int16_t>(Below(32768))};
    const int64_t tiles = 1 + Below(8);
    for (int64_t i = 0; i < tiles; ++i) {
      instruction.tiles.push_back(
          RandomTile(Below(2) == 0 ? TileKind::kScore : TileKind::kContext));
      instruction.tiles.back().tile.block_last = Below(2) == 0;
    }
    instruction.tiles.back().tile.instruction_last = true;
    return instruction;
  }

  EpilogueInstruction RandomInstruction() {
    switch (Below(6)) {
      case 0:
        return Matmul(TileKind::kKeyValue, false);
      case 1:
        return Matmul(TileKind::kResidual, false);
      case 2:
        return Matmul(TileKind::kActivation, false);
      case 3:
        return Attention();
      default:
        return Matmul(TileKind::kActivation, true);
    }
  }

  std::mt19937 random_;
};

using Arrays =
    testing::Types<Array<Vepilogue_4, 4>, Array<Vepilogue_8, 8>, Array<Vepilogue_16, 16>>;
TYPED_TEST_SUITE(EpilogueTest, Arrays);

TYPED_TEST(EpilogueTest, WritesEveryKindOfTileWhenItIsDue) {
  const EpiloguePressure pressures[] = {{100, 100}, {50, 100}, {100, 5}, {10, 10}};
  for (uint32_t seed = 1; seed <= 12; ++seed) {
    SCOPED_TRACE(seed);
    this->random_.seed(seed);
    typename TestFixture::Bench bench(seed);
    for (int i = 0; i < 12; ++i) bench.Add(this->RandomInstruction());
    bench.Run(pressures[seed % 4]);
    ASSERT_FALSE(this->HasFailure());
  }
}

TYPED_TEST(EpilogueTest, LooksUpEveryCodeInBothTables) {
  // The value of channel 0 is its sum: all codes, and what is clipped to them.
  this->random_.seed(1);
  typename TestFixture::Bench bench(1);
  for (uint8_t channel_class = 0; channel_class < 2; ++channel_class) {
    EpilogueInstruction instruction = this->Matmul(TileKind::kActivation, true);
    const EpilogueTile last = instruction.tiles.back();
    instruction.tiles.clear();
    instruction.blocks = {std::vector<ChannelParameters>(
        TestFixture::kTile,
        {.bias = 0, .multiplier = 16384, .shift = 0, .channel_class = channel_class})};
    int32_t sum = -2 * 140;
    while (sum < 2 * 140) {
      EpilogueTile tile = last;
      tile.block = 0;
      tile.tile.instruction_last = false;
      for (int32_t& each : tile.sums) each = sum += 2;
      instruction.tiles.push_back(tile);
    }
    instruction.tiles.back().tile.instruction_last = true;
    bench.Add(std::move(instruction));
  }
  bench.Run({});
  EXPECT_FALSE(this->HasFailure());
}

TYPED_TEST(EpilogueTest, TakesATileWheneverItsGranulesHaveLeft) {
  this->random_.seed(1);
  typename TestFixture::Bench bench(1);
  EpilogueInstruction instruction = this->Matmul(TileKind::kKeyValue, false);
  EpilogueTile tile = instruction.tiles.front();
  tile.tile.instruction_last = tile.tile.block_last = false;
  constexpr int64_t kTiles = 50;
  instruction.tiles.assign(kTiles, tile);
  instruction.tiles.back().tile.instruction_last = true;
  const uint64_t start = bench.cycles();
  bench.Add(std::move(instruction));
  bench.Run({});
  EXPECT_FALSE(this->HasFailure());
  EXPECT_LE(bench.cycles() - start, kTiles * TestFixture::Bench::kGranules + 10);
}

TYPED_TEST(EpilogueTest, ForgetsTilesAndTablesAtReset) {
  using Model = typename TypeParam::ModelType;
  for (const TileKind kind : {TileKind::kActivation, TileKind::kKeyValue, TileKind::kResidual,
                              TileKind::kScore, TileKind::kContext}) {
    // Reset when the tile is held, and when its first granules are everywhere in the pipeline.
    for (const int cycles : {1, 2, 4, 8}) {
      SCOPED_TRACE(testing::Message() << static_cast<int>(kind) << " " << cycles);
      Testbench<Model> bench(1);
      bench->result_valid_i = 0;
      bench->gelu_write_i = 0;
      bench.Reset();
      SetTile(bench->result_tile_i, {.kind = kind,
                                     .gelu = true,
                                     .block_last = true,
                                     .instruction_last = true,
                                     .slot_last = true});
      bench->result_valid_i = 1;
      bench->gelu_write_i = 1;
      for (int i = 0; i < cycles; ++i) bench.Tick();
      ASSERT_EQ(bench->gelu_loading_o, 1);
      bench->result_valid_i = 0;
      bench->gelu_write_i = 0;
      bench.Reset();
      ASSERT_EQ(bench->result_ready_o, 1);
      ASSERT_EQ(bench->gelu_loading_o, 0);
      for (int i = 0; i < 40; ++i) {
        ASSERT_EQ(bench->activation_valid_o + bench->key_value_valid_o + bench->score_valid_o, 0);
        ASSERT_EQ(bench->residual_read_o + bench->residual_write_o, 0);
        ASSERT_EQ(bench->parameters_release_o + bench->context_done_o, 0);
        ASSERT_EQ(bench->instruction_done_o + bench->gelu_release_o, 0);
        bench.Tick();
      }
    }
  }
}

}  // namespace
}  // namespace sta::rtl
