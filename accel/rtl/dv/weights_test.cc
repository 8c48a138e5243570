// SPDX-License-Identifier: Apache-2.0
//
// Weight loader and weight buffer together: everything that the engine reads from the rings, the
// queue of parameters and the GELU tables against the stream in memory (doc/instruction-set.md),
// with a reader of random latency and an engine and an epilogue that take their time.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "Vweight_buffer_16x8.h"
#include "Vweight_buffer_4x4.h"
#include "Vweight_buffer_8x8.h"
#include "Vweight_loader_16x8.h"
#include "Vweight_loader_4x4.h"
#include "Vweight_loader_8x8.h"
#include "accel/program/card/card_config.h"
#include "accel/program/card/constants_layout.h"
#include "accel/program/card/instruction.h"
#include "accel/rtl/dv/bits.h"
#include "accel/rtl/dv/instruction_port.h"
#include "accel/rtl/dv/reader_stub.h"
#include "accel/rtl/dv/ring_position.h"
#include "accel/rtl/dv/testbench.h"
#include "gtest/gtest.h"

namespace sta::rtl {
namespace {

using card::MatmulInstruction;

template <typename Loader, typename Buffer, int64_t kTile, int64_t kLanes>
struct Array {
  using LoaderBench = Testbench<Loader>;
  using BufferBench = Testbench<Buffer>;
  static card::CardConfig Config() { return {.tile = kTile, .lanes = kLanes}; }
};

// True if the port holds `count` bytes of memory from `bytes` on.
template <typename Port>
bool Holds(const Port& port, const uint8_t* bytes, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    if (GetBits(port, 8 * i, 8) != bytes[i]) return false;
  }
  return true;
}

// Streams one after the other, with a gap now and then, in a program image of random bytes.
std::vector<uint8_t> Place(std::vector<MatmulInstruction>& matmuls, const card::CardConfig& config,
                           std::mt19937& random) {
  int64_t beat = 0;
  for (MatmulInstruction& matmul : matmuls) {
    beat += random() % 2 == 0 ? 0 : random() % 40;
    matmul.weight_beat = beat;
    beat += card::WeightStreamBeats(matmul, config);
  }
  std::vector<uint8_t> image(static_cast<size_t>(beat * card::kBeatBytes));
  std::ranges::generate(image, [&] { return static_cast<uint8_t>(random()); });
  return image;
}

struct Pace {
  ReaderStub::Options reader;
  int instruction_percent = 100;
  bool read = true;           // without, the engine gives blocks back as soon as they come
  int passes = 1;             // token groups: how often a block is read
  int advance_percent = 100;  // of the engine
  int epilogue_percent = 100;
};

template <typename ArrayType>
class WeightPath {
 public:
  WeightPath(std::vector<MatmulInstruction> matmuls, const Pace& pace, uint32_t seed)
      : loader_(seed),
        buffer_(seed + 1),
        matmuls_(std::move(matmuls)),
        image_(Place(matmuls_, config_, loader_.random())),
        pace_(pace),
        reader_(image_, pace.reader, seed + 2) {
    for (size_t i = 0; i < matmuls_.size(); ++i) {
      for (int64_t block = 0; block < matmuls_[i].channel_blocks; ++block) {
        to_read_.push_back({i, block});
      }
    }
    loader_->instruction_valid_i = 0;
    loader_->request_ready_i = 0;
    loader_->response_valid_i = 0;
    loader_->block_release_i = 0;
    loader_->parameters_release_i = 0;
    loader_->gelu_release_i = 0;
    loader_.Reset();
    buffer_->value_write_i = 0;
    buffer_->index_write_i = 0;
    buffer_->parameters_write_i = 0;
    buffer_->parameters_release_i = 0;
    buffer_->advance_i = 0;
    buffer_->read_enable_i = 0;
    buffer_.Reset();
  }

  ReaderStub& reader() { return reader_; }
  bool done() const { return to_read_.empty() && to_finish_.empty(); }
  int64_t beats() const {
    int64_t beats = 0;
    for (const MatmulInstruction& matmul : matmuls_) {
      beats += card::WeightStreamBeats(matmul, config_);
    }
    return beats;
  }

