// SPDX-License-Identifier: Apache-2.0
#include "server/services/stream_admission.h"

#include <optional>
#include <vector>

#include "tests/support/status_matchers.h"

namespace sta {
namespace {

using absl::StatusCode;
using testing::HasSubstr;

TEST(StreamAdmissionTest, LeavesRoomForOthersWhenOneClientHasItsShare) {
  StreamAdmission admission({.kind = "uploads", .most = 3, .most_of_a_client = 2});
  std::vector<StreamAdmission::Ticket> tickets;
  for (const char* peer : {"ipv4:10.0.0.1:1", "ipv4:10.0.0.1:2"}) {
    STA_ASSERT_OK_AND_ASSIGN(tickets.emplace_back(), admission.Enter(peer));
  }
  EXPECT_THAT(admission.Enter("ipv4:10.0.0.1:3"),
              StatusIs(StatusCode::kResourceExhausted, HasSubstr("your address has 2 under way")));
  STA_ASSERT_OK_AND_ASSIGN(tickets.emplace_back(), admission.Enter("ipv4:10.0.0.2:1"));
  EXPECT_THAT(admission.Enter("ipv4:10.0.0.3:1"),
              StatusIs(StatusCode::kResourceExhausted, HasSubstr("uploads: all 3")));
}

TEST(StreamAdmissionTest, APlaceIsFreeWhenItsTicketIsGone) {
  StreamAdmission admission({.kind = "uploads", .most = 1, .most_of_a_client = 1});
  for (int i = 0; i < 3; ++i) {
    absl::StatusOr<StreamAdmission::Ticket> ticket = admission.Enter("ipv4:10.0.0.1:1");
    ASSERT_THAT(ticket, IsOk());
    EXPECT_THAT(admission.Enter("ipv4:10.0.0.1:1"), StatusIs(StatusCode::kResourceExhausted));
  }
}

TEST(StreamAdmissionTest, ATicketMayOutliveTheAdmission) {
  auto admission = std::make_optional<StreamAdmission>(StreamAdmission::Limits{.kind = "uploads"});
  STA_ASSERT_OK_AND_ASSIGN(StreamAdmission::Ticket ticket, admission->Enter("ipv4:10.0.0.1:1"));
  admission.reset();
  ticket.reset();  // a sanitizer would tell
}

}  // namespace
}  // namespace sta
