// SPDX-License-Identifier: Apache-2.0
//
// The dispatcher against card::DecodeInstruction and a count of the instructions of each unit:
// every error case and thousands of random instruction words, under random readiness.
#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "Vdispatcher_16.h"
#include "Vdispatcher_4.h"
#include "Vdispatcher_8.h"
#include "accel/program/card/card_config.h"
#include "accel/program/card/card_error.h"
#include "accel/program/card/instruction.h"
#include "accel/rtl/dv/bits.h"
#include "accel/rtl/dv/instruction_port.h"
#include "accel/rtl/dv/random_instruction.h"
#include "accel/rtl/dv/testbench.h"
#include "gtest/gtest.h"

namespace sta::rtl {
namespace {

using card::AttentionInstruction;
using card::CardError;
using card::CardInstruction;
using card::InstructionWords;
using card::MatmulDestination;
using card::MatmulInstruction;
using card::TransferInstruction;
using card::Unit;
using card::VectorInstruction;
using Stream = std::vector<InstructionWords>;

// Every array has its own limits: a row of the vector unit, a sequence.
template <typename Model, int64_t kTile>
struct Array {
  using Bench = Testbench<Model>;
  static card::CardConfig Config() {
    return {.tile = kTile, .max_sequence_tokens = 384, .max_channels = 3072};
  }
};

// How a stream ends.
struct Outcome {
  bool end = false;
  CardError error = CardError::kNone;
  uint32_t number = 0;

  friend bool operator==(const Outcome&, const Outcome&) = default;
};

std::ostream& operator<<(std::ostream& out, const Outcome& outcome) {
  return out << (outcome.end ? "END" : card::CardErrorName(outcome.error)) << " at "
             << outcome.number;
}

template <typename ArrayType>
class DispatcherTest : public testing::Test {
 protected:
  using Bench = typename ArrayType::Bench;

  static InstructionWords Encode(const CardInstruction& instruction) {
    const auto words = card::EncodeInstruction(instruction, ArrayType::Config());
    EXPECT_TRUE(words.ok()) << words.status();
    return words.value_or(InstructionWords{});
  }

  static InstructionWords End() { return Encode({}); }

  // What the document says of a stream: which of its instructions are dispatched, and how it ends.
  static Outcome Judge(const Stream& stream, std::array<uint32_t, card::kUnitCount>& dispatched) {
    dispatched = {};
    for (uint32_t number = 0; number < stream.size(); ++number) {
      const auto instruction = card::DecodeInstruction(stream[number], ArrayType::Config());
      if (!instruction.ok())
        return {.error = card::CardErrorOf(instruction.status()), .number = number};
      for (size_t unit = 0; unit < card::kUnitCount; ++unit) {
        if (instruction->waits[unit] > dispatched[unit]) {
          return {.error = CardError::kDependency, .number = number};
        }
      }
      const std::optional<Unit> unit = instruction->unit();
      if (!unit.has_value()) return {.end = true, .number = number};
      ++dispatched[static_cast<size_t>(*unit)];
    }
    return {.error = CardError::kTruncated, .number = static_cast<uint32_t>(stream.size())};
  }

  static void Start(Bench& bench, size_t instructions) {
    bench->start_i = 0;
    bench->halt_i = 0;
    bench->instruction_valid_i = 0;
    bench->unit_ready_i = 0;
    bench->weights_ready_i = 0;
    bench->parameters_ready_i = 0;
    bench.Reset();
    bench->instruction_count_i = static_cast<uint16_t>(instructions);
    bench->start_i = 1;
    bench.Tick();
    bench->start_i = 0;
  }

  // One cycle with queues that have room in `readiness` percent of cycles. True if the instruction
  // `words` was taken; checks where it went.
  static bool Cycle(Bench& bench, const InstructionWords* words, int readiness) {
    bench->instruction_valid_i = words != nullptr && bench.Chance(readiness);
    if (words != nullptr) SetWords(bench->instruction_i, *words);
    bench->unit_ready_i = 0;
    for (size_t unit = 0; unit < card::kUnitCount; ++unit) {
      SetBits(bench->unit_ready_i, unit, 1, bench.Chance(readiness) ? 1 : 0);
    }
    bench->weights_ready_i = bench.Chance(readiness);
    bench->parameters_ready_i = bench.Chance(readiness);
    bench.Settle();
    const bool taken = bench->instruction_ready_o != 0;
    if (!taken) {
      EXPECT_EQ(bench->unit_valid_o, 0);
      EXPECT_EQ(bench->weights_valid_o, 0);
      EXPECT_EQ(bench->parameters_valid_o, 0);
    } else if (words == nullptr) {
      ADD_FAILURE() << "took an instruction beyond the last";
    } else {
      CheckDestinations(bench, *words);
    }
    bench.Tick();
    return taken;
  }

