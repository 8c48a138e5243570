// SPDX-License-Identifier: Apache-2.0
#include "server/observability/metrics_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "tests/support/status_matchers.h"

namespace sta {
namespace {

using testing::HasSubstr;

// If civetweb were left to find out by itself, this would take longer than a test may.
TEST(MetricsPageTest, EndsAtOnce) {
  for (int i = 0; i < 40; ++i) {
    for (const char* host : {"127.0.0.1", "0.0.0.0"}) {
      STA_ASSERT_OK_AND_ASSIGN(const std::unique_ptr<MetricsPage> page, MetricsPage::Open(host, 0));
      EXPECT_GT(page->port(), 0);
    }
  }
}

TEST(MetricsPageTest, APortThatIsTakenIsNamed) {
  STA_ASSERT_OK_AND_ASSIGN(const auto page, MetricsPage::Open("127.0.0.1", 0));
  EXPECT_THAT(
      MetricsPage::Open("127.0.0.1", page->port()),
      StatusIs(absl::StatusCode::kUnavailable, HasSubstr("cannot serve metrics on 127.0.0.1:" +
                                                         std::to_string(page->port()) + ": ")));
}

TEST(MetricsPageTest, WhatIsNoAddressIsRefused) {
  for (const char* host : {"not-an-address", "300.1.2.3", "1:2:3"}) {
    EXPECT_THAT(MetricsPage::Open(host, 0), StatusIs(absl::StatusCode::kUnavailable)) << host;
  }
}

}  // namespace
}  // namespace sta
