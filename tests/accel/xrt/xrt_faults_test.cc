// SPDX-License-Identifier: Apache-2.0
//
// Everything that can go wrong with a card: what the device says, and that it computes right again
// once it has recovered.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>

#include "accel/xrt/xrt_card.h"
#include "tests/accel/xrt/card_test.h"

namespace sta {
namespace {

using absl::StatusCode;
using testing::HasSubstr;

class XrtFaultsTest : public CardTest {
 protected:
  XrtFaultsTest()
      : device_(Open(kPlainCard, {.card_timeout = absl::Milliseconds(500)})),
        loaded_(*device_->Load(program_)) {
    // The image and its instructions are on the card: what comes next is the input of a run.
    EXPECT_THAT(RunOne(), IsOkAndHolds(true));
  }
  ~XrtFaultsTest() override { Cards().Control("clear 0"); }

  absl::StatusOr<bool> RunOne() { return CardTest::RunOne(*device_, *loaded_, *program_); }

  // The fault strikes the next run, which fails so; then the device recovers.
  void ExpectFailure(const std::string& fault, StatusCode code, const std::string& message) {
    Cards().Control("fault 0 " + fault);
    EXPECT_THAT(RunOne(), StatusIs(code, HasSubstr(message))) << fault;
    ExpectRecovery();
  }

  void ExpectRecovery() {
    EXPECT_EQ(device_->health(), DeviceHealth::kFailed);
    EXPECT_THAT(device_->Recover(), IsOk());
    EXPECT_EQ(device_->health(), DeviceHealth::kHealthy);
    EXPECT_THAT(RunOne(), IsOkAndHolds(true));
  }