  // The engine takes nothing while `engine` is false. False if something was wrong.
  bool Cycle(bool engine = true) {
    DriveInstruction();
    reader_.Drive(*loader_.operator->());
    DriveEngine(engine);
    DriveEpilogue();
    loader_.Settle();
    reader_.Watch(*loader_.operator->());
    if (loader_->instruction_valid_i != 0 && loader_->instruction_ready_o != 0) ++next_matmul_;
    Connect();
    loader_.Tick();
    buffer_.Tick();
    CheckRead();
    return !testing::Test::HasFailure();
  }

  // Runs to the end; the cycles that it took.
  uint64_t Run() {
    const uint64_t begin = loader_.cycles();
    while (!done() && Cycle()) {
      if (loader_.cycles() - begin > 1'000'000) {
        ADD_FAILURE() << "stands still";
        break;
      }
    }
    return loader_.cycles() - begin;
  }

 private:
  struct Block {
    size_t matmul = 0;
    int64_t number = 0;
  };

  const MatmulInstruction& MatmulOf(const Block& block) const { return matmuls_[block.matmul]; }
  bool IsLast(const Block& block) const {
    return block.number == MatmulOf(block).channel_blocks - 1;
  }
  const uint8_t* At(int64_t beat) const {
    return &image_[static_cast<size_t>(beat * card::kBeatBytes)];
  }
  int64_t BeatOf(const Block& block) const {
    const card::WeightBeats beats = card::WeightBeatsOf(MatmulOf(block), config_);
    return MatmulOf(block).weight_beat + beats.tables + block.number * beats.block();
  }

  void DriveInstruction() {
    const bool valid = next_matmul_ < matmuls_.size() && loader_.Chance(pace_.instruction_percent);
    loader_->instruction_valid_i = valid;
    if (valid) {
      SetInstruction(loader_->instruction_i, {.operation = matmuls_[next_matmul_]}, config_);
    }
  }

  // Reads the words of a block `passes` times and releases it with the last one.
  void DriveEngine(bool engine) {
    loader_->block_release_i = 0;
    buffer_->advance_i = engine && loader_.Chance(pace_.advance_percent);
    // A step that is not taken is no read.
    buffer_->read_enable_i = buffer_->advance_i == 0;
    buffer_->weight_address_i =
        static_cast<uint32_t>(loader_.random()() % RingPosition::kRingWords);
    buffer_->index_address_i = static_cast<uint32_t>(loader_.random()() % RingPosition::kRingWords);
    if (loader_->block_ready_o == 0 || buffer_->advance_i == 0) return;
    if (to_read_.empty()) {
      ADD_FAILURE() << "has a block too many";
      return;
    }
    const Block& block = to_read_.front();
    const int64_t words = MatmulOf(block).windows * MatmulOf(block).steps;
    if (pace_.read) {
      buffer_->read_enable_i = 1;
      buffer_->weight_address_i = static_cast<uint32_t>(ring_.ValueWord(word_ % words));
      buffer_->index_address_i = static_cast<uint32_t>(ring_.IndexWord(word_ % words));
      reading_ = {.block = block, .word = word_ % words, .valid = true};
      if (++word_ < words * pace_.passes) return;
    }
    word_ = 0;
    ring_.PassBlock(MatmulOf(block));
    loader_->block_release_i = 1;
    to_finish_.push_back(block);
    to_read_.pop_front();
  }

  // Looks at the parameters, and with the last block at the tables, and gives them back.
  void DriveEpilogue() {
    loader_->parameters_release_i = 0;
    loader_->gelu_release_i = 0;
    const size_t ready = to_finish_.size() - loader_->block_release_i;
    if (ready > 0 && loader_.Chance(pace_.epilogue_percent)) {
      const Block block = to_finish_.front();
      to_finish_.pop_front();
      EXPECT_TRUE(Holds(buffer_->parameters_o, At(BeatOf(block)),
                        static_cast<size_t>(config_.tile * card::kChannelParameterBytes)))
          << "parameters of block " << block.number << " of " << block.matmul;
      loader_->parameters_release_i = 1;
      if (MatmulOf(block).gelu && IsLast(block)) {
        const uint8_t* tables = At(MatmulOf(block).weight_beat);
        EXPECT_TRUE(std::equal(tables, tables + card::kGeluTableBytes, gelu_[gelu_set_].begin()))
            << "tables of " << block.matmul;
        gelu_set_ ^= 1;
        loader_->gelu_release_i = 1;
      }
    }
    buffer_->parameters_release_i = loader_->parameters_release_i;
  }

