// SPDX-License-Identifier: Apache-2.0
#include "bench/engine/workload.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace sta::bench {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::SizeIs;

constexpr WorkloadLimits kLimits = {
    .vocabulary_size = 100, .max_sequence_tokens = 128, .max_tokens = 4096};

Workload Make(std::string_view text) {
  absl::StatusOr<Workload> workload = MakeWorkload(text, kLimits);
  EXPECT_THAT(workload.status(), IsOk()) << text;
  return workload.ok() ? *std::move(workload) : Workload{};
}

std::multiset<size_t> Lengths(const Workload& workload) {
  std::multiset<size_t> lengths;
  for (const TokenSequence& sequence : workload.sequences) lengths.insert(sequence.ids.size());
  return lengths;
}

TEST(WorkloadTest, MakesSequencesOfOneLength) {
  const Workload workload = Make("8x128");
  EXPECT_EQ(workload.name, "8x128");
  EXPECT_EQ(workload.token_count(), 8 * 128);
  EXPECT_THAT(workload.sequences, SizeIs(8));
  EXPECT_THAT(workload.sequences, Each(Field(&TokenSequence::ids, SizeIs(128))));
}

TEST(WorkloadTest, DrawsEveryIdOfTheVocabularyAndNoOther) {
  std::set<int32_t> ids;
  for (const TokenSequence& sequence : Make("32x128").sequences) {
    ids.insert(sequence.ids.begin(), sequence.ids.end());
  }
  EXPECT_THAT(ids, SizeIs(100));
  EXPECT_EQ(*ids.begin(), 0);
  EXPECT_EQ(*ids.rbegin(), 99);
}

TEST(WorkloadTest, DrawsLengthsWithinTheRange) {
  const std::multiset<size_t> lengths = Lengths(Make("32x16-20"));
  EXPECT_THAT(lengths, SizeIs(32));
  EXPECT_EQ(*lengths.begin(), 16u);
  EXPECT_EQ(*lengths.rbegin(), 20u);
}

TEST(WorkloadTest, IsTheSameEveryTime) {
  EXPECT_EQ(Make("32x16-128").sequences, Make("32x16-128").sequences);
}

TEST(WorkloadTest, SpreadsTheTokensOfTheDrawnLengthsEvenly) {
  const Workload drawn = Make("32x16-128");
  const Workload even = Make("32x16-128=");
  EXPECT_EQ(even.token_count(), drawn.token_count());
  EXPECT_THAT(even.sequences, SizeIs(32));
  const std::multiset<size_t> lengths = Lengths(even);
  EXPECT_LE(*lengths.rbegin() - *lengths.begin(), 1u);
}

TEST(WorkloadTest, RefusesWhatIsNoShape) {
  for (const char* text : {"", "x", "8", "8x", "x8", "0x8", "8x0", "-1x8", "8x-1", "8x9-8", "8x8-",
                           "8x-8", "8x8=", "8x8-9==", "8x8x8", "99999999999999999999x1"}) {
    EXPECT_THAT(
        MakeWorkload(text, kLimits).status(),
        StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("is not like 1x128, 32x16-128")))
        << text;
  }
}

TEST(WorkloadTest, RefusesWhatTheModelOrTheDeviceDoesNotTake) {
  EXPECT_THAT(MakeWorkload("1x129", kLimits).status(),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("a sequence of 129 tokens is over this model's 128")));
  EXPECT_THAT(MakeWorkload("32x128", kLimits).status(), IsOk());
  for (const char* text : {"33x128", "9223372036854775807x128"}) {
    EXPECT_THAT(MakeWorkload(text, kLimits).status(),
                StatusIs(absl::StatusCode::kInvalidArgument,
                         HasSubstr("more than the 4096 tokens that the device takes")))
        << text;
  }
}

class WorkloadFileTest : public testing::Test {
 protected:
  absl::StatusOr<Workload> MakeFrom(std::string_view content) {
    const TemporaryDirectory directory;
    const std::filesystem::path path = directory.path() / "ids.txt";
    std::ofstream(path) << content;
    return MakeWorkload("@" + path.string(), kLimits);
  }
};

TEST_F(WorkloadFileTest, ReadsASequenceALine) {
  const absl::StatusOr<Workload> workload = MakeFrom("1 2 3\n99\n");
  ASSERT_THAT(workload.status(), IsOk());
  EXPECT_THAT(workload->sequences, ElementsAre(Field(&TokenSequence::ids, ElementsAre(1, 2, 3)),
                                               Field(&TokenSequence::ids, ElementsAre(99))));
}

TEST_F(WorkloadFileTest, SaysWhereSomethingIsNoId) {
  EXPECT_THAT(
      MakeFrom("1 2\n3 four\n").status(),
      StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(":2: 'four' is not a token id")));
}

TEST_F(WorkloadFileTest, RefusesAnEmptyFileAndOneOfTooManyTokens) {
  EXPECT_THAT(MakeFrom("").status(),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("no sequence in it")));
  std::string many;
  for (int i = 0; i < 4097; ++i) many += i % 64 == 63 ? "1\n" : "1 ";
  EXPECT_THAT(MakeFrom(many).status(),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("more than the 4096 tokens")));
}

TEST(WorkloadTest, SaysWhichFileIsNotThere) {
  EXPECT_THAT(MakeWorkload("@/nowhere/ids", kLimits).status(),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("cannot read '/nowhere/ids'")));
}

}  // namespace
}  // namespace sta::bench
