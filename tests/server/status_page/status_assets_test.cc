// SPDX-License-Identifier: Apache-2.0
#include "server/status_page/status_assets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace sta {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(StatusAssetsTest, TheScriptWritesTextNeverMarkup) {
  const std::string script(kStatusScript);
  for (const char* name :
       {"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval", "Function("}) {
    EXPECT_THAT(script, Not(HasSubstr(name)));
  }
  EXPECT_THAT(script, HasSubstr("textContent"));
}

TEST(StatusAssetsTest, NothingComesFromElsewhere) {
  for (const std::string_view asset : {kStatusStyle, kStatusScript}) {
    EXPECT_THAT(std::string(asset), Not(HasSubstr("://")));
    EXPECT_THAT(std::string(asset), Not(HasSubstr("@import")));
    EXPECT_THAT(std::string(asset), Not(HasSubstr("url(")));
  }
}

TEST(StatusAssetsTest, TheStyleHasADarkOne) {
  EXPECT_THAT(std::string(kStatusStyle), HasSubstr("prefers-color-scheme: dark"));
}

}  // namespace
}  // namespace sta
