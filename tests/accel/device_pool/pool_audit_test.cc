// SPDX-License-Identifier: Apache-2.0
//
// Audits of the pool: who is asked, who is believed, and what becomes of the rest.
#include "tests/accel/device_pool/pool_test.h"

namespace sta {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testing::UnorderedElementsAre;

TEST_F(PoolTest, AnAuditConfirmsWithTheEmulator) {
  Start({"card", "card", "emulator"}, {.audit_fraction = 1});
  ExpectRight(DispatchTo(0));
  EXPECT_THAT(observer_.audits(), ElementsAre("a right"));
  EXPECT_THAT(devices_[1]->batches(), IsEmpty());
  EXPECT_THAT(devices_[2]->batches(), SizeIs(1));
  EXPECT_EQ(StatusOf(0).audits, 1);
  EXPECT_EQ(StatusOf(0).audit_mismatches, 0);
}

TEST_F(PoolTest, ACardThatComputesWrongIsCaughtAndItsRowsAreNotTheAnswer) {
  Start({"card", "emulator"}, {.audit_fraction = 1});
  devices_[0]->ComputeWrong(true);
  ExpectRight(DispatchTo(0));
  EXPECT_THAT(observer_.audits(), ElementsAre("a wrong"));
  EXPECT_EQ(StatusOf(0).state, DeviceState::kQuarantined);
  EXPECT_THAT(StatusOf(0).reason, HasSubstr("otherwise than 'b'"));
  EXPECT_EQ(StatusOf(0).audit_mismatches, 1);
}

TEST_F(PoolTest, AmongCardsTheMajorityIsRight) {
  Start({"card", "card", "card"}, {.audit_fraction = 1});
  devices_[0]->ComputeWrong(true);
  ExpectRight(DispatchTo(0));
  EXPECT_THAT(observer_.audits(), UnorderedElementsAre("a wrong", "b right", "c right"));
  EXPECT_EQ(StatusOf(0).state, DeviceState::kQuarantined);
  EXPECT_EQ(StatusOf(1).state, DeviceState::kReady);
}

TEST_F(PoolTest, TwoCardsThatDisagreeAnswerNothing) {
  Start({"card", "card"}, {.audit_fraction = 1});
  devices_[0]->ComputeWrong(true);
  EXPECT_THAT(DispatchTo(0).get().status,
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("different rows")));
  EXPECT_THAT(observer_.audits(), UnorderedElementsAre("a undecided", "b undecided"));
  EXPECT_EQ(StatusOf(0).audits + StatusOf(1).audits, 0);
  EXPECT_EQ(StatusOf(0).state, DeviceState::kQuarantined);
  EXPECT_EQ(StatusOf(1).state, DeviceState::kQuarantined);
}

TEST_F(PoolTest, WithOneNothingIsAnsweredUnconfirmed) {
  Start({"card", "emulator"}, {.audit_fraction = 1});
  devices_[1]->FailNext(absl::UnavailableError("out of memory"));
  EXPECT_THAT(DispatchTo(0).get().status,
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("confirm")));
  EXPECT_THAT(observer_.audits(), ElementsAre("a undecided"));
}

TEST_F(PoolTest, BelowOneAnAuditThatNobodyCanMakeIsLeftOut) {
  // Practically every batch is audited, none of them must be.
  Start({"card", "card"}, {.audit_fraction = 1 - 1e-12});
  devices_[1]->Hold();
  devices_[1]->FailNext(absl::UnavailableError("hang"));
  auto hanging = DispatchTo(1);
  devices_[1]->WaitUntilRunning();
  auto audited = DispatchTo(0);
  while (StatusOf(1).in_flight < 2) std::this_thread::yield();  // its audit waits
  devices_[1]->Release();
  ExpectRight(std::move(audited));
  ExpectRight(std::move(hanging));
  EXPECT_THAT(observer_.audits(), Each("a undecided"));
  EXPECT_THAT(observer_.audits(), Not(IsEmpty()));
  EXPECT_EQ(StatusOf(0).audits, 0);
}

TEST_F(PoolTest, AnEmulatorIsNotAudited) {
  Start({"card", "emulator"}, {.audit_fraction = 1});
  ExpectRight(DispatchTo(1));
  EXPECT_THAT(observer_.audits(), IsEmpty());
  EXPECT_THAT(devices_[0]->batches(), IsEmpty());
}

// 2,000 batches at one in ten: 200 audits with a deviation of 13.4; six of them to either side, so
// a false alarm comes less than once in 10^8 runs.
TEST_F(PoolTest, AFractionIsAudited) {
  Start({"card", "emulator"}, {.audit_fraction = 0.1});
  for (int i = 0; i < 2000; ++i) ExpectRight(DispatchTo(0));
  EXPECT_THAT(observer_.audits(), Each("a right"));
  EXPECT_NEAR(static_cast<double>(observer_.audits().size()), 200, 6 * 13.5);
}

}  // namespace
}  // namespace sta
