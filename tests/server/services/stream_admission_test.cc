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
  for (int i = 0; i < 2; ++i) {
    STA_ASSERT_OK_AND_ASSIGN(tickets.emplace_back(), admission.Enter("web"));
  }
  EXPECT_THAT(admission.Enter("web"),
              StatusIs(StatusCode::kResourceExhausted, HasSubstr("you have 2 under way")));
  STA_ASSERT_OK_AND_ASSIGN(tickets.emplace_back(), admission.Enter("ipv4:10.0.0.2"));
  EXPECT_THAT(admission.Enter("ipv4:10.0.0.3"),
              StatusIs(StatusCode::kResourceExhausted, HasSubstr("uploads: all 3")));
}

TEST(StreamAdmissionTest, APlaceIsFreeWhenItsTicketIsGone) {
  StreamAdmission admission({.kind = "uploads", .most = 1, .most_of_a_client = 1});
  for (int i = 0; i < 3; ++i) {
    absl::StatusOr<StreamAdmission::Ticket> ticket = admission.Enter("web");
    ASSERT_THAT(ticket, IsOk());
    EXPECT_THAT(admission.Enter("web"), StatusIs(StatusCode::kResourceExhausted));
  }
}

TEST(StreamAdmissionTest, ATicketMayOutliveTheAdmission) {
  auto admission = std::make_optional<StreamAdmission>(StreamAdmission::Limits{.kind = "uploads"});
  STA_ASSERT_OK_AND_ASSIGN(StreamAdmission::Ticket ticket, admission->Enter("web"));
  admission.reset();
  ticket.reset();  // a sanitizer would tell
}

}  // namespace
}  // namespace sta
