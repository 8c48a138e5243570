// SPDX-License-Identifier: Apache-2.0
#include "server/observability/logging.h"

#include <gtest/gtest.h>

namespace sta {
namespace {

TEST(LoggingTest, WritesFieldsInBothFormats) {
  EXPECT_EQ(FormatLogLine(LogFormat::kJson, "model loaded", {{"model", "a\"b"}, {"version", 3}}),
            R"("event":"model loaded","model":"a\"b","version":3)");
  EXPECT_EQ(FormatLogLine(LogFormat::kText, "model loaded", {{"model", "a b"}, {"seconds", 0.5}}),
            R"(model loaded model="a b" seconds=0.5)");
}

TEST(LoggingTest, SurvivesBytesThatAreNoText) {
  EXPECT_EQ(FormatLogLine(LogFormat::kText, "x", {{"f", "\xff\n"}}), "x f=\"\xef\xbf\xbd\\n\"");
}

}  // namespace
}  // namespace sta