  static void CheckDestinations(Bench& bench, const InstructionWords& words) {
    EXPECT_EQ(GetWords(bench->instruction_o), words);
    const auto instruction = card::DecodeInstruction(words, ArrayType::Config());
    ASSERT_TRUE(instruction.ok()) << instruction.status();
    const std::optional<Unit> unit = instruction->unit();
    EXPECT_EQ(bench->unit_valid_o, unit.has_value() ? 1 << static_cast<int>(*unit) : 0);
    EXPECT_EQ(bench->weights_valid_o, instruction->opcode() == card::CardOpcode::kMatmul);
    EXPECT_EQ(bench->parameters_valid_o, instruction->opcode() == card::CardOpcode::kVector);
    EXPECT_EQ(bench->unit_valid_o & ~bench->unit_ready_i, 0);
    EXPECT_LE(bench->weights_valid_o, bench->weights_ready_i);
    EXPECT_LE(bench->parameters_valid_o, bench->parameters_ready_i);
  }

  static Outcome Seen(Bench& bench) {
    return {.end = bench->end_o != 0,
            .error = bench->error_valid_o != 0 ? static_cast<CardError>(bench->error_code_o)
                                               : CardError::kNone,
            .number = bench->instruction_number_o};
  }

  // Runs `stream` and checks that it goes and ends as the document says; the outcome.
  static Outcome Run(Bench& bench, const Stream& stream, int readiness = 100) {
    std::array<uint32_t, card::kUnitCount> dispatched = {};
    const Outcome expected = Judge(stream, dispatched);
    Start(bench, stream.size());
    size_t next = 0;
    while (bench->end_o == 0 && bench->error_valid_o == 0) {
      EXPECT_EQ(bench->instruction_number_o, next);
      if (Cycle(bench, next < stream.size() ? &stream[next] : nullptr, readiness)) ++next;
      if (testing::Test::HasFailure()) break;
    }
    EXPECT_EQ(Seen(bench), expected);
    EXPECT_EQ(next, expected.number + (expected.end ? 1 : 0));
    for (size_t unit = 0; unit < card::kUnitCount; ++unit) {
      EXPECT_EQ(GetBits(bench->dispatched_o, unit * 16, 16), dispatched[unit]);
    }
    CheckStopped(bench, stream.back(), expected);
    return expected;
  }

