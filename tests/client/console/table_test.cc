// SPDX-License-Identifier: Apache-2.0
#include "client/console/table.h"

#include <limits>

#include "client/console/json_text.h"
#include "tests/support/status_matchers.h"

namespace sta::client {
namespace {

TEST(TableTest, AlignsColumnsAndDropsTrailingSpaces) {
  Table table({{"name", Align::kLeft}, {"bytes", Align::kRight}, {"note", Align::kLeft}});
  table.AddRow({"a", "1,024"});
  table.AddRow({"größer", "7", "x", "dropped"});
  table.AddRule();
  table.AddRow({"total", "1,031"});
  EXPECT_EQ(table.ToString(),
            "name    bytes  note\n"
            "------  -----  ----\n"
            "a       1,024\n"
            "größer      7  x\n"
            "------  -----  ----\n"
            "total   1,031\n");
}

TEST(TableTest, ShortensByCodePointsOnOneLine) {
  EXPECT_EQ(Shorten("abc", 3), "abc");
  EXPECT_EQ(Shorten("abcd", 3), "ab…");
  EXPECT_EQ(Shorten("äöüß", 3), "äö…");
  EXPECT_EQ(Shorten("a\nb\x1b", 5), "a b ");
  EXPECT_EQ(Shorten("", 1), "");
}

TEST(TableTest, GroupsThousands) {
  EXPECT_EQ(WithThousands(0), "0");
  EXPECT_EQ(WithThousands(999), "999");
  EXPECT_EQ(WithThousands(1000), "1,000");
  EXPECT_EQ(WithThousands(-123456), "-123,456");
  EXPECT_EQ(WithThousands(std::numeric_limits<int64_t>::min()), "-9,223,372,036,854,775,808");
}

TEST(JsonTextTest, WritesFloatsWithTheirFewestDigits) {
  const std::vector<float> values = {0.1F, 1e-30F, -2.5F, std::numeric_limits<float>::infinity()};
  EXPECT_EQ(JsonLine(FloatArray(values)), "[0.1,1e-30,-2.5,null]");
}

TEST(JsonTextTest, ReplacesInvalidUtf8) {
  EXPECT_EQ(JsonLine(OrderedJson("a\xff")), "\"a\xEF\xBF\xBD\"");
}

}  // namespace
}  // namespace sta::client
