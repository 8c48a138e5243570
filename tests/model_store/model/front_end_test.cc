// SPDX-License-Identifier: Apache-2.0
#include "model_store/model/front_end.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace sta {
namespace {

using testing::ElementsAre;

struct Tables {
  std::vector<int8_t> word_codes = {1, -1, 127, -127};
  std::vector<int16_t> word_multipliers = {100, 32767};
  std::vector<int8_t> position_codes = {10, 20, 30, 40, 50, 60};
  std::vector<int16_t> position_multipliers = {1, 1, 2};
  std::vector<int8_t> type_codes = {0, 0, 5, -5};
  std::vector<int16_t> type_multipliers = {1, 3};

  EmbeddingTables View() const {
    return {.word = {2, 2, word_codes.data(), word_multipliers.data(), 1},
            .position = {3, 2, position_codes.data(), position_multipliers.data(), 0},
            .token_type = {2, 2, type_codes.data(), type_multipliers.data(), 0}};
  }
};

std::vector<int16_t> Embed(const TokenSequence& tokens, int64_t position_offset = 0) {
  std::vector<int16_t> rows(tokens.ids.size() * 2);
  const Tables tables;
  EmbedTokens(tables.View(), position_offset, tokens, rows);
  return rows;
}

TEST(FrontEndTest, WidensAndAdds) {
  // Word 0: 1 * 100 / 2 = 50, -1 * 100 / 2 = -50; positions 10, 20.
  EXPECT_THAT(Embed({.ids = {0}}), ElementsAre(60, -30));
}

TEST(FrontEndTest, UsesTheRowOfThePositionAndItsOffset) {
  EXPECT_THAT(Embed({.ids = {0, 0}}), ElementsAre(60, -30, 80, -10));
  EXPECT_THAT(Embed({.ids = {0}}, 2), ElementsAre(50 + 100, -50 + 120));
}

TEST(FrontEndTest, SaturatesTheWordAndTheSum) {
  // 127 * 32767 / 2 is far beyond int16 on both sides; the positions are added to the ends.
  EXPECT_THAT(Embed({.ids = {1}}), ElementsAre(32767, -32768 + 20));
}

TEST(FrontEndTest, AddsTheTypesDifferenceLast) {
  EXPECT_THAT(Embed({.ids = {0}, .types = {1}}), ElementsAre(60 + 15, -30 - 15));
  EXPECT_THAT(Embed({.ids = {0}, .types = {0}}), ElementsAre(60, -30));
  EXPECT_THAT(Embed({.ids = {1}, .types = {1}}), ElementsAre(32767, -32748 - 15));
}

}  // namespace
}  // namespace sta
