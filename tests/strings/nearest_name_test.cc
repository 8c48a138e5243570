// SPDX-License-Identifier: Apache-2.0
#include "strings/nearest_name.h"

#include <gtest/gtest.h>

#include <vector>

namespace sta {
namespace {

struct Case {
  const char* name;
  const char* nearest;
};

TEST(NearestNameTest, FindsCommands) {
  const std::vector<std::string> known = {"embed", "classify", "infer", "model", "bench"};
  const Case cases[] = {
      {"embd", "embed"},       {"mebed", "embed"}, {"clasify", "classify"},
      {"class", "classify"},   {"infre", "infer"}, {"embed", "embed"},
      {"embeddings", "embed"}, {"xyz", ""},        {"", ""},
      {"completely", ""},      {"q", ""},
  };
  for (const Case& c : cases) EXPECT_EQ(NearestName(c.name, known), c.nearest) << c.name;
}

TEST(NearestNameTest, FindsSettings) {
  const std::vector<std::string> known = {"store", "listen", "max_batch_tokens",
                                          "max_queue_tokens"};
  const Case cases[] = {
      {"lisen", "listen"},
      {"listen_adress", "listen"},
      {"max-batch-tokens", "max_batch_tokens"},
      {"max_queue_token", "max_queue_tokens"},
      {"stroe", "store"},
      {"verbosity", ""},
  };
  for (const Case& c : cases) EXPECT_EQ(NearestName(c.name, known), c.nearest) << c.name;
}

TEST(NearestNameTest, PrefersTheNameItself) {
  EXPECT_EQ(NearestName("model", std::vector<std::string>{"models", "model"}), "model");
}

TEST(NearestNameTest, GivesUpOnVeryLongNames) {
  EXPECT_EQ(NearestName(std::string(100000, 'x'), std::vector<std::string>{"embed"}), "");
}

}  // namespace
}  // namespace sta