  std::unique_ptr<Device> device_;
  std::unique_ptr<LoadedProgram> loaded_;
};

TEST_F(XrtFaultsTest, ARunThatHangsIsAborted) {
  ExpectFailure("hang", StatusCode::kUnavailable, "a run hung: it took longer than 500ms");
}

TEST_F(XrtFaultsTest, ARunThatCannotBeAbortedTakesReopening) {
  ExpectFailure("hang-hard", StatusCode::kUnavailable, "could not be aborted");
}

TEST_F(XrtFaultsTest, AnErrorOfTheKernelIsNamed) {
  ExpectFailure("error", StatusCode::kInternal, "(read response)");
}

TEST_F(XrtFaultsTest, ARunThatTheCardAbortsFails) {
  ExpectFailure("abort", StatusCode::kUnavailable, "the card aborted a run");
}

TEST_F(XrtFaultsTest, DamageOnTheWayIsSeen) {
  ExpectFailure("corrupt-upload", StatusCode::kDataLoss, "checksum of input");
  ExpectFailure("corrupt-download", StatusCode::kDataLoss, "checksum of output");
}

TEST_F(XrtFaultsTest, DamageInTheCardsMemoryIsSeen) {
  ExpectFailure("corrupt-memory", StatusCode::kDataLoss, "checksum of program");
}

// The image was damaged as it came; the batch may fail in any of the ways that damage shows.
TEST_F(XrtFaultsTest, DamageToAnUploadedImageIsSeen) {
  EXPECT_THAT(device_->Recover(), IsOk());  // nothing is on the card now
  ExpectFailure("corrupt-upload", StatusCode::kDataLoss, "checksum of program");
}

TEST_F(XrtFaultsTest, WithoutMemoryABatchMayRunElsewhere) {
  EXPECT_THAT(device_->Recover(), IsOk());
  Cards().Control("fault 0 alloc forever");
  EXPECT_THAT(RunOne(), StatusIs(StatusCode::kUnavailable, HasSubstr("card's memory is full")));
  Cards().Control("clear 0");
  ExpectRecovery();
}

TEST_F(XrtFaultsTest, ACardThatIsSlowIsRightAllTheSame) {
  const auto patient = Open(kSmallCard, {.card_timeout = absl::Minutes(1)});
  STA_ASSERT_OK_AND_ASSIGN(const auto loaded, patient->Load(program_));
  Cards().Control("fault 1 slow=3");
  EXPECT_THAT(CardTest::RunOne(*patient, *loaded, *program_), IsOkAndHolds(true));
}

// What the kernel computes is not checked here: the pool compares devices.
TEST_F(XrtFaultsTest, AWrongResultIsNotSeen) {
  constexpr int kRuns = 20;
  Cards().Control("fault 0 wrong count=" + std::to_string(kRuns));
  for (int i = 0; i < kRuns; ++i) EXPECT_THAT(RunOne(), IsOkAndHolds(false));
  EXPECT_EQ(device_->health(), DeviceHealth::kHealthy);
  EXPECT_THAT(RunOne(), IsOkAndHolds(true));
}

class GoneCardTest : public XrtFaultsTest, public testing::WithParamInterface<const char*> {};
INSTANTIATE_TEST_SUITE_P(Ways, GoneCardTest, testing::Values("fault 0 dead", "remove 0"),
                         [](const auto& way) { return std::to_string(way.index); });

TEST_P(GoneCardTest, ACardThatIsGoneComesBackWhenItReturns) {
  Cards().Control(GetParam());
  EXPECT_THAT(RunOne(), StatusIs(StatusCode::kUnavailable));
  EXPECT_EQ(device_->health(), DeviceHealth::kFailed);
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(device_->Recover(), StatusIs(StatusCode::kUnavailable));
    EXPECT_THAT(RunOne(), StatusIs(StatusCode::kUnavailable));
    EXPECT_EQ(device_->telemetry().temperature_celsius, std::nullopt);
  }
  Cards().Control("return 0");
  ExpectRecovery();
}

// Other cards of the process go on.
TEST_P(GoneCardTest, OtherCardsAreFine) {
  const auto other = Open(kSmallCard);
  STA_ASSERT_OK_AND_ASSIGN(const auto loaded, other->Load(program_));
  Cards().Control(GetParam());
  EXPECT_THAT(RunOne(), StatusIs(StatusCode::kUnavailable));
  EXPECT_THAT(CardTest::RunOne(*other, *loaded, *program_), IsOkAndHolds(true));
  Cards().Control("return 0");
}

TEST_F(XrtFaultsTest, ABatchBehindOneThatHangsFailsToo) {
  Cards().Control("fault 0 hang");
  ReferenceBatch first(*program_, {5}, 1);
  ReferenceBatch second(*program_, {7}, 2);
  STA_ASSERT_OK_AND_ASSIGN(
      auto first_pending,
      device_->Start(*loaded_, first.batch(), first.output(), absl::InfiniteFuture()));
  STA_ASSERT_OK_AND_ASSIGN(
      auto second_pending,
      device_->Start(*loaded_, second.batch(), second.output(), absl::InfiniteFuture()));
  EXPECT_THAT(first_pending->Finish(), StatusIs(StatusCode::kUnavailable, HasSubstr("hung")));
  EXPECT_THAT(second_pending->Finish(), StatusIs(StatusCode::kUnavailable, HasSubstr("hung")));
  EXPECT_THAT(device_->Start(*loaded_, first.batch(), first.output(), absl::InfiniteFuture()),
              StatusIs(StatusCode::kUnavailable));
  ExpectRecovery();
}

// The first batch is damaged on its way, the second one is not.
TEST_F(XrtFaultsTest, ABatchBehindADamagedOneIsRight) {
  ReferenceBatch first(*program_, {8, 16}, 1);
  ReferenceBatch second(*program_, {7}, 2);
  Cards().Control("fault 0 corrupt-upload");
  STA_ASSERT_OK_AND_ASSIGN(
      auto first_pending,
      device_->Start(*loaded_, first.batch(), first.output(), absl::InfiniteFuture()));
  STA_ASSERT_OK_AND_ASSIGN(
      auto second_pending,
      device_->Start(*loaded_, second.batch(), second.output(), absl::InfiniteFuture()));
  EXPECT_THAT(first_pending->Finish(), StatusIs(StatusCode::kDataLoss));
  EXPECT_THAT(second_pending->Finish(), IsOk());
  EXPECT_TRUE(second.IsRight());
  ExpectRecovery();
}

TEST_F(XrtFaultsTest, PastItsDeadlineABatchThatHangsIsGivenUpAndAborted) {
  Cards().Control("fault 0 hang");
  ReferenceBatch batch(*program_, {5}, 1);
  EXPECT_THAT(
      device_->Run(*loaded_, batch.batch(), batch.output(), absl::Now() + absl::Milliseconds(10)),
      StatusIs(StatusCode::kDeadlineExceeded));
  // The next one finds out.
  EXPECT_THAT(RunOne(), StatusIs(StatusCode::kUnavailable, HasSubstr("hung")));
  ExpectRecovery();
}

TEST_F(XrtFaultsTest, AnXclbinOfAnotherArrayIsNoRecovery) {
  const std::string path = Cards().Xclbin(config_);
  auto device = Open(kSmallCard, {.xclbin_path = path});
  config_.activation_rows /= 2;
  std::filesystem::rename(Cards().Xclbin(config_), path);
  EXPECT_THAT(device->Recover(), StatusIs(StatusCode::kUnavailable, HasSubstr("array")));
}

// ThreadSanitizer sees what the shim shows of XRT's map (device_map.h).
TEST_F(XrtFaultsTest, ACardIsReopenedWhileAnotherAllocates) {
  const std::string xclbin = Cards().Xclbin(config_);
  STA_ASSERT_OK_AND_ASSIGN(const auto card, XrtCard::Open(kSlowCard, xclbin));
  std::atomic<bool> is_over = false;
  std::thread reopening([&] {
    for (int i = 0; i < 20; ++i) EXPECT_THAT(XrtCard::Open(kSmallCard, xclbin), IsOk());
    is_over = true;
  });
  int buffers = 0;
  for (; !is_over; ++buffers) EXPECT_THAT(card->Allocate(KernelBuffer::kInput, 4096), IsOk());
  reopening.join();
  EXPECT_GT(buffers, 0);
}

// What the process and the card have.
struct Inventory {
  static Inventory Count() {
    const auto entries = [](const char* directory) {
      return std::distance(std::filesystem::directory_iterator(directory), {});
    };
    const auto status = nlohmann::json::parse(Cards().Control("status 0"));
    return {entries("/proc/self/fd"), entries("/proc/self/task"), status["memory_used"]};
  }

