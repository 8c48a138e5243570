// SPDX-License-Identifier: Apache-2.0
#include "client/console/nearest.h"

#include <gtest/gtest.h>

namespace sta::client {
namespace {

TEST(NearestTest, FindsWhatWasMeant) {
  const std::vector<std::string> names = {"embed", "classify", "infer", "model", "bench"};
  struct Case {
    const char* word;
    const char* nearest;
  };
  const Case cases[] = {
      {"embd", "embed"},
      {"mebed", "embed"},
      {"clasify", "classify"},
      {"class", "classify"},
      {"infre", "infer"},
      {"embed", "embed"},
      {"xyz", ""},
      {"", ""},
      {"completely", ""},
      {"q", ""},
  };
  for (const Case& c : cases) EXPECT_EQ(NearestName(c.word, names), c.nearest) << c.word;
}

TEST(NearestTest, GivesUpOnVeryLongWords) {
  EXPECT_EQ(NearestName(std::string(100000, 'x'), {"embed"}), "");
}

}  // namespace
}  // namespace sta::client