  // The loader's writes into the buffer and into the tables.
  void Connect() {
    buffer_->write_data_i = loader_->write_data_o;
    buffer_->value_write_i = loader_->value_write_o;
    buffer_->value_beat_i = loader_->value_beat_o;
    buffer_->index_write_i = loader_->index_write_o;
    buffer_->index_beat_i = loader_->index_beat_o;
    buffer_->parameters_write_i = loader_->parameters_write_o;
    buffer_->parameters_last_i = loader_->parameters_last_o;
    EXPECT_EQ(loader_->value_write_o + loader_->index_write_o + loader_->parameters_write_o +
                  loader_->gelu_write_o,
              loader_->response_valid_i);
    if (loader_->gelu_write_o == 0) return;
    for (size_t i = 0; i < card::kBeatBytes; ++i) {
      gelu_[loader_->gelu_write_set_o][loader_->gelu_write_beat_o * card::kBeatBytes + i] =
          static_cast<uint8_t>(GetBits(loader_->write_data_o, 8 * i, 8));
    }
  }

  // A word is there after the second advancing cycle and stays until the next one's.
  void CheckRead() {
    if (buffer_->advance_i != 0) {
      there_ = fetched_;
      fetched_ = reading_;
    }
    if (!there_.valid) return;
    const card::WeightBeats beats = card::WeightBeatsOf(MatmulOf(there_.block), config_);
    const int64_t values = BeatOf(there_.block) + beats.parameters;
    const int64_t word_bytes = config_.tile * config_.lanes;
    EXPECT_TRUE(Holds(buffer_->ring_values_o, At(values) + there_.word * word_bytes,
                      static_cast<size_t>(word_bytes)))
        << "values of word " << there_.word << " of block " << there_.block.number << " of "
        << there_.block.matmul;
    if (!MatmulOf(there_.block).indexed) return;
    EXPECT_TRUE(Holds(buffer_->ring_indices_o,
                      At(values + beats.values) + there_.word * word_bytes / 2,
                      static_cast<size_t>(word_bytes / 2)))
        << "indices of word " << there_.word << " of block " << there_.block.number << " of "
        << there_.block.matmul;
  }

  struct Read {
    Block block;
    int64_t word = 0;
    bool valid = false;
  };

  const card::CardConfig config_ = ArrayType::Config();
  typename ArrayType::LoaderBench loader_;
  typename ArrayType::BufferBench buffer_;
  std::vector<MatmulInstruction> matmuls_;
  std::vector<uint8_t> image_;
  Pace pace_;
  ReaderStub reader_;

  size_t next_matmul_ = 0;
  std::deque<Block> to_read_;
  std::deque<Block> to_finish_;
  RingPosition ring_{config_};
  int64_t word_ = 0;
  Read reading_, fetched_, there_;
  std::array<std::array<uint8_t, card::kGeluTableBytes>, 2> gelu_ = {};
  size_t gelu_set_ = 0;
};

template <typename ArrayType>
class WeightsTest : public testing::Test {
 protected:
  static MatmulInstruction RandomMatmul(std::mt19937& random) {
    const auto below = [&](int64_t limit) { return static_cast<int64_t>(random()) % limit; };
    MatmulInstruction matmul = {.gelu = below(3) == 0, .indexed = below(2) == 0};
    const bool large = below(6) == 0;
    matmul.steps = 1 + below(16);
    matmul.windows = 1 + below(large ? card::kMaxStepWords / matmul.steps : 3);
    matmul.channel_blocks = 1 + below(large ? 4 : 20);
    return matmul;
  }