  ptrdiff_t descriptors = 0;
  ptrdiff_t threads = 0;
  int64_t card_bytes = 0;
};

TEST_F(XrtFaultsTest, NothingLeaksInManyRecoveries) {
  Inventory before;
  for (int i = 0; i < 200; ++i) {
    Cards().Control(i % 2 == 0 ? "fault 0 abort" : "fault 0 corrupt-memory");
    EXPECT_FALSE(RunOne().ok());
    ExpectRecovery();
    if (i == 0) before = Inventory::Count();
  }
  const Inventory after = Inventory::Count();
  EXPECT_EQ(after.descriptors, before.descriptors);
  EXPECT_EQ(after.threads, before.threads);
  EXPECT_EQ(after.card_bytes, before.card_bytes);
  EXPECT_GT(after.card_bytes, 0);
  loaded_.reset();
  device_.reset();
  EXPECT_EQ(Inventory::Count().card_bytes, 0);
}

TEST_F(XrtFaultsTest, NothingLeaksInManyReopenings) {
  Inventory before;
  for (int i = 0; i < 30; ++i) {
    Cards().Control("fault 0 dead");
    EXPECT_FALSE(RunOne().ok());
    Cards().Control("return 0");
    ExpectRecovery();
    if (i == 0) before = Inventory::Count();
  }
  const Inventory after = Inventory::Count();
  EXPECT_EQ(after.descriptors, before.descriptors);
  EXPECT_EQ(after.threads, before.threads);
  EXPECT_EQ(after.card_bytes, before.card_bytes);
}

// Only then is the xclbin read again, which is of another array now.
TEST_F(XrtFaultsTest, ACardThatFailsAgainIsReopened) {
  const std::string path = Cards().Xclbin(config_);
  loaded_.reset();
  device_.reset();
  device_ = Open(kPlainCard, {.xclbin_path = path});
  loaded_ = *device_->Load(program_);
  EXPECT_THAT(RunOne(), IsOkAndHolds(true));
  config_.activation_rows /= 2;
  std::filesystem::rename(Cards().Xclbin(config_), path);
  Cards().Control("fault 0 abort count=2");
  EXPECT_FALSE(RunOne().ok());
  EXPECT_THAT(device_->Recover(), IsOk());
  EXPECT_FALSE(RunOne().ok());
  EXPECT_THAT(device_->Recover(), StatusIs(StatusCode::kUnavailable, HasSubstr("array")));
}

}  // namespace
}  // namespace sta
