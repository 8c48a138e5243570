// SPDX-License-Identifier: Apache-2.0
#include "server/http/basic_token.h"

#include <gtest/gtest.h>

#include "absl/strings/escaping.h"

namespace sta {
namespace {

std::string Basic(std::string_view pair) {
  return "Basic " + absl::Base64Escape({pair.data(), pair.size()});
}

TEST(BasicTokenTest, ThePasswordIsTheToken) {
  EXPECT_EQ(BearerOfBasic("Basic Om9wZW4="), "Bearer open");
  EXPECT_EQ(BearerOfBasic(Basic("somebody:sta_x-y_z")), "Bearer sta_x-y_z");
  EXPECT_EQ(BearerOfBasic(Basic("a:b:c")), "Bearer b:c");
  EXPECT_EQ(BearerOfBasic("bAsIc Om9wZW4="), "Bearer open");
}

TEST(BasicTokenTest, AnythingElseIsNone) {
  for (const std::string_view header :
       {"", "Basic", "Basic ", "Bearer open", "Basic !!!!", "Basicx Om9wZW4=", "Digest Om9wZW4="}) {
    EXPECT_EQ(BearerOfBasic(header), "") << header;
  }
  EXPECT_EQ(BearerOfBasic(Basic("open")), "");  // a name alone
}

}  // namespace
}  // namespace sta
