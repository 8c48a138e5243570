// SPDX-License-Identifier: Apache-2.0
#include "server/observability/trace_context.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

namespace sta {
namespace {

constexpr std::string_view kTraceId = "0af7651916cd43dd8448eb211c80319c";
constexpr std::string_view kSpanId = "b7ad6b7169203331";

TEST(TraceContextTest, ReadsWhatTheRecommendationAllows) {
  struct Case {
    std::string value;
    bool is_recorded;
  };
  for (const Case& c : std::vector<Case>{
           {"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", true},
           {"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00", false},
           {"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0b", true},  // unknown flags
           {"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-fe", false},
           // Versions to come: as long, or longer after a hyphen.
           {"cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", true},
           {"01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-what.the.future.brings", true},
           {"01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-", true},
       }) {
    const std::optional<TraceContext> trace = ParseTraceparent(c.value);
    ASSERT_TRUE(trace.has_value()) << c.value;
    EXPECT_EQ(trace->trace_id, kTraceId) << c.value;
    EXPECT_EQ(trace->parent_span_id, kSpanId) << c.value;
    EXPECT_EQ(trace->is_recorded, c.is_recorded) << c.value;
  }
}

TEST(TraceContextTest, WhatIsInvalidIsNothing) {
  for (const char* value : {
           "",
           "00",
           "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
           "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-",
           "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-1",
           "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0g",
           "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-",
           "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-what",
           "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-010",
           "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01.what",
           "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
           "0x-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
           "0--0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
           "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
           "00-0af7651916cd43dd8448eb211c80319c-B7AD6B7169203331-01",
           "00-0af7651916cd43dd8448eb211c80319x-b7ad6b7169203331-01",
           "00-0af7651916cd43dd8448eb211c80319c-b7ad6b716920333 -01",
           "00-00000000000000000000000000000000-b7ad6b7169203331-01",
           "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
           "00_0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
           "00-0af7651916cd43dd8448eb211c80319c_b7ad6b7169203331-01",
           "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331_01",
           " 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
           "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01 ",
           "00-0af7651916cd43dd8448eb211c80319-b7ad6b7169203331-0101",
       }) {
    EXPECT_FALSE(ParseTraceparent(value).has_value()) << "'" << value << "'";
  }
}

TEST(TraceContextTest, MadeIdsAreValid) {
  EXPECT_EQ(NewTraceId([] { return 0; }), "00000000000000000000000000000001");
  EXPECT_EQ(NewTraceId([] { return ~uint64_t{0}; }), "ffffffffffffffffffffffffffffffff");
  std::set<std::string> ids;
  for (int i = 0; i < 100; ++i) ids.insert(NewTraceId());
  EXPECT_EQ(ids.size(), 100);
}

}  // namespace
}  // namespace sta