  static std::vector<MatmulInstruction> RandomMatmuls(size_t count, uint32_t seed) {
    std::mt19937 random(seed);
    std::vector<MatmulInstruction> matmuls(count);
    std::ranges::generate(matmuls, [&] { return RandomMatmul(random); });
    return matmuls;
  }
};

using Arrays = testing::Types<Array<Vweight_loader_4x4, Vweight_buffer_4x4, 4, 4>,
                              Array<Vweight_loader_8x8, Vweight_buffer_8x8, 8, 8>,
                              Array<Vweight_loader_16x8, Vweight_buffer_16x8, 16, 8>>;
TYPED_TEST_SUITE(WeightsTest, Arrays);

TYPED_TEST(WeightsTest, GivesTheEngineWhatTheStreamsHoldAtAnyPace) {
  for (uint32_t seed = 1; seed <= 6; ++seed) {
    SCOPED_TRACE(seed);
    const bool slow_memory = seed % 2 == 0;
    const Pace pace = {.reader = {.latency = slow_memory ? 100U : 3U,
                                  .random_latency = slow_memory ? 100U : 5U,
                                  .request_percent = seed % 3 == 0 ? 100 : 40,
                                  .response_percent = slow_memory ? 50 : 100},
                       .instruction_percent = seed % 3 == 0 ? 5 : 100,
                       .passes = seed < 3 ? 2 : 1,
                       .advance_percent = slow_memory ? 100 : 50,
                       .epilogue_percent = seed < 5 ? 10 : 100};
    WeightPath<TypeParam> path(this->RandomMatmuls(15, seed), pace, seed);
    path.Run();
    ASSERT_FALSE(this->HasFailure());
    // Nothing is asked for that is not needed.
    EXPECT_EQ(path.reader().beats_in_flight(), 0U);
  }
}

TYPED_TEST(WeightsTest, TakesTheLargestAndTheSmallestBlocks) {
  std::vector<MatmulInstruction> matmuls;
  for (const bool indexed : {false, true}) {
    matmuls.push_back({.indexed = indexed, .windows = 512, .steps = 1, .channel_blocks = 5});
    matmuls.push_back({.gelu = true, .indexed = indexed, .windows = 32, .steps = 16});
    matmuls.push_back({.indexed = indexed, .channel_blocks = 200});
    for (int i = 0; i < 8; ++i) matmuls.push_back({.gelu = true, .indexed = indexed});
  }
  WeightPath<TypeParam> path(matmuls, {.epilogue_percent = 50}, 1);
  path.Run();
}

TYPED_TEST(WeightsTest, KeepsTheMemoryBusyEveryCycle) {
  constexpr uint64_t kLatency = 150;
  const std::vector<std::vector<MatmulInstruction>> cases = {
      {{.indexed = true, .windows = 6, .steps = 4, .channel_blocks = 100}},
      {{.windows = 6, .steps = 16, .channel_blocks = 50}},
      {{.indexed = true, .windows = 32, .steps = 16, .channel_blocks = 12}},
      {{.gelu = true, .indexed = true, .windows = 3, .steps = 4, .channel_blocks = 40},
       {.indexed = true, .windows = 2, .steps = 8, .channel_blocks = 30},
       {.gelu = true, .indexed = true, .windows = 7, .steps = 2, .channel_blocks = 50},
       {.windows = 9, .steps = 3, .channel_blocks = 60}}};
  for (const std::vector<MatmulInstruction>& matmuls : cases) {
    WeightPath<TypeParam> path(matmuls, {.reader = {.latency = kLatency}, .read = false}, 1);
    const auto beats = static_cast<uint64_t>(path.beats());
    // Besides: the first burst is put together, and the first instruction on its way.
    EXPECT_LE(path.Run(), beats + kLatency + 16 + 6);
    // Bursts as long as their boundaries allow.
    EXPECT_LE(path.reader().requests(), beats / 16 + 2 * matmuls.size());
  }
}

TYPED_TEST(WeightsTest, RunsAheadOverSeveralMatmulsWhileTheEngineStands) {
  WeightPath<TypeParam> path(
      std::vector<MatmulInstruction>(6, {.indexed = true, .windows = 3, .steps = 2}),
      {.reader = {.latency = 20}}, 1);
  for (int cycle = 0; cycle < 400; ++cycle) ASSERT_TRUE(path.Cycle(false));
  const size_t requests = path.reader().requests();
  EXPECT_GE(requests, 6U);
  EXPECT_EQ(path.reader().beats_in_flight(), 0U);
  path.Run();
  EXPECT_EQ(path.reader().requests(), requests);
}

}  // namespace
}  // namespace sta::rtl