  // Takes nothing more, and says the same for ever.
  static void CheckStopped(Bench& bench, const InstructionWords& words, const Outcome& expected) {
    for (int cycle = 0; cycle < 5; ++cycle) {
      EXPECT_FALSE(Cycle(bench, &words, 100));
      EXPECT_EQ(Seen(bench), expected);
    }
  }
};

using Arrays =
    testing::Types<Array<Vdispatcher_4, 4>, Array<Vdispatcher_8, 8>, Array<Vdispatcher_16, 16>>;
TYPED_TEST_SUITE(DispatcherTest, Arrays);

TYPED_TEST(DispatcherTest, HandsEveryInstructionToItsUnit) {
  typename TestFixture::Bench bench(1);
  const Outcome outcome = this->Run(
      bench, {this->Encode({.operation = TransferInstruction{}}),
              this->Encode({.operation = MatmulInstruction{}}),
              this->Encode({.operation = VectorInstruction{.view = true}}),
              this->Encode({.operation = AttentionInstruction{}}),
              this->Encode(
                  {.operation = TransferInstruction{.direction = card::TransferDirection::kStore}}),
              this->Encode({.waits = {1, 2, 1, 1}}), this->End()});
  EXPECT_EQ(outcome, (Outcome{.end = true, .number = 5}));
}

TYPED_TEST(DispatcherTest, AgreesWithTheDecoderOnRandomWords) {
  std::map<CardError, int> errors;
  int ends = 0;
  for (uint32_t seed = 1; seed <= 4; ++seed) {
    SCOPED_TRACE(seed);
    typename TestFixture::Bench bench(seed);
    RandomInstruction random(TypeParam::Config(), bench.random());
    for (int run = 0; run < 500; ++run) {
      Stream stream;
      std::array<int64_t, card::kUnitCount> before = {};
      while (stream.size() < 12 && !bench.Chance(10)) {
        CardInstruction instruction = random.Good();
        for (size_t unit = 0; unit < card::kUnitCount; ++unit) {
          instruction.waits[unit] = random.Below(before[unit] + 1);
          if (bench.Chance(1)) instruction.waits[unit] = before[unit] + 1;
        }
        ++before[static_cast<size_t>(*instruction.unit())];
        stream.push_back(this->Encode(instruction));
        if (bench.Chance(15)) stream.back() = random.Spoiled(instruction, stream.back());
      }
      if (stream.empty() || bench.Chance(80)) stream.push_back(this->End());
      const Outcome outcome = this->Run(bench, stream, bench.Chance(50) ? 40 : 100);
      ASSERT_FALSE(this->HasFailure()) << "run " << run;
      ++errors[outcome.error];
      ends += outcome.end ? 1 : 0;
    }
  }
  EXPECT_GT(ends, 250);
  for (const CardError error :
       {CardError::kOpcode, CardError::kField, CardError::kDependency, CardError::kTruncated}) {
    EXPECT_GT(errors[error], 50) << card::CardErrorName(error);
  }
}

TYPED_TEST(DispatcherTest, AgreesWithTheDecoderOnEveryBitOfEveryInstruction) {
  typename TestFixture::Bench bench(1);
  const std::vector<CardInstruction> instructions = {
      {},
      {.operation = TransferInstruction{}},
      {.operation = TransferInstruction{.direction = card::TransferDirection::kStore}},
      {.operation = MatmulInstruction{}},
      {.operation = MatmulInstruction{.destination_buffer = MatmulDestination::kKeyValue}},
      {.operation = MatmulInstruction{.destination_buffer = MatmulDestination::kResidual}},
      {.operation = MatmulInstruction{.gelu = true, .indexed = true}},
      {.operation = VectorInstruction{.normalize = true, .channels = 4}},
      {.operation = VectorInstruction{.view = true}},
      {.operation = AttentionInstruction{}},
      {.operation = AttentionInstruction{.head_steps = 16, .key_count = 384}}};
  for (const CardInstruction& instruction : instructions) {
    for (size_t bit = 0; bit < 512; ++bit) {
      SCOPED_TRACE(bit);
      InstructionWords words = this->Encode(instruction);
      words[bit / 32] ^= uint32_t{1} << bit % 32;
      this->Run(bench, {words, this->End()});
      ASSERT_FALSE(this->HasFailure()) << "opcode " << static_cast<int>(instruction.opcode());
    }
  }
}

TYPED_TEST(DispatcherTest, LimitsTheStepWordsOfABlock) {
  typename TestFixture::Bench bench(1);
  const auto run = [&](uint32_t windows, uint32_t steps) {
    InstructionWords words = this->Encode({.operation = MatmulInstruction{}});
    words[4] = windows | steps << 16;
    return this->Run(bench, {words, this->End()}).error;
  };
  for (uint32_t steps = 1; steps <= 16; ++steps) {
    for (uint32_t windows = 1; windows <= 513; ++windows) {
      EXPECT_EQ(run(windows, steps), windows * steps <= 512 ? CardError::kNone : CardError::kField);
    }
    EXPECT_EQ(run(0, steps), CardError::kField);
    EXPECT_EQ(run(1024, steps), CardError::kField);
  }
  EXPECT_EQ(run(1, 0), CardError::kField);
  EXPECT_EQ(run(1, 17), CardError::kField);
}

TYPED_TEST(DispatcherTest, LimitsRowsAndSequencesToWhatTheUnitsTake) {
  typename TestFixture::Bench bench(1);
  const auto error = [&](const CardInstruction& good, size_t word, uint32_t value) {
    InstructionWords words = this->Encode(good);
    words[word] = value;
    return this->Run(bench, {words, this->End()}).error;
  };
  const card::CardConfig config = TypeParam::Config();
  const auto blocks = static_cast<uint32_t>(config.max_channels / config.tile);
  const CardInstruction vector = {.operation = VectorInstruction{.view = true}};
  EXPECT_EQ(error(vector, 4, blocks | 1 << 16), CardError::kNone);
  EXPECT_EQ(error(vector, 4, (blocks + 1) | 1 << 16), CardError::kField);
  const CardInstruction attention = {.operation = AttentionInstruction{}};
  EXPECT_EQ(error(attention, 4, 384 | 1 << 16), CardError::kNone);
  EXPECT_EQ(error(attention, 4, 385 | 1 << 16), CardError::kField);
  const auto channels = static_cast<uint32_t>(config.tile);
  EXPECT_EQ(error(vector, 5, channels), CardError::kNone);
  EXPECT_EQ(error(vector, 5, channels + 1), CardError::kField);
}

TYPED_TEST(DispatcherTest, SaysThatAnEmptyStreamIsTruncated) {
  typename TestFixture::Bench bench(1);
  this->Start(bench, 0);
  bench.Tick();
  EXPECT_EQ(this->Seen(bench), (Outcome{.error = CardError::kTruncated, .number = 0}));
}

TYPED_TEST(DispatcherTest, DoesNothingBeforeItsStart) {
  typename TestFixture::Bench bench(1);
  this->Start(bench, 1);
  bench.Reset();
  const InstructionWords end = this->End();
  for (int cycle = 0; cycle < 10; ++cycle) EXPECT_FALSE(this->Cycle(bench, &end, 100));
  EXPECT_EQ(this->Seen(bench), Outcome{});
}

TYPED_TEST(DispatcherTest, TakesNothingMoreWhenHalted) {
  typename TestFixture::Bench bench(1);
  const InstructionWords load = this->Encode({.operation = TransferInstruction{}});
  this->Start(bench, 100);
  for (int cycle = 0; cycle < 10; ++cycle) this->Cycle(bench, &load, 100);
  bench->halt_i = 1;
  for (int cycle = 0; cycle < 10; ++cycle) EXPECT_FALSE(this->Cycle(bench, &load, 100));
}

// Long streams for all units: a wait for as many as were dispatched is good, for one more is not.
TYPED_TEST(DispatcherTest, CountsEachUnitByItself) {
  typename TestFixture::Bench bench(1);
  const InstructionWords of_unit[] = {
      this->Encode({.operation = TransferInstruction{}}),
      this->Encode({.operation = MatmulInstruction{}}),
      this->Encode({.operation = VectorInstruction{.view = true}}),
      this->Encode(
          {.operation = TransferInstruction{.direction = card::TransferDirection::kStore}})};
  Stream stream;
  std::array<int64_t, card::kUnitCount> counts = {};
  for (int i = 0; i < 4000; ++i) {
    const size_t unit = bench.random()() % card::kUnitCount;
    stream.push_back(of_unit[unit]);
    ++counts[unit];
  }
  stream.push_back(this->Encode({.waits = counts}));
  EXPECT_TRUE(this->Run(bench, stream).end);
  for (int64_t& count : counts) {
    ++count;
    stream.back() = this->Encode({.waits = counts});
    EXPECT_EQ(this->Run(bench, stream).error, CardError::kDependency);
    --count;
  }
}

TYPED_TEST(DispatcherTest, CountsAsFarAsStreamsGo) {
  typename TestFixture::Bench bench(1);
  const InstructionWords load = this->Encode({.operation = TransferInstruction{}});
  Stream stream(card::kMaxInstructions, load);
  EXPECT_EQ(this->Run(bench, stream),
            (Outcome{.error = CardError::kTruncated, .number = card::kMaxInstructions}));
  stream.back() = this->Encode({.waits = {card::kMaxInstructions - 1, 0, 0, 0}});
  EXPECT_EQ(this->Run(bench, stream), (Outcome{.end = true, .number = card::kMaxInstructions - 1}));
}

}  // namespace
}  // namespace sta::rtl
